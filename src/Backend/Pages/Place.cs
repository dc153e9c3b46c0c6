using System.Globalization;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AslRescue.Backend.Pages;

/// <summary>What a page is about, as its URL says: a domain, a snapshot of it, a source, a path below that in raw bytes.</summary>
internal sealed record Place(string Domain, Digest Snapshot = default, int Source = 0)
{
    /// <summary>Below the source, without a slash at either end; empty for the source itself.</summary>
    internal byte[] Path { get; init; } = [];

    internal string DomainUrl => $"/ui/{Domain}";

    internal string SnapshotUrl => $"{DomainUrl}/{Snapshot}";

    internal string SourceUrl => string.Create(CultureInfo.InvariantCulture, $"{SnapshotUrl}/{Source}");

    internal string Url => UrlOf("", Path);

    internal string FileUrl => UrlOf("/file", Path);

    internal string TarUrl => UrlOf("/tar", Path);

    /// <summary>An entry of this folder.</summary>
    internal Place Below(byte[] name) => this with { Path = Path.Length == 0 ? name : [.. Path, (byte)'/', .. name] };

    /// <summary>What a request is about.</summary>
    /// <exception cref="AslException">PathMissing or RemoteRequestInvalid: nothing that can be.</exception>
    internal static Place Of(HttpContext context)
    {
        var values = context.Request.RouteValues;
        var domain = values["domain"] as string ?? "";
        var snapshot = default(Digest);
        var source = 0;
        var isPossible = ObjectPath.IsPart(domain)
            && (values["snapshot"] is not string name || Digest.TryParse(name, out snapshot))
            && (values["source"] is not string number || int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out source));
        return isPossible ? new(domain, snapshot, source) { Path = RawPath(context) } : throw OpenedSnapshot.Missing("no page has such an address");
    }

    /// <summary>A number of the query; the default where it says none.</summary>
    internal static long Number(HttpContext context, string name, long otherwise) =>
        long.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : otherwise;

    /// <summary>From the request line itself: decoding to text and back would lose bytes that are no UTF-8.</summary>
    private static byte[] RawPath(HttpContext context)
    {
        const string key = "path=";
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal) is var start and >= 0 ? target[(start + 1)..] : "";
        var path = query.Split('&').FirstOrDefault(part => part.StartsWith(key, StringComparison.Ordinal)) ?? key;
        return PercentBytes.Decode(path.AsSpan(key.Length)) is { } raw ? raw.AsSpan().Trim((byte)'/').ToArray() : throw new AslException(Problems.Invalid("the path has a malformed escape"));
    }

    private string UrlOf(string what, byte[] path) => path.Length == 0 ? SourceUrl + what : $"{SourceUrl}{what}?path={PercentBytes.Encode(path)}";
}
