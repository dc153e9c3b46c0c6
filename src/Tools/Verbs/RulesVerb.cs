using System.CommandLine;
using System.Text.Json;
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
        var table = isContract ? null : RulesCheck.Check(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        var contract = named is not null && !isContract ? null : ContractCheck.Of(RulesOptions.Path(parsed, RulesOptions.IntakeContract));
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.Write(writer => WriteBoth(writer, table, contract));
        }
        else
        {
            WriteText(table?.IsProved, table?.Text);
            WriteText(contract?.IsProved, contract?.Text);
        }

        return Math.Max(table?.ExitCode ?? ExitCodes.Done, contract?.ExitCode ?? ExitCodes.Done);
    }

    private static void WriteText(bool? isProved, string? text) => (isProved == true ? Console.Out : Console.Error).Write(text);

    private static void WriteBoth(Utf8JsonWriter writer, RulesCheckResult? table, ContractCheck? contract)
    {
        writer.WriteStartObject();
        if (table is not null)
        {
            writer.WritePropertyName("table");
            RulesOutput.WriteTable(writer, table.Verdict);
        }

        if (contract is not null)
        {
            writer.WritePropertyName("contract");
            RulesOutput.WriteContract(writer, contract.Path, contract.Proof, contract.Error);
        }

        writer.WriteEndObject();
    }

    private static int Show(ParseResult parsed)
    {
        var result = RulesCheck.Check(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        if (result.Verdict.Rules is not { } rules)
        {
            Console.Error.Write(result.Text);
            return result.ExitCode;
        }

        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.Write(writer => RulesOutput.WriteRows(writer, result.Verdict.Path, rules));
        }
        else
        {
            Console.Write(string.Join('\n', rules.File.Tables.Select(table => TableDrawing.Draw(table, isPlain: !TerminalText.IsUnicode))));
        }

        return ExitCodes.Done;
    }

    /// <summary>The machine's contract: its proof, or why there is none.</summary>
    private sealed record ContractCheck(string Path, ContractProof? Proof, AslError? Error)
    {
        public bool IsProved => Proof is { Holds: true };

        public int ExitCode => Error is not null ? ExitCodes.For(Error.Code) : IsProved ? ExitCodes.Done : ExitCodes.RulesUnproved;

        public string Text => Error is not null ? Error + "\n" : $"{Path}\n{Proof!.Text.TrimEnd()}\n";

        public static ContractCheck Of(string path)
        {
            try
            {
                return new ContractCheck(path, ContractProof.Of(ContractFile.Load(path)), null);
            }
            catch (AslException exception)
            {
                return new ContractCheck(path, null, exception.Error);
            }
        }
    }
}
