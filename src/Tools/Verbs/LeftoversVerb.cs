using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug leftovers: what no sealed snapshot needs, why it is there and what is safe to do. Deletes nothing.</summary>
internal static class LeftoversVerb
{
    internal static Command Build()
    {
        var command = new Command("leftovers", "Explains what no sealed snapshot needs: unsealed runs, orphans, files that were being written. Deletes nothing.") { CommonOptions.Store };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var backend = InspectedObject.OpenBackend(parsed);
        var leftovers = Leftovers.Of(backend);
        var hints = Hints.Of(parsed);
        var local = new RunFolders(IntakeComposition.Paths(parsed)).Unfinished();
        if (parsed.GetValue(CommonOptions.Json))
        {
            LeftoverOutput.WriteJson(leftovers, local, hints);
        }
        else
        {
            LeftoverOutput.WriteText(leftovers, local, hints);
        }

        return leftovers.Errors.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }
}
