using System.CommandLine;
using AslRescue.Preflight;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin rules check | show: proves the rule files, and draws the decision table.</summary>
internal static class RulesVerb
{
    internal static Command Build()
    {
        var check = new Command("check", "Proves the decision table; prints the smallest counterexample where it is not proved.") { RulesOptions.File };
        check.SetAction(Check);
        var show = new Command("show", "Draws the decision table.") { RulesOptions.File };
        show.SetAction(Show);
        return new Command("rules", "The decision table and its proof.") { check, show };
    }

    private static int Check(ParseResult parsed)
    {
        var result = RulesCheck.Check(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        (result.IsProved ? Console.Out : Console.Error).Write(result.Text);
        return result.ExitCode;
    }

    private static int Show(ParseResult parsed)
    {
        var result = RulesCheck.Check(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        if (result.Verdict.Rules is not { } rules)
        {
            Console.Error.Write(result.Text);
            return result.ExitCode;
        }

        foreach (var table in rules.File.Tables)
        {
            Console.Write(TableDrawing.Draw(table));
        }

        return ExitCodes.Done;
    }
}
