using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using AslRescue.Backend.Storage;
using AslRescue.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>What befalls one request at the fake engine.</summary>
internal enum Fault
{
    None,

    /// <summary>The connection breaks before the engine hears of the request.</summary>
    DropRequest,

    /// <summary>The engine does it, and the connection breaks before it says so.</summary>
    DropReply,

    /// <summary>The reply ends in the middle of its body, or, where it has none, before it.</summary>
    CutReply,

    /// <summary>500, nothing done.</summary>
    Fail,

    /// <summary>500, and done all the same.</summary>
    FailAfterwards,

    /// <summary>503 SlowDown.</summary>
    SlowDown,

    /// <summary>409 ConditionalRequestConflict.</summary>
    Conflict,

    /// <summary>403 AccessDenied.</summary>
    Deny,
}

/// <summary>
/// As much of an S3 engine as the server asks for, in memory, on loopback, with faults and with what real engines lack. What a real one does is shown by
/// <see cref="S3BackendTests"/>.
/// </summary>
internal sealed class FakeEngine : IDisposable
{
    private static readonly XNamespace Xml = "http://s3.amazonaws.com/doc/2006-03-01/";
    private readonly WebApplication _server;
    private int _requests;

    /// <param name="certificate">For https; null for http.</param>
    internal FakeEngine(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        _server = builder.Build();
        _server.Run(Answer);
        _server.StartAsync().GetAwaiter().GetResult();
        Options = new() { Endpoint = new(_server.Urls.Single()), Bucket = "bucket", AccessKey = "access", SecretKey = "secret" };
    }

    internal sealed record Stored(byte[] Content, string? Digest, string? Writer);

    internal S3Options Options { get; }

    internal ConcurrentDictionary<string, Stored> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>Decides over a request: its number from 1, its method.</summary>
    internal Func<int, string, Fault> Faults { get; set; } = (_, _) => Fault.None;

    internal int Requests => Volatile.Read(ref _requests);

    internal bool HasBucket { get; set; } = true;

    internal bool OverwritesSilently { get; init; }

    internal bool KnowsNoCondition { get; init; }

    internal bool ChecksNoDigest { get; init; }

    internal bool DropsMetadata { get; init; }

    internal bool IgnoresRanges { get; init; }

    internal bool ListsNothing { get; init; }

    internal string? Versioning { get; init; }

    public void Dispose()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        _server.StopAsync(atOnce.Token).GetAwaiter().GetResult();
        _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private async Task Answer(HttpContext context)
    {
        var fault = Faults(Interlocked.Increment(ref _requests), context.Request.Method);
        var body = new MemoryStream();
        if (fault == Fault.DropRequest)
        {
            context.Abort();
            return;
        }

        await context.Request.Body.CopyToAsync(body);
        var (status, code) = fault switch
        {
            Fault.Fail => (500, "InternalError"),
            Fault.SlowDown => (503, "SlowDown"),
            Fault.Conflict => (409, "ConditionalRequestConflict"),
            Fault.Deny => (403, "AccessDenied"),
            _ => (0, ""),
        };
        var reply = status == 0 ? Reply(context, body.ToArray()) : Refused(context, status, code);
        if (fault == Fault.FailAfterwards)
        {
            context.Response.Headers.Clear();
            reply = Refused(context, 500, "InternalError");
        }

        await Send(context, reply, fault);
    }

    private static async Task Send(HttpContext context, byte[] reply, Fault fault)
    {
        if (fault == Fault.DropReply || (fault == Fault.CutReply && (reply.Length == 0 || context.Request.Method == "HEAD")))
        {
            context.Abort();
            return;
        }

        context.Response.ContentLength ??= reply.Length;
        if (context.Request.Method == "HEAD")
        {
            return;
        }

        var sent = fault == Fault.CutReply ? (reply.Length + 1) / 2 : reply.Length;
        await context.Response.Body.WriteAsync(reply.AsMemory(0, sent));
        if (sent < reply.Length)
        {
            // A reset may overtake what was sent before it.
            await context.Response.Body.FlushAsync();
            await Task.Delay(20);
            context.Abort();
        }
    }

