using System.Globalization;
using System.Text;
using System.Text.Json;
using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Objects;

/// <summary>PUT and DELETE of leases.</summary>
internal sealed class LeaseRequests(LeaseObjects leases)
{
    private const int HolderCharactersMax = 128;

    /// <summary>Answers both.</summary>
    internal async Task AnswerAsync(HttpContext context)
    {
        if (context.RawBelow("/v1/leases/")?.Split('/') is not [var domain, var run] || !ObjectPath.IsPart(domain) || !ObjectPath.IsPart(run))
        {
            await Problems.WriteAsync(context, Problems.Invalid("the path is not that of a lease: /v1/leases/DOMAIN/RUN"));
            return;
        }

        var caller = context.Caller();
        if (caller.Role == PeerRole.Read || !caller.MayUse(domain))
        {
            await Problems.WriteAsync(context, Permissions.Forbidden(caller, caller.Role == PeerRole.Read ? "the role read holds no leases" : $"{domain} is no domain of this client"));
            return;
        }

        if (await FolderRequests.ReadJsonAsync(context) is not { } body)
        {
            return;
        }

        if (HolderOf(body) is not { } holder)
        {
            await Problems.WriteAsync(context, Problems.Invalid("holder is missing: a text of 1 to 128 characters that nobody else has"));
            return;
        }

        await AnswerAsync(context, domain, run, holder);
    }

    /// <summary>The holder that a body names; null when it names none that can be one.</summary>
    internal static string? HolderOf(JsonElement body)
    {
        try
        {
            return RemoteWire.ReadLease(body) is { Length: > 0 and <= HolderCharactersMax } holder ? holder : null;
        }
        catch (Exception failure) when (failure is KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task AnswerAsync(HttpContext context, string domain, string run, string holder)
    {
        if (HttpMethods.IsDelete(context.Request.Method))
        {
            await Task.Run(() => leases.Release(domain, run, holder), CancellationToken.None);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        if (await Task.Run(() => leases.TryAcquire(domain, run, holder), CancellationToken.None) is { } until)
        {
            var text = until.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
            await FolderRequests.SendAsync(context, Encoding.UTF8.GetBytes($"{{\"until\":\"{text}\"}}"));
            return;
        }

        await Problems.WriteAsync(context, new AslError(ErrorCode.RunBusy, $"run {run} is under way")
        {
            Why = "another client holds its lease",
            Fix = "wait until it ends, or until its lease does: two minutes after that client was last heard of",
            IsPermanent = false,
        });
    }
}
