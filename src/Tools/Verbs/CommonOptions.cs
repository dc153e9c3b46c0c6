using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;

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
        Description = "the store: a directory; without it, the attached backend (local.mount)",
        HelpName = "STORE",
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
            return named.Contains("://", StringComparison.Ordinal)
                ? throw Usage($"'{named}' is an address, and this version works with directories", "name a directory")
                : named;
        }

        var configuration = LoadConfiguration(parsed);
        var mount = configuration.Paths.OnRoot(configuration.LocalMount);
        return IsAttached(configuration)
            ? mount
            : throw Usage($"no store is named, and none is attached at {mount}", "add --store DIRECTORY");
    }

    /// <summary>Whether a store lies where the backend is attached.</summary>
    internal static bool IsAttached(AslConfiguration configuration) =>
        File.Exists(Path.Combine(configuration.Paths.OnRoot(configuration.LocalMount), "format.toml"));

    internal static ArtifactStore OpenStore(ParseResult parsed) => ArtifactStore.Open(StoreLocation(parsed));

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
