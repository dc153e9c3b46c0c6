using AslRescue.Shared.Configuration;
using AslRescue.Store.Backends;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AslRescue.Backend.Serving;

/// <summary>What requests say, as it stands on the wire.</summary>
internal static class Requests
{
    /// <summary>Who asks; set before anything else is looked at.</summary>
    internal static Client Caller(this HttpContext context) => (Client)context.Items[typeof(Client)]!;

    /// <summary>
    /// The path behind a prefix, as it was sent: nothing is decoded, so that nothing can become a path by being decoded. Null when it has an escape, or
    /// does not start so.
    /// </summary>
    internal static string? RawBelow(this HttpContext context, string prefix)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        return path.StartsWith(prefix, StringComparison.Ordinal) && !path.Contains('%', StringComparison.Ordinal) ? path[prefix.Length..] : null;
    }

    /// <summary>The domain that a request says it is for, or null; false when what it says can be no domain.</summary>
    internal static bool TryDomain(this HttpContext context, out string? domain)
    {
        domain = context.Request.Headers["Asl-Domain"].ToString() is { Length: > 0 } said ? said : null;
        return domain is null || ObjectPath.IsPart(domain);
    }

    /// <summary>The object that a request is about; null when it names none.</summary>
    internal static ObjectPath? Object(this HttpContext context) => context.RawBelow("/v1/objects/") is { } path ? ObjectPath.TryParse(path) : null;
}
