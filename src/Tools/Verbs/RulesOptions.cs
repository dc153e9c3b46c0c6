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

    internal static string Path(ParseResult parsed, string name) =>
        parsed.GetValue(File) ?? new ConfigurationPaths(parsed.GetValue(CommonOptions.Root)!).OnRoot($"/etc/asl/rules/{name}");
}
