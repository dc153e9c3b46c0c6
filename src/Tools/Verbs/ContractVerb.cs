using System.CommandLine;
using AslRescue.Shared.Contracts;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin contract check: is the overlay what its contract says, nothing more and nothing less?</summary>
internal static class ContractVerb
{
    private static readonly Option<string?> Overlay = new("--overlay")
    {
        Description = "a staged tree; without it, the running system",
        HelpName = "DIR",
    };

    internal static Command Build()
    {
        var check = new Command("check", "Holds the overlay's contract against a staged tree or the running system.") { Overlay, RulesOptions.File };
        check.SetAction(Run);
        return new Command("contract", "The contract of the overlay.") { check };
    }

    private static int Run(ParseResult parsed)
    {
        var staged = parsed.GetValue(Overlay);
        var path = parsed.GetValue(RulesOptions.File)
            ?? (staged is null ? RulesOptions.Path(parsed, RulesOptions.OverlayContract) : Path.Combine(staged, "etc/asl/rules", RulesOptions.OverlayContract));
        var contract = OverlayContract.Load(path);
        var report = staged is null ? OverlayCheck.RunLive(contract, CommonOptions.RootOf(parsed)) : OverlayCheck.Run(contract, staged);
        Console.Write(parsed.GetValue(CommonOptions.Json) ? report.ToJson() : report.ToText());
        return report.ExitCode;
    }
}
