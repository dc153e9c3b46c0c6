using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Network;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Format;
using AslRescue.Testing;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>
/// A server with a certificate of its own on a free port, over a directory, with a client of each role. Whatever a test asks it, an answer that the OpenAPI document does not
/// declare fails the test.
/// </summary>
internal sealed class ServerBench : IDisposable
{
    internal const string Domain = "domain";
    internal const string OtherDomain = "other";
    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactStore _store;
    private readonly BackendServer _server;

    /// <param name="change">Changes how it serves.</param>
    /// <param name="storage">What it serves; null: a directory.</param>
    /// <param name="format">The store's parameters; null: the usual ones.</param>
    internal ServerBench(Func<ServerOptions, ServerOptions>? change = null, IBackend? storage = null, StoreFormat? format = null)
    {
        Directory.CreateDirectory(StoreFolder);
        Storage = storage ?? new DirectoryBackend(StoreFolder);
        Storage.CreateSealed(ObjectName.Format, (format ?? new StoreFormat()).ToBytes());
        _store = ArtifactStore.Open(Storage);
        Pin = OwnCertificate.Fingerprint(Certificate);
        var options = new ServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Certificate = Certificate,
            Clients = [NewClient("intake", PeerRole.Intake, Domain), NewClient("intake-other", PeerRole.Intake, OtherDomain), NewClient("read", PeerRole.Read, Domain), NewClient("read-other", PeerRole.Read, OtherDomain), NewClient("admin", PeerRole.Admin, Client.AnyDomain)],
        };
        Logger = new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(Log).CreateLogger();
        _server = new BackendServer(change?.Invoke(options) ?? options, _store, Logger, TimeProvider.System);
        _server.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        Answers.Port = _server.Address.Port;
    }

    /// <summary>One for all: making one takes time.</summary>
    private static readonly Lazy<X509Certificate2> OneCertificate = new(() =>
    {
        using var folder = new TemporaryFolder();
        return OwnCertificate.LoadOrMake(folder.Path, TimeProvider.System);
    });

    internal X509Certificate2 Certificate => OneCertificate.Value;

    internal string StoreFolder => Path.Combine(_folder.Path, "store");

    internal IBackend Storage { get; }

    internal LogLines Log { get; } = new();

    internal Logger Logger { get; }

    internal DeclaredAnswers Answers { get; } = new();

    internal string Pin { get; }

    internal BackendServer Server => _server;

    internal Uri Endpoint => new($"https://{_server.Address}");

    /// <summary>How a client of a name reaches it; its token is its name.</summary>
    internal RemoteOptions Options(string client) => new()
    {
        Endpoint = Endpoint,
        Trust = new EndpointTrust(null, Pin),
        Token = client,
        Retry = new RemoteRetry { Delay = TimeSpan.FromMilliseconds(5), DelayMax = TimeSpan.FromMilliseconds(50), Budget = TimeSpan.FromMinutes(2) },
    };

    /// <summary>What the server's metrics say that bodies take now, in bytes.</summary>
    internal long BodyMemory()
    {
        var line = RawRequest.Answer(this, "GET /metrics HTTP/1.1\nAuthorization: Bearer admin").ReplaceLineEndings("\n").Split('\n').Single(line => line.StartsWith("asl_body_memory_bytes ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    internal HttpBackend Open(string client) => new(Options(client), TimeProvider.System);

    public void Dispose()
    {
        _server.StopAsync(CancellationToken.None).GetAwaiter().GetResult();
        _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _store.Dispose();
        Logger.Dispose();
        _folder.Dispose();
        Answers.Dispose();
        Assert.Empty(Answers.Undeclared);
    }

    internal static Client NewClient(string name, PeerRole role, string domain) =>
        new(name, role, [domain], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))), null);

    /// <summary>What was logged.</summary>
    internal sealed class LogLines : ILogEventSink
    {
        private readonly Lock _lock = new();
        private readonly List<string> _lines = [];

        internal IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lock)
                {
                    return [.. _lines];
                }
            }
        }

        public void Emit(LogEvent logEvent)
        {
            lock (_lock)
            {
                _lines.Add(logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }
}
