using System.CommandLine;
using System.Text;
using AslRescue.Intake.Restoring;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin restore ID --to DIR: gives a snapshot back.</summary>
internal static class RestoreVerb
{
    private const int ProblemsShownMax = 1000;

    private static readonly Option<string> To = new("--to")
    {
        Description = "an empty directory, or one that does not exist",
        HelpName = "DIR",
        Required = true,
    };

    private static readonly Option<string> Below = new("--path")
    {
        Description = "only this directory or file below the source",
        HelpName = "PATH",
        DefaultValueFactory = _ => "",
    };

    internal static Command Build()
    {
        var command = new Command("restore", "Writes a snapshot into an empty directory.")
        {
            CommonOptions.Snapshot, To, CommonOptions.Store, Below, CommonOptions.Workers,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using var whole = CommonOptions.OpenStore(parsed);
        await IntakeComposition.Guard(IntakeComposition.Paths(parsed), GuardCaller.ByHand).CheckTargetAsync(
            parsed.GetValue(To)!, whole.Backend.Location, SettingsMap.Sources(CommonOptions.LoadConfiguration(parsed)), Edge.Stopped);
        var (name, snapshot) = whole.Find(parsed.GetValue(CommonOptions.Snapshot)!);
        using var store = whole.Below(name);
        using var restorer = new TreeRestorer(store, snapshot);
        var report = restorer.Report;
        var start = TimeProvider.System.GetTimestamp();
        using (new ProgressLine(() => $"restoring: {Quantity.Count(report.Entries, "entry", "entries")} of {snapshot.Counts.Entries:N0}, {Quantity.Bytes(report.Bytes)} of {Quantity.Bytes(snapshot.Counts.SourceBytes)}"))
        {
            restorer.Run(parsed.GetValue(To)!, Encoding.UTF8.GetBytes(parsed.GetValue(Below)!), Math.Clamp(parsed.GetValue(CommonOptions.Workers), 1, 64), Edge.Stopped);
        }

        var problems = report.Problems;
        if (parsed.GetValue(CommonOptions.Json))
        {
            WriteJson(name.ToString(), report);
        }
        else
        {
            Console.WriteLine($"restored {Quantity.Count(report.Entries, "entry", "entries")}, {Quantity.Bytes(report.Bytes)} in {Quantity.Duration(TimeProvider.System.GetElapsedTime(start))}, "
                + (report.ProblemCount == 0 ? "complete" : Quantity.Count(report.ProblemCount, "problem", "problems")));
        }

        foreach (var problem in problems.Take(ProblemsShownMax))
        {
            Console.Error.WriteLine($"problem: {Printable.Bytes(problem.Path)}: {Printable.Text(problem.Text)}");
        }

        if (report.ProblemCount > ProblemsShownMax)
        {
            Console.Error.WriteLine($"problem: and {report.ProblemCount - ProblemsShownMax} more; --json lists {(report.ProblemCount == problems.Count ? "all" : $"{problems.Count}")}");
        }

        return report.ProblemCount > 0 ? ExitCodes.DoneWithProblems : ExitCodes.Done;
    }

    private static void WriteJson(string name, RestoreReport report) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("snapshot", name);
        writer.WriteNumber("entries", report.Entries);
        writer.WriteNumber("bytes", report.Bytes);
        writer.WriteNumber("problemCount", report.ProblemCount);
        writer.WriteStartArray("problems");
        foreach (var problem in report.Problems)
        {
            writer.WriteStartObject();
            writer.WriteRaw("path", problem.Path);
            writer.WriteString("text", problem.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
