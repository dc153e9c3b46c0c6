using System.Globalization;
using System.Security.Authentication;
using System.Text;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Network;

/// <summary>As much of HTTP/1.1 as the head of an answer takes.</summary>
internal static class HttpLayer
{
    private const int HeadBytesMax = 16 * 1024;

    /// <summary>
    /// Asks the endpoint for its root. Any answer that only an HTTP server behind a verified name can give counts, but for a page for
    /// people: an endpoint has none, and a portal that holds a trusted certificate shows one.
    /// </summary>
    public static async Task<Layer<object>> AskAsync(Stream tls, Uri endpoint, CancellationToken cancellationToken)
    {
        try
        {
            var head = $"GET {endpoint.PathAndQuery} HTTP/1.1\r\nHost: {endpoint.Authority}\r\nAccept: */*\r\n"
                + "User-Agent: asl-preflight\r\nConnection: close\r\n\r\n";
            await tls.WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken);
            return Judge(await HeadAsync(tls, cancellationToken));
        }
        catch (Exception e) when (e is IOException or AuthenticationException && DemandsCertificate(e))
        {
            return new(null, "answers", "it demands a client certificate, which intake sends and preflight does not have");
        }
    }

    /// <summary>Asks a proxy for a tunnel; its status, or 0 for what is no HTTP.</summary>
    public static async Task<int> TunnelAsync(Stream stream, Uri proxy, Uri endpoint, CancellationToken cancellationToken)
    {
        var login = proxy.UserInfo.Length == 0
            ? ""
            : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(proxy.UserInfo)))}\r\n";
        var place = $"{endpoint.IdnHost}:{endpoint.Port}";
        var head = Encoding.ASCII.GetBytes($"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n");
        await stream.WriteAsync(head, cancellationToken);
        return Status(await HeadAsync(stream, cancellationToken)) ?? 0;
    }

    internal static Layer<object> Judge(string head) => Status(head) switch
    {
        null => new(null, "garbage", "what answers does not speak HTTP"),
        >= 300 and < 400 and var status => new(null, "redirects", $"it answers {status}: perhaps a portal that wants a login first"),
        >= 200 and < 300 and var status when IsPage(head) =>
            new(null, "garbage", $"it answers {status} with a page for people: perhaps a portal that wants a login first"),
        (407 or >= 500) and var status => new(null, "error", $"it answers {status}"),
        var status => new(null, "answers", $"it answers {status}"),
    };

    private static bool IsPage(string head) => head.Split('\n').Skip(1)
        .Any(line => line.Replace(" ", "", StringComparison.Ordinal).StartsWith("Content-Type:text/html", StringComparison.OrdinalIgnoreCase));

    private static int? Status(string head) =>
        head.StartsWith("HTTP/1.", StringComparison.Ordinal) && head.Length >= 12
            && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : null;

    /// <summary>
    /// Byte by byte up to the empty line, as what follows belongs to the next layer; or up to the end of a first line that is no HTTP.
    /// </summary>
    private static async Task<string> HeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < HeadBytesMax && await stream.ReadAsync(one, cancellationToken) == 1)
        {
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.ToString() is var text && (text.EndsWith("\r\n\r\n", StringComparison.Ordinal) || Status(text) is null))
            {
                break;
            }
        }

        return head.ToString();
    }

    private static bool DemandsCertificate(Exception e) =>
        e.Message.Contains("certificate required", StringComparison.OrdinalIgnoreCase)
        || (e.InnerException is { } inner && DemandsCertificate(inner));
}