    private byte[] Reply(HttpContext context, byte[] body)
    {
        var key = context.Request.Path.Value!.Split('/', 3) is [_, _, var rest] ? rest : "";
        return (context.Request.Method, key) switch
        {
            _ when !HasBucket => Refused(context, 404, "NoSuchBucket"),
            ("GET", "") when context.Request.Query.ContainsKey("versioning") => Document(new XElement(Xml + "VersioningConfiguration",
                Versioning is null ? null : new XElement(Xml + "Status", Versioning))),
            ("GET", "") => List(context.Request.Query),
            ("PUT", _) => Put(context, key, body),
            ("GET" or "HEAD", _) => Objects.TryGetValue(key, out var stored) ? Get(context, stored) : Refused(context, 404, "NoSuchKey"),
            _ => Refused(context, 405, "MethodNotAllowed"),
        };
    }

    private byte[] Put(HttpContext context, string key, byte[] body)
    {
        var headers = context.Request.Headers;
        if (!ChecksNoDigest && headers["x-amz-content-sha256"] != Digest.Of(body).ToString())
        {
            return Refused(context, 400, "XAmzContentSHA256Mismatch");
        }

        if (KnowsNoCondition)
        {
            return Refused(context, 501, "NotImplemented");
        }

        var stored = DropsMetadata
            ? new Stored(body, null, null)
            : new Stored(body, headers["x-amz-meta-sha256"], headers["x-amz-meta-writer"]);
        if (OverwritesSilently)
        {
            Objects[key] = stored;
            return [];
        }

        return headers.IfNoneMatch == "*" && Objects.TryAdd(key, stored) ? [] : Refused(context, 412, "PreconditionFailed");
    }

    private byte[] Get(HttpContext context, Stored stored)
    {
        if (stored.Digest is not null)
        {
            context.Response.Headers["x-amz-meta-sha256"] = stored.Digest;
            context.Response.Headers["x-amz-meta-writer"] = stored.Writer;
        }

        context.Response.ContentLength = stored.Content.Length;
        if (context.Request.Headers.Range.ToString() is not { Length: > 0 } range || IgnoresRanges)
        {
            return stored.Content;
        }

        var parts = range["bytes=".Length..].Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var content = stored.Content[parts[0]..Math.Min(parts[1] + 1, stored.Content.Length)];
        context.Response.StatusCode = 206;
        context.Response.ContentLength = content.Length;
        context.Response.Headers.ContentRange = $"bytes {parts[0]}-{parts[0] + content.Length - 1}/{stored.Content.Length}";
        return content;
    }

    private byte[] List(IQueryCollection query)
    {
        var prefix = query["prefix"].ToString();
        var most = int.Parse(query["max-keys"].ToString(), CultureInfo.InvariantCulture);
        var entries = Objects.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !ListsNothing)
            .Select(key => key.IndexOf('/', prefix.Length) is var end and >= 0 && query.ContainsKey("delimiter") ? key[..(end + 1)] : key)
            .Distinct().Order(StringComparer.Ordinal)
            .Where(entry => string.CompareOrdinal(entry, query["continuation-token"].ToString()) > 0).ToList();
        var page = entries.Take(most).ToList();
        var isTruncated = page.Count < entries.Count;
        return Document(new XElement(Xml + "ListBucketResult",
            new XElement(Xml + "IsTruncated", isTruncated ? "true" : "false"),
            isTruncated ? new XElement(Xml + "NextContinuationToken", page[^1]) : null,
            page.Where(entry => entry.EndsWith('/')).Select(entry => new XElement(Xml + "CommonPrefixes", new XElement(Xml + "Prefix", entry))),
            page.Where(entry => !entry.EndsWith('/')).Select(entry => new XElement(Xml + "Contents",
                new XElement(Xml + "Key", entry), new XElement(Xml + "Size", Objects[entry].Content.Length)))));
    }

    private static byte[] Refused(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        return Document(new XElement("Error", new XElement("Code", code), new XElement("Message", "as the test wants it")));
    }

    private static byte[] Document(XElement root) => System.Text.Encoding.UTF8.GetBytes(root.ToString());
}
