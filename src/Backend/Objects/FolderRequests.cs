using System.Text.Json;
using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Objects;

/// <summary>Listings of folders, and the question which objects are missing.</summary>
internal sealed class FolderRequests(ArtifactStore store, DomainObjects domains)
{
    /// <summary>How bodies are parsed.</summary>
    internal static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 8 };

    private const int BodyBytesMax = 256 << 10;

    /// <summary>Answers GET of a listing.</summary>
    internal async Task ListAsync(HttpContext context)
    {
        if (context.RawBelow("/v1/list/") is not { } folder || !IsFolder(folder))
        {
            await Problems.WriteAsync(context, Problems.Invalid("the path is no folder's"));
            return;
        }

        var caller = context.Caller();
        if (Permissions.WhyNotList(caller, folder) is { } forbidden)
        {
            await Problems.WriteAsync(context, forbidden);
            return;
        }

        var after = context.Request.Query["after"].ToString();
        var items = await Task.Run(() => Page(caller, folder, after), context.RequestAborted);
        var next = items.Count > RemoteWire.NamesMax ? items[RemoteWire.NamesMax - 1].Name : null;
        await SendAsync(context, RemoteWire.WritePage(next is null ? items : items[..RemoteWire.NamesMax], next));
    }

    /// <summary>Answers POST of names.</summary>
    internal async Task MissingAsync(HttpContext context)
    {
        if (await ReadJsonAsync(context) is not { } body)
        {
            return;
        }

        HashSet<string> names;
        try
        {
            names = RemoteWire.ReadNames(body);
        }
        catch (Exception failure) when (failure is KeyNotFoundException or InvalidOperationException)
        {
            await Problems.WriteAsync(context, Problems.Invalid("the body is not {\"names\":[…]}"));
            return;
        }

        var paths = names.Select(ObjectPath.TryParse).ToList();
        if (names.Count > RemoteWire.NamesMax || paths.Any(path => path is not { Kind: ObjectKind.Block or ObjectKind.Segment }))
        {
            await Problems.WriteAsync(context, Problems.Invalid($"at most {RemoteWire.NamesMax} names of blocks and segments can be asked for"));
            return;
        }

        var caller = context.Caller();
        if (!context.TryDomain(out var said))
        {
            await Problems.WriteAsync(context, Problems.Invalid("Asl-Domain can be no domain"));
            return;
        }

        if (caller.Role == PeerRole.Read || Permissions.DomainOf(caller, null, said) is not { } domain || !caller.MayUse(domain))
        {
            await Problems.WriteAsync(context, Permissions.Forbidden(caller, "only who creates may ask what is missing, for a domain of its own"));
            return;
        }

        var missing = await Task.Run(() => paths.Where(path => !domains.Has(domain, path!.Name, path.Digest)).Select(path => path!.Name).ToList(), context.RequestAborted);
        await SendAsync(context, RemoteWire.WriteNames(missing));
    }

    /// <summary>The body of a request as JSON; null when it is none, which is answered then.</summary>
    internal static async Task<JsonElement?> ReadJsonAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not (>= 0 and <= BodyBytesMax))
        {
            var status = context.Request.ContentLength is null ? StatusCodes.Status411LengthRequired : StatusCodes.Status413PayloadTooLarge;
            await Problems.WriteAsync(context, Problems.Invalid("the body needs a Content-Length of at most 256 KiB"), status);
            return null;
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, JsonOptions, context.RequestAborted);
            return document.RootElement.Clone();
        }
        catch (JsonException failure)
        {
            await Problems.WriteAsync(context, Problems.Invalid($"the body is not JSON: {failure.Message}"));
            return null;
        }
    }

    /// <summary>Answers 200 with JSON.</summary>
    internal static async Task SendAsync(HttpContext context, byte[] json)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    /// <summary>One more item than a page has, when there are more.</summary>
    private List<FolderItem> Page(Client caller, string folder, string after) =>
    [
        .. store.Backend.List(folder)
            .Where(item => string.CompareOrdinal(item.Name, after) > 0)
            .OrderBy(item => item.Name, StringComparer.Ordinal)
            .Where(item => IsShown(caller, folder, item))
            .Take(RemoteWire.NamesMax + 1),
    ];

    private bool IsShown(Client caller, string folder, FolderItem item)
    {
        var isAll = caller.Domains.Contains(Client.AnyDomain);
        return folder switch
        {
            "" => item.Name is "format.toml" or "blocks" or "segments" or "snapshots" or "logs" or "signatures",
            "blocks" => item.IsFolder,
            "logs" => item.IsFolder && caller.MayUse(item.Name),
            "signatures" => item.IsFolder && Digest.TryParse(item.Name, out var snapshot) && (isAll || IsOwn(caller, snapshot)),
            _ when folder.StartsWith("logs/", StringComparison.Ordinal) => ObjectPath.IsPart(item.Name),
            _ => ObjectPath.TryParse($"{folder}/{item.Name}") is { } path && (isAll || path.Kind switch
            {
                ObjectKind.Snapshot or ObjectKind.Signature => IsOwn(caller, path.Digest),
                _ => caller.Domains.Any(domain => domains.MayName(domain, path.Digest)),
            }),
        };
    }

    private bool IsOwn(Client caller, Digest snapshot) => domains.DomainOf(snapshot) is { } domain && caller.MayUse(domain);

    private static bool IsFolder(string folder) => folder.Split('/') switch
    {
        [""] or ["blocks" or "segments" or "snapshots" or "logs" or "signatures"] => true,
        ["blocks", { Length: 2 } head] => head.All(char.IsAsciiHexDigitLower),
        ["signatures", var snapshot] => Digest.TryParse(snapshot, out _),
        ["logs", var domain] => ObjectPath.IsPart(domain),
        ["logs", var domain, "seals" or "runs"] => ObjectPath.IsPart(domain),
        ["logs", var domain, "runs", var run] => ObjectPath.IsPart(domain) && ObjectPath.IsPart(run),
        _ => false,
    };
}
