using System.Text.Json;
using AslRescue.Audit;
using AslRescue.Audit.Replay;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>What an audit found, for people and for programs.</summary>
internal static class AuditOutput
{
    internal static void WriteText(AuditResult result)
    {
        foreach (var finding in result.Findings)
        {
            Console.WriteLine(Printable.Text($"  {finding}"));
        }

        for (var index = 0; index < result.Runs.Count; index++)
        {
            WriteRun(result.Runs[index], result.Replays.Count > 0 ? result.Replays[index] : null);
        }

        var wrong = Findings(result).Count();
        Console.WriteLine(wrong > 0
            ? $"{Quantity.Count(wrong, "finding", "findings")} in {Quantity.Count(result.Runs.Count, "run", "runs")}: the evidence does not hold"
            : result.Standing == Standing.Unanchored
                ? $"{Quantity.Count(result.Runs.Count, "run", "runs")}: nothing is wrong, but not all of it is anchored"
                : $"{Quantity.Count(result.Runs.Count, "run", "runs")}: all of it holds");
    }

    internal static void WriteJson(AuditResult result) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("standing", Word(result.Standing));
        WriteFindings(writer, "findings", result.Findings);
        writer.WriteStartArray("runs");
        for (var index = 0; index < result.Runs.Count; index++)
        {
            WriteRun(writer, result.Runs[index], result.Replays.Count > 0 ? result.Replays[index] : null);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>Everything that is wrong, wherever it was found.</summary>
    internal static IEnumerable<Finding> Findings(AuditResult result) =>
        [.. result.Findings, .. result.Runs.SelectMany(run => run.Findings), .. result.Replays.SelectMany(replay => replay.Findings)];

    internal static string Word(Standing standing) => standing.ToString().ToLowerInvariant();

    private static void WriteRun(RunAudit run, MachineReplay? replay)
    {
        var standing = replay?.Findings.Count > 0 ? Standing.Broken : run.Standing;
        var records = run.Records.Count == 0 ? "no journal" : $"{Quantity.Count(run.Records.Count, "record", "records")}, the last {run.Records[^1].Sequence} {run.Records[^1].Hash}";
        Console.WriteLine(Printable.Text($"run {run.Run}: {Word(standing)}"));
        Console.WriteLine(Printable.Text($"  journal   {records}"));
        foreach (var anchor in run.Anchors)
        {
            Console.WriteLine(Printable.Text($"  up to {anchor.UpTo,-3} {anchor.Says}"));
        }

        if (replay is not null)
        {
            Console.WriteLine(Printable.Text($"  replay    {Quantity.Count(replay.Transitions.Count, "transition", "transitions")} under contract {Short(replay.Contract?.Digest)}, ends {replay.State}"));
            foreach (var remark in replay.Decisions.Select(decision => decision.Remark).OfType<string>())
            {
                Console.WriteLine(Printable.Text($"  note      {remark}"));
            }

            foreach (var decision in replay.Decisions)
            {
                Console.WriteLine(Printable.Text(decision.IsCommand
                    ? $"  decision  by the command: {decision.Command}"
                    : $"  decision  {decision.Mode} by row {decision.Row}, from {decision.Facts.Count} facts and table {Short(decision.TableDigest)}"));
            }
        }

        foreach (var remark in run.Remarks)
        {
            Console.WriteLine(Printable.Text($"  note      {remark}"));
        }

        foreach (var finding in run.Findings.Concat(replay?.Findings ?? []))
        {
            Console.WriteLine(Printable.Text($"  {finding}"));
        }
    }

    private static string Short(string? digest) => digest is { Length: > 12 } ? digest[..12] + "…" : "none";

    private static void WriteRun(Utf8JsonWriter writer, RunAudit run, MachineReplay? replay)
    {
        writer.WriteStartObject();
        writer.WriteString("run", run.Run);
        writer.WriteString("domain", run.Domain);
        writer.WriteString("standing", Word(replay?.Findings.Count > 0 ? Standing.Broken : run.Standing));
        writer.WriteNumber("records", run.Records.Count);
        writer.WriteString("head", run.Records.Count == 0 ? null : run.Records[^1].Hash);
        writer.WriteNumber("covered", run.Covered);
        writer.WriteStartArray("anchors");
        foreach (var anchor in run.Anchors)
        {
            writer.WriteStartObject();
            writer.WriteNumber("upTo", anchor.UpTo);
            writer.WriteString("says", anchor.Says);
            writer.WriteBoolean("trusted", anchor.IsTrusted);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteFindings(writer, "findings", run.Findings.Concat(replay?.Findings ?? []));
        writer.WriteTexts("notes", run.Remarks);
        if (replay is not null)
        {
            WriteReplay(writer, replay);
        }

        writer.WriteEndObject();
    }

    private static void WriteReplay(Utf8JsonWriter writer, MachineReplay replay)
    {
        writer.WriteString("state", replay.State);
        writer.WriteString("contract", replay.Contract?.Digest);
        writer.WriteStartArray("transitions");
        foreach (var one in replay.Transitions)
        {
            writer.WriteStartObject();
            writer.WriteNumber("record", one.Record.Sequence);
            writer.WriteString("from", one.From);
            writer.WriteString("trigger", one.Trigger);
            writer.WriteString("to", one.To);
            writer.WriteString("clause", one.Clause);
            writer.WriteBoolean("allowed", one.Finding is null);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("decisions");
        foreach (var decision in replay.Decisions)
        {
            writer.WriteStartObject();
            writer.WriteString("mode", decision.IsCommand ? null : decision.Mode);
            writer.WriteString("row", decision.Row);
            writer.WriteString("command", decision.IsCommand ? decision.Command : null);
            writer.WriteString("table", decision.TableDigest);
            writer.WriteBoolean("agrees", decision.Findings.Count == 0);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteFindings(Utf8JsonWriter writer, string name, IEnumerable<Finding> findings)
    {
        writer.WriteStartArray(name);
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", finding.Word);
            writer.WriteString("where", finding.Where);
            writer.WriteString("why", finding.Why);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
