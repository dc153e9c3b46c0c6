using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Explanations;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin explain: why preflight decided what it did, why nothing else, and what would change it.</summary>
internal static class ExplainVerb
{
    private static readonly Option<string?> Record = new("--record")
    {
        Description = "explain this record instead of /run/asl/preflight.json; it may be of another boot or machine",
        HelpName = "FILE",
    };

    internal static Command Build()
    {
        var command = new Command("explain", "Says why preflight decided so, why not otherwise, and what would change it.")
        {
            Record, RulesOptions.File,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var root = CommonOptions.RootOf(parsed);
        var named = parsed.GetValue(Record);
        var path = named ?? new ConfigurationPaths(root).OnRoot("/run/asl/preflight.json");
        var record = RecordedDecision.Read(path, named is null ? BootId.Read(root) : null);
        var table = TableProof.Prove(RulesOptions.Path(parsed, RulesOptions.PreflightTable));
        var explanation = RecordedDecision.Explain(path, record, table);
        Console.Write(parsed.GetValue(CommonOptions.Json) ? explanation.Json : explanation.Text);
        return ExitCodes.Done;
    }
}
