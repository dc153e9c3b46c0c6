using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Logging;
using AslRescue.Store;
using AslRescue.Store.Backends;

namespace AslRescue.Backend;

/// <summary>asl-backend: serves a store over HTTPS, and makes tokens for its clients.</summary>
internal static class ServerProgram
{
    private static readonly Option<string> StoreOption = new("--store")
    {
        Description = "the store: a directory, made if it is empty or missing; or s3://BUCKET[/PREFIX]",
        HelpName = "STORE",
        Required = true,
    };

    private static readonly Option<string> Listen = new("--listen")
    {
        Description = "the address and port to listen at",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = _ => "0.0.0.0:8443",
    };

    private static readonly Option<string?> State = new("--state")
    {
        Description = "where certificate, clients and tokens lie; default: asl-backend below $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Certificate = new("--certificate") { Description = "the server's certificate (PEM); default: one that it makes for itself", HelpName = "FILE" };
    private static readonly Option<string?> Key = new("--key") { Description = "the key of --certificate (PEM)", HelpName = "FILE" };
    private static readonly Option<string?> Clients = new("--clients") { Description = "who may ask (TOML); default: clients.toml in --state, made with a token for each role", HelpName = "FILE" };
    private static readonly Option<string?> ClientCa = new("--client-ca") { Description = "certificates (PEM) that may sign those of clients", HelpName = "FILE" };
    private static readonly Option<string?> Federation = new("--federation") { Description = "federation.conf: other domains and the keys that may sign for them", HelpName = "FILE" };
    private static readonly Option<string> Domain = new("--domain") { Description = "the domain of the clients that the first start makes", HelpName = "ID", DefaultValueFactory = _ => "rescue-domain" };
    private static readonly Option<int> BodyMemory = new("--body-memory") { Description = "MiB that request bodies may take together", HelpName = "MIB", DefaultValueFactory = _ => 320 };
    private static readonly Option<string?> Cache = new("--cache")
    {
        Description = "with a bucket: where copies of segments are kept for checks; default: below the temporary folder, until it ends",
        HelpName = "DIR",
    };

    private static readonly Option<string?> WitnessName = new("--witness-name") { Description = "the name under which it cosigns checkpoints of journals; default: asl-backend/HOST", HelpName = "NAME" };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "log every request" };
    private static readonly Argument<string> Name = new("NAME") { Description = "the client's name, for logs" };
    private static readonly Option<string> Role = new("--role") { Description = "intake, read or admin", HelpName = "ROLE", DefaultValueFactory = _ => "intake" };

