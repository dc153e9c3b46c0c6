using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>What happens to one request on its way.</summary>
public enum ProxyFault
{
    /// <summary>It never arrives, and the connection closes.</summary>
    DropRequest,

    /// <summary>It is carried out, and no answer comes back.</summary>
    DropReply,

    /// <summary>It is carried out, and the answer ends in the middle.</summary>
    Truncate,

    /// <summary>It is carried out, and the answer comes after the client has given up.</summary>
    Delay,

    /// <summary>The connection is reset while the request comes in.</summary>
    Reset,

    /// <summary>500 in its place.</summary>
    Status500,

    /// <summary>503 in its place, with Retry-After.</summary>
    Status503,

    /// <summary>429 in its place, with Retry-After.</summary>
    Status429,

    /// <summary>It is carried out, and 502 is answered by what stands between.</summary>
    Replaced,

    /// <summary>It is carried out, and behind its answer come spaces without an end.</summary>
    Endless,
}

/// <summary>
/// Stands between client and server, ends TLS on both sides, and does something bad to the k-th request. The certificate is the server's, so that the client
/// that pins it does not notice.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _forward;
    private readonly Uri _server;
    private int _count;
    private int _failAt;
    private ProxyFault _fault;

    internal FaultProxy(Uri server, X509Certificate2 certificate)
    {
        _server = server;
        _forward = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
        });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.UseHttps(certificate));
        });
        _application = builder.Build();
        _application.Run(AnswerAsync);
        _application.StartAsync().GetAwaiter().GetResult();
        Endpoint = new Uri(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    internal Uri Endpoint { get; }

    /// <summary>Requests so far.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>How long an answer that is delayed takes.</summary>
    internal TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What 503 and 429 ask for.</summary>
    internal string RetryAfter { get; init; } = "0";

    /// <summary>The k-th request from now on meets a fault; 0 for none.</summary>
    internal void Arm(int failAt, ProxyFault fault)
    {
        (_failAt, _fault) = (failAt, fault);
        Volatile.Write(ref _count, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _forward.Dispose();
    }

    private Task AnswerAsync(HttpContext context) => Interlocked.Increment(ref _count) == _failAt ? FailAsync(context) : ForwardAsync(context, int.MaxValue);

    private async Task FailAsync(HttpContext context)
    {
        switch (_fault)
        {
            case ProxyFault.DropRequest:
                context.Abort();
                break;
            case ProxyFault.Reset:
                _ = await context.Request.Body.ReadAsync(new byte[1000]);
                context.Features.Get<IConnectionSocketFeature>()!.Socket.Close(0);
                break;
            case ProxyFault.DropReply:
                await ForwardAsync(context, null);
                context.Abort();
                break;
            case ProxyFault.Truncate:
                await ForwardAsync(context, 0);
                context.Abort();
                break;
            case ProxyFault.Delay:
                await ForwardAsync(context, null);
                await Task.Delay(Delay);
                context.Abort();
                break;
            case ProxyFault.Endless:
                await ForwardAsync(context, int.MaxValue, isEndless: true);
                context.Abort();
                break;
            case ProxyFault.Replaced:
                await ForwardAsync(context, null);
                context.Response.StatusCode = 502;
                break;
            default:
                context.Response.StatusCode = _fault switch { ProxyFault.Status500 => 500, ProxyFault.Status503 => 503, _ => 429 };
                context.Response.Headers.RetryAfter = _fault == ProxyFault.Status500 ? default : RetryAfter;
                break;
        }
    }

    /// <summary>Carries a request out; null: its answer is swallowed; else no more than so many bytes of it are sent, and half of it at 0.</summary>
    private async Task ForwardAsync(HttpContext context, int? bytesMax, bool isEndless = false)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_server, context.Request.Path.ToUriComponent() + context.Request.QueryString));
        if (context.Request.ContentLength is not null)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            if (name is not ("Host" or "Content-Length" or "Connection" or "Transfer-Encoding") && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using var answer = await _forward.SendAsync(request, context.RequestAborted);
        var content = await answer.Content.ReadAsByteArrayAsync();
        if (bytesMax is not { } most)
        {
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection") && !(isEndless && name == "Content-Length"))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        if (!HttpMethods.IsHead(context.Request.Method) && content.Length > 0)
        {
            await context.Response.Body.WriteAsync(content.AsMemory(0, most == 0 ? content.Length / 2 : content.Length));
            await context.Response.Body.FlushAsync();
        }

        // More than anybody has memory for, if nobody hangs up.
        var spaces = Enumerable.Repeat((byte)' ', 1 << 16).ToArray();
        for (var count = 0L; isEndless && count < 64L << 30 && !context.RequestAborted.IsCancellationRequested; count += spaces.Length)
        {
            await context.Response.Body.WriteAsync(spaces, context.RequestAborted);
        }
    }
}
