using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AslRescue.Intake;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Tools.Verbs;

/// <summary>Options that many verbs take, and what they lead to.</summary>
internal static class CommonOptions
{
    internal static Option<bool> Json { get; } = new("--json")
    {
        Description = "print the result as JSON",
        Recursive = true,
    };

    internal static Option<string> Root { get; } = new("--root")
    {
        Description = "hang all paths of the system (/etc, /run, /var, /proc) off DIR",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/",
        Recursive = true,
    };

    /// <summary>The root, as an absolute path: what hangs off it must not move with the working directory.</summary>
    internal static string RootOf(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(Root)!);

    internal static Option<string?> Store { get; } = new("--store")
    {
        Description = "the store: a directory, or the https URL of an asl-backend; without it, the attached backend (local.mount)",
        HelpName = "STORE",
    };

    internal static Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = "with a URL: a file of mode 0600 with our token (default: remote.token)",
        HelpName = "FILE",
        Recursive = true,
    };

    internal static Option<string?> Pin { get; } = new("--pin")
    {
        Description = "with a URL: SHA-256 of the certificate that the server must have (default: remote.pin)",
        HelpName = "SHA256",
        Recursive = true,
    };

    internal static Option<string?> Ca { get; } = new("--ca")
    {
        Description = "with a URL: certificates (PEM) that may vouch for the server (default: remote.ca)",
        HelpName = "FILE",
        Recursive = true,
    };

    internal static Option<int> Workers { get; } = new("--workers")
    {
        Description = "threads that hash and compress; the result is the same for any number",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
        CustomParser = ParseCount,
    };

    internal static Argument<string> Snapshot { get; } = new("ID")
    {
        Description = "a snapshot: its name, the first digits of it, or 'latest'",
    };

    /// <summary>The configuration below --root. Its warnings go to stderr.</summary>
    internal static AslConfiguration LoadConfiguration(ParseResult parsed)
    {
        var configuration = ConfigurationLoader.Load(new ConfigurationPaths(RootOf(parsed)));
        foreach (var warning in configuration.Warnings)
        {
            Console.Error.WriteLine(Printable.Text($"warning: {warning}"));
        }

        return configuration;
    }

    /// <summary>Where the store lies: --store, or the backend that is attached.</summary>
    internal static string StoreLocation(ParseResult parsed)
    {
        if (parsed.GetValue(Store) is { } named)
        {
            return !RemoteAddress.LooksLikeOne(named) || Endpoint(named) is not null
                ? named
                : throw Usage($"'{named}' is no address of a store", "name a directory, or a URL such as https://asl-backend:8443");
        }

        var configuration = LoadConfiguration(parsed);
        var mount = configuration.Paths.OnRoot(configuration.LocalMount);
        return IsAttached(configuration)
            ? mount
            : throw Usage($"no store is named, and none is attached at {mount}", "add --store STORE, a directory or the URL of an asl-backend");
    }

    /// <summary>Whether a store lies where the backend is attached.</summary>
    internal static bool IsAttached(AslConfiguration configuration) =>
        File.Exists(Path.Combine(configuration.Paths.OnRoot(configuration.LocalMount), "format.toml"));

    internal static ArtifactStore OpenStore(ParseResult parsed) => OpenStore(parsed, StoreLocation(parsed));

    /// <summary>Opens the store that lies in a directory, or behind a URL.</summary>
    internal static ArtifactStore OpenStore(ParseResult parsed, string location) => Endpoint(location) is { } endpoint
        ? ArtifactStore.Open(RemoteAccess.Open(Remote(parsed, LoadConfiguration(parsed)), endpoint, TimeProvider.System))
        : ArtifactStore.Open(location);

    /// <summary>The address in what --store names; null for a directory.</summary>
    internal static Uri? Endpoint(string location) => RemoteAddress.TryParse(location);

    /// <summary>How an endpoint is reached: as configured, but for what the command line says.</summary>
    internal static RemoteSettings Remote(ParseResult parsed, AslConfiguration configuration)
    {
        var settings = SettingsMap.ToRemote(configuration);
        return settings with
        {
            TokenFile = parsed.GetValue(TokenFile) ?? settings.TokenFile,
            Pin = parsed.GetValue(Pin) is { } pin ? RemoteAddress.NormalPin(pin) : settings.Pin,
            Ca = parsed.GetValue(Ca) ?? settings.Ca,
        };
    }

    private static int ParseCount(ArgumentResult result)
    {
        if (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            result.AddError($"--workers takes a number, not '{result.Tokens[0].Value}'");
        }

        return count;
    }

    internal static AslException Usage(string what, string fix) => new(new AslError(ErrorCode.Usage, what) { Fix = fix });
}
