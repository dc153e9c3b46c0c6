using System.CommandLine;
using AslRescue.Shared.Configuration;

namespace AslRescue.Tools.Verbs;

/// <summary>Where rule files lie: /etc/asl/rules below --root, unless one is named.</summary>
internal static class RulesOptions
{
    internal const string PreflightTable = "preflight.toml";
    internal const string IntakeContract = "intake.toml";
    internal const string OverlayContract = "overlay.toml";

    internal static Option<string?> File { get; } = new("--rules")
    {
        Description = "this rule file instead of the one in /etc/asl/rules",
        HelpName = "FILE",
    };

    /// <summary>The file that is named, or the one below --root, or, by hand in a checkout, the one that ASL_RULES leads to.</summary>
    internal static string Path(ParseResult parsed, string name)
    {
        var root = CommonOptions.RootOf(parsed);
        var path = parsed.GetValue(File) ?? new ConfigurationPaths(root).OnRoot($"/etc/asl/rules/{name}");
        return root == "/" && !System.IO.File.Exists(path) && Environment.GetEnvironmentVariable("ASL_RULES") is { Length: > 0 } rules
            ? System.IO.Path.Combine(rules, name)
            : path;
    }
}