    /// <summary>Runs the program; gives its exit code.</summary>
    internal static int Run(string[] args)
    {
        var root = new RootCommand("Serves an ASL store over HTTPS.")
        {
            StoreOption, Listen, State, Certificate, Key, Clients, ClientCa, Federation, Domain, BodyMemory, Cache, WitnessName, Verbose,
        };
        root.SetAction((parsed, _) => ServeAsync(parsed));
        var client = new Command("client", "Adds a client with a new token, which is printed once.") { Name, Role, Domain, State };
        client.SetAction(AddClient);
        root.Subcommands.Add(client);
        try
        {
            return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (AslException failure)
        {
            Console.Error.WriteLine(failure.Error);
            return ExitCodes.For(failure.Error.Code);
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        var state = new ServerState(ServerState.FolderOf(parsed.GetValue(State)));
        using var store = StorageChoice.Open(parsed.GetValue(StoreOption)!);
        using var certificate = ReadCertificate(parsed, state);
        var witness = Witness.LoadOrMake(state.Folder, parsed.GetValue(WitnessName));
        var listen = ReadAddress(parsed.GetValue(Listen)!);
        var clients = parsed.GetValue(Clients) ?? state.MakeClients(parsed.GetValue(Domain)!);
        await using var log = LoggerSetup.Create(new LoggingSettings
        {
            Level = parsed.GetValue(Verbose) ? Serilog.Events.LogEventLevel.Debug : Serilog.Events.LogEventLevel.Information,
            IsConsoleEnabled = true,
            ConsoleLevel = Serilog.Events.LogEventLevel.Debug,
            IsFileEnabled = false,
            FilePath = "",
            FileLevel = Serilog.Events.LogEventLevel.Fatal,
            FileBytesMax = 0,
        });
        // A check reads footers eight at once on the pool's threads, which it adds two of a second when they are all waiting for a disk or a bucket.
        ThreadPool.GetMinThreads(out _, out var completion);
        ThreadPool.SetMinThreads(32 + (Environment.ProcessorCount * 18), completion);
        using var cache = CheckCache.For(store.Backend, parsed.GetValue(Cache));
        var options = new ServerOptions
        {
            Listen = listen,
            Certificate = certificate,
            Clients = ClientFile.Read(clients),
            ClientAuthorities = ReadAuthorities(parsed.GetValue(ClientCa)),
            Peers = parsed.GetValue(Federation) is { } file ? FederationFile.Read(file) : [],
            Witness = witness,
            Cache = cache?.Objects,
            BodyBytesMax = (long)Math.Clamp(parsed.GetValue(BodyMemory), 256, 1 << 16) << 20,
        };
        await using var server = new BackendServer(options, store, log, TimeProvider.System);
        await server.StartAsync(stop.Token);
        Announce(server, store, certificate, clients, witness);
        await WaitAsync(stop.Token);
        await server.StopAsync(CancellationToken.None);
        return ExitCodes.Done;
    }

    private static int AddClient(ParseResult parsed)
    {
        var role = parsed.GetValue(Role) switch
        {
            "intake" => PeerRole.Intake,
            "read" => PeerRole.Read,
            "admin" => PeerRole.Admin,
            var other => throw Usage($"'{other}' is no role", "--role intake, read or admin"),
        };
        var state = new ServerState(ServerState.FolderOf(parsed.GetValue(State)));
        var token = state.AddClient(parsed.GetValue(Name)!, role, parsed.GetValue(Domain)!);
        Console.WriteLine(token);
        Console.Error.WriteLine($"client {parsed.GetValue(Name)} ({Roles.Text(role)}) is in {state.ClientsFile}; the server reads it when it starts");
        return ExitCodes.Done;
    }

    private static void Announce(BackendServer server, ArtifactStore store, X509Certificate2 certificate, string clients, Witness? witness) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"""
        {BackendServer.ProgramVersion} serves {store.Backend.Location}
        address      https://{server.Address}
        fingerprint  {OwnCertificate.Fingerprint(certificate)}   (remote.pin; until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd})
        clients      {clients}
        witness      {witness?.VerifierKey ?? "none: checkpoints are not cosigned"}
        """));

    private static async Task WaitAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = !stop.IsCancellationRequested; // A second one ends the program the usual way.
        stop.Cancel();
    }

    private static X509Certificate2 ReadCertificate(ParseResult parsed, ServerState state) => (parsed.GetValue(Certificate), parsed.GetValue(Key)) switch
    {
        ({ } certificate, { } key) => OwnCertificate.Load(certificate, key),
        (null, null) => OwnCertificate.LoadOrMake(state.Folder, TimeProvider.System),
        _ => throw Usage("--certificate and --key belong together", "name both, or neither"),
    };

    private static X509Certificate2Collection? ReadAuthorities(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(path);
            return found;
        }
        catch (Exception failure) when (failure is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Usage($"--client-ca {path} cannot be used: {failure.Message}", "name a file with certificates in PEM");
        }
    }

    private static IPEndPoint ReadAddress(string text) =>
        IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal) ? address
            : throw Usage($"'{text}' is no address and port", "--listen 0.0.0.0:8443");

    internal static AslException Usage(string what, string fix) => new(new AslError(ErrorCode.Usage, what) { Fix = fix });
}
