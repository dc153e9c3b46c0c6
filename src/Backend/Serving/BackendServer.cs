using System.Net;
using System.Net.Sockets;
using System.Reflection;
using AslRescue.Backend.Access;
using AslRescue.Backend.Objects;
using AslRescue.Backend.Pages;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;

namespace AslRescue.Backend.Serving;

/// <summary>
/// The server: Kestrel, HTTPS only, over a store. It keeps nothing between requests but what saves looking things up again, so several may serve one
/// storage.
/// </summary>
internal sealed class BackendServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ArtifactStore _store;
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly Serilog.ILogger _log;
    private readonly Callers _callers;
    private readonly ServerMetrics _metrics;
    private readonly ObjectRequests _objects;
    private readonly Readiness _readiness;
    private readonly PageRequests _pages;

    /// <param name="options">How to serve.</param>
    /// <param name="store">What to serve; whoever gave it disposes it.</param>
    /// <param name="log">What happened.</param>
    /// <param name="time">The clock.</param>
    internal BackendServer(ServerOptions options, ArtifactStore store, Serilog.ILogger log, TimeProvider time)
    {
        (_options, _store, _log, _time) = (options, store, log, time);
        _readiness = new Readiness(store.Backend);
        _callers = new Callers(options.Clients, options.ClientAuthorities, time);
        var memory = new BodyMemory(options.BodyBytesMax);
        _metrics = new ServerMetrics(() => memory.UsedBytes);
        var domains = new DomainObjects(store.Backend, time);
        var permissions = new Permissions(domains);
        _pages = new PageRequests(store, permissions, _callers, time);
        _objects = new ObjectRequests(store, domains, permissions, new Acceptance(store, domains, new SignerList(options.Peers), options.Cache), memory);
        _application = Build(options, log);
        Map(new FolderRequests(store, domains), new LeaseRequests(new LeaseObjects(store.Backend, time)), new CosignRequests(store, options.Witness, time));
    }

    /// <summary>"asl-backend 0.1.0".</summary>
    internal static string ProgramVersion { get; } =
        $"asl-backend {typeof(BackendServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    /// <summary>What is answered when the server breaks an invariant of its own.</summary>
    internal static AslError Defect { get; } = new(ErrorCode.Internal, "the server has a defect")
    {
        Why = "its log has the details",
        Fix = "ask whoever runs the server, and report it",
    };

    /// <summary>Where it listens, once it does.</summary>
    internal IPEndPoint Address { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Begins to listen.</summary>
    /// <exception cref="AslException">The address cannot be listened at.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _application.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            throw new AslException(new AslError(ErrorCode.Usage, "the server cannot listen")
            {
                Where = _options.Listen.ToString(),
                Why = failure.Message,
                Fix = "name another address or port: --listen 0.0.0.0:8443",
            }, failure);
        }

        var bound = new Uri(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Address = new IPEndPoint(_options.Listen.Address, bound.Port);
    }

    /// <summary>Takes no more requests and ends those that are under way.</summary>
    internal Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _objects.Dispose();
        _pages.Dispose();
    }

    private static WebApplication Build(ServerOptions options, Serilog.ILogger log)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter(ConnectionLog.IsWanted).AddProvider(new ConnectionLog(log));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopPatience);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = BackendExtensions.ObjectBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.MaxRequestLineSize = 16 << 10; // A path of 4096 bytes in a page's address, each as %XX.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(4096, TimeSpan.FromSeconds(10));
            kestrel.Limits.MinResponseDataRate = new MinDataRate(4096, TimeSpan.FromSeconds(10));
            kestrel.Listen(options.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = options.Certificate,
                    HandshakeTimeout = TimeSpan.FromSeconds(10),

                    // Any is let in here and judged when it asks, so that whoever has a wrong one is told so.
                    ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                    ClientCertificateValidation = (_, _, _) => true,
                });
            });
        });
        return builder.Build();
    }

    private void Map(FolderRequests folders, LeaseRequests leases, CosignRequests cosigning)
    {
        _application.Use(GuardAsync);
        foreach (var (method, pattern, isOpen, answer) in Routes(folders, leases, cosigning))
        {
            _application.MapMethods(pattern, method.Split(' '), context => AnswerAsync(context, isOpen, answer));
        }

        foreach (var (method, pattern, answer) in _pages.Routes())
        {
            _application.MapMethods(pattern, [method], answer);
        }
    }

    /// <summary>Every route: methods, pattern, whether strangers may use it, what answers.</summary>
    private IEnumerable<(string Methods, string Pattern, bool IsOpen, RequestDelegate Answer)> Routes(FolderRequests folders, LeaseRequests leases, CosignRequests cosigning) =>
    [
        ("GET", "/", true, context => PageRequests.IsBrowser(context) ? PageRequests.GoAsync(context) : AnswerAsync(context, isOpen: false, GreetAsync)),
        ("GET", "/v1", false, GreetAsync),
        ("GET HEAD", "/v1/objects/{**name}", false, _objects.ReadAsync),
        ("PUT", "/v1/objects/{**name}", false, _objects.CreateAsync),
        ("GET", "/v1/list/{**folder}", false, folders.ListAsync),
        ("POST", "/v1/missing", false, folders.MissingAsync),
        ("PUT DELETE", "/v1/leases/{domain}/{run}", false, leases.AnswerAsync),
        ("POST", "/v1/cosign/{domain}/{run}", false, cosigning.AnswerAsync),
        ("GET", "/v1/openapi.json", true, OpenApi.SendAsync),
        ("GET", "/health/live", true, context => HealthAsync(context, isReady: true)),
        ("GET", "/health/ready", true, async context => await HealthAsync(context, await _readiness.AskAsync(_time))),
        ("GET", "/metrics", false, SendMetricsAsync),
    ];

    /// <summary>The routes, for the test that holds the OpenAPI document against them. It is for programs, so pages are left out.</summary>
    internal IReadOnlyList<(string Method, string Pattern)> Endpoints() =>
    [
        .. ((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)_application).DataSources.SelectMany(source => source.Endpoints).OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>()
            .Where(endpoint => !endpoint.RoutePattern.RawText!.StartsWith("/ui/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods.Select(method => (method, endpoint.RoutePattern.RawText!))),
    ];

    private async Task AnswerAsync(HttpContext context, bool isOpen, RequestDelegate answer)
    {
        if (!isOpen)
        {
            var (client, stranger) = _callers.Find(context);
            if (client is null)
            {
                await Problems.WriteAsync(context, new AslError(ErrorCode.RemoteUnauthenticated, "the server does not know who asks")
                {
                    Why = stranger!.Why,
                    Fix = "give a token (credential asl.remote.token, or --token-file), or a client certificate",
                });
                return;
            }

            context.Items[typeof(Client)] = client;
        }

        await answer(context);
    }

    /// <summary>Around every request: what all answers have, errors as problems, a line in the log, a count.</summary>
    private async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var start = _time.GetTimestamp();
        var headers = context.Response.Headers;
        headers[HttpBackend.ProtocolHeader] = "1";
        headers.StrictTransportSecurity = "max-age=31536000";
        headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
            if (context.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed && !context.Response.HasStarted && context.Response.ContentType is null)
            {
                await Problems.WriteAsync(context, Problems.Invalid($"there is no {context.Request.Method} of such a path"), context.Response.StatusCode);
            }
        }
        catch (AslException failure) when (!context.Response.HasStarted)
        {
            // What is missing below something that is sent is the server's loss; only of what is asked for it says that there is none of that name.
            var isLoss = failure.Error.Code == ErrorCode.ObjectMissing && HttpMethods.IsPut(context.Request.Method);
            await Problems.WriteAsync(context, failure.Error, isLoss ? StatusCodes.Status500InternalServerError : null);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException failure)
        {
            if (!context.Response.HasStarted)
            {
                // A body that came too slowly may come faster the next time.
                await Problems.WriteAsync(context, Problems.Invalid(failure.Message) with { IsPermanent = failure.StatusCode != StatusCodes.Status408RequestTimeout }, failure.StatusCode);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            context.Items[typeof(AslError)] = new AslError(ErrorCode.Interrupted, "the client went away") { Fix = "" };
        }
        catch (AslException failure)
        {
            context.Items[typeof(AslError)] = failure.Error;
            context.Abort(); // What was sent so far is no answer.
        }
#pragma warning disable CA1031 // A defect must not go unlogged, nor be answered by something that looks like somebody else's answer.
        catch (Exception defect)
        {
            _log.Error(defect, "a defect of the server in {Method} {Path}", context.Request.Method, Printable.Text(context.Request.Path.Value ?? ""));
            await FailAsync(context);
        }
#pragma warning restore CA1031

        Tell(context, _time.GetElapsedTime(start));
    }

    private static async Task FailAsync(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        await Problems.WriteAsync(context, Defect);
    }

    private void Tell(HttpContext context, TimeSpan took)
    {
        var (request, status) = (context.Request, context.Response.StatusCode);
        var what = request.Path.Value?.Split('/') is [_, "v1", var kind, ..] ? kind : request.Path.Value?.Split('/') is [_, var first, ..] ? first : "";
        _metrics.Count(KnownMethod(request.Method), Known(what), status, took, status == StatusCodes.Status201Created ? request.ContentLength ?? 0 : 0);
        var client = (context.Items.TryGetValue(typeof(Client), out var found) ? (found as Client)?.Name : null) ?? "nobody";
        var target = Printable.Text(request.Path.Value ?? "");
        if (context.Items.TryGetValue(typeof(AslError), out var item) && item is AslError error && error.Code is not (ErrorCode.ObjectMissing or ErrorCode.StoreOccupied))
        {
            _log.Warning("{Status} {Method} {Path} from {Client} at {Address}: {Code} {Why}", status, request.Method, target, client, context.Connection.RemoteIpAddress, error.CodeText, error.Why ?? error.What);
            return;
        }

        var isNews = status == StatusCodes.Status201Created && (target.Contains("/seals/", StringComparison.Ordinal) || target.Contains("/snapshots/", StringComparison.Ordinal));
        _log.Write(isNews ? Serilog.Events.LogEventLevel.Information : Serilog.Events.LogEventLevel.Debug, "{Status} {Method} {Path} from {Client}, {Milliseconds} ms", status, request.Method, target, client, (int)took.TotalMilliseconds);
    }

    /// <summary>Strangers may send any word as a method: each would become a series of its own.</summary>
    private static string KnownMethod(string method) => method is "GET" or "HEAD" or "PUT" or "POST" or "DELETE" ? method : "other";

    private static string Known(string what) => what is "objects" or "list" or "missing" or "leases" or "cosign" or "ui" or "health" or "metrics" ? what : "other";

    private Task GreetAsync(HttpContext context)
    {
        var caller = context.Caller();
        return FolderRequests.SendAsync(context, RemoteWire.WriteFacts(new ServerFacts
        {
            Program = ProgramVersion,
            Format = _store.Format.Digest.ToString(),
            Caller = caller.Name,
            Role = Roles.Text(caller.Role),
            Domains = caller.Domains,
        }));
    }

    private static Task HealthAsync(HttpContext context, bool isReady)
    {
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(isReady ? "ok\n" : "the storage does not answer\n", context.RequestAborted);
    }

    private Task SendMetricsAsync(HttpContext context)
    {
        if (context.Caller().Role != PeerRole.Admin)
        {
            return Problems.WriteAsync(context, Permissions.Forbidden(context.Caller(), "metrics are for the role admin"));
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return _metrics.WriteAsync(context.Response.Body, context.RequestAborted);
    }
}
