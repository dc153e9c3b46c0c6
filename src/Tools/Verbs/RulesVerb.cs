using System.CommandLine;
using AslRescue.Intake.Machine;
using AslRescue.Preflight;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin rules check | show: proves both rule files, and draws the decision table.</summary>
internal static class RulesVerb
{
    internal static Command Build()
    {
        var check = new Command("check", "Proves the decision table and the machine's contract; prints the smallest counterexample where one is not proved.") { RulesOptions.File };
        check.SetAction(Check);
        var show = new Command("show", "Draws the decision table.") { RulesOptions.File };
        show.SetAction(Show);
        return new Command("rules", "The decision table and its proof.") { check, show };
    }

    /// <summary>Both rule files, or the one that is named: which it is, its name says.</summary>
    private static int Check(ParseResult parsed)
    {
        var named = parsed.GetValue(RulesOptions.File);
        var isContract = named is not null && Path.GetFileName(named) == RulesOptions.IntakeContract;
        var table = isContract ? ExitCodes.Done : CheckTable(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        var contract = named is not null && !isContract ? ExitCodes.Done : CheckContract(RulesOptions.Path(parsed, RulesOptions.IntakeContract));
        return Math.Max(table, contract);
    }

    private static int CheckTable(string path)
    {
        var result = RulesCheck.Check(path);
        (result.IsProved ? Console.Out : Console.Error).Write(result.Text);
        return result.ExitCode;
    }

    private static int CheckContract(string path)
    {
        try
        {
            var contract = ContractFile.Load(path);
            var proof = ContractProof.Of(contract);
            (proof.Holds ? Console.Out : Console.Error).Write($"{path}\n{proof.Text.TrimEnd()}\n");
            return proof.Holds ? ExitCodes.Done : ExitCodes.RulesUnproved;
        }
        catch (AslException exception)
        {
            Console.Error.WriteLine(exception.Error);
            return ExitCodes.For(exception.Error.Code);
        }
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
