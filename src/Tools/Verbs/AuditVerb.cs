using System.CommandLine;
using AslRescue.Audit;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin audit verify, replay, report: what an auditor proves from the files alone (docs/audit.md).</summary>
internal static class AuditVerb
{
    internal static Command Build() => new("audit", "Proves from journals, seals and snapshots what was done, and why.")
    {
        Verb("verify", "Checks the chain of every journal, its seals and checkpoints, and holds copies against each other.", AuditResult.Verify),
        Verb("replay", "Verifies, then makes every decision and every transition once more, by the recorded rules.", AuditResult.Replay),
        AuditReportVerb.Build(),
    };

    private static Command Verb(string name, string description, Func<EvidenceBundle, AuditTrust, string?, AuditResult> judge)
    {
        var command = new Command(name, description);
        AuditInput.AddTo(command);
        command.SetAction(parsed =>
        {
            var result = AuditInput.Judge(parsed, judge);
            if (parsed.GetValue(CommonOptions.Json))
            {
                AuditOutput.WriteJson(result);
            }
            else
            {
                AuditOutput.WriteText(result);
            }

            return ExitCodeOf(result);
        });
        return command;
    }

    /// <summary>17 when something does not hold, 18 when nothing vouches for it.</summary>
    internal static int ExitCodeOf(AuditResult result) => result.Standing switch
    {
        Standing.Holds => ExitCodes.Done,
        Standing.Unanchored => ExitCodes.EvidenceUnanchored,
        _ => ExitCodes.EvidenceBroken,
    };
}
