using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;

namespace AslRescue.Tools.Output;

/// <summary>Leftovers as text and JSON.</summary>
internal static class LeftoverOutput
{
    internal static void WriteText(Leftovers leftovers, IReadOnlyList<string> local, Hints hints) => TextOutput.Write(output =>
    {
        var (count, bytes) = (0L, 0L);
        foreach (var leftover in leftovers.Find())
        {
            Edge.Stopped.ThrowIfCancellationRequested();
            (count, bytes) = (count + 1, bytes + leftover.Bytes);
            output.WriteLine($"{Word(leftover.Kind)}  {Printable.Text(leftover.Path)}{(leftover.Kind == LeftoverKind.Run ? "" : $"  {leftover.Bytes} bytes")}");
            output.WriteLine($"    why:   {Printable.Text(leftover.Why)}");
            if (leftover.Run is { } run)
            {
                WriteRun(output, run);
            }

            output.WriteLine($"    safe:  {Printable.Text(hints.In(leftover.Safe))}");
            output.WriteLine();
        }

        foreach (var run in local)
        {
            output.WriteLine($"run  {Printable.Text(run)}, unfinished on this machine: asl-debug log {Printable.Text(run)}");
        }

        foreach (var error in leftovers.Errors)
        {
            output.WriteLine(error.ToString());
        }

        output.WriteLine(count == 0 ? "nothing is left over: sealed snapshots refer to all that is here" : $"{Quantity.Count(count, "leftover", "leftovers")}, {bytes} bytes; nothing was changed");
    });

    internal static void WriteJson(Leftovers leftovers, IReadOnlyList<string> local, Hints hints) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("leftovers");
        foreach (var leftover in leftovers.Find())
        {
            writer.WriteStartObject();
            writer.WriteString("kind", Word(leftover.Kind));
            writer.WriteString("path", leftover.Path);
            writer.WriteNumber("bytes", leftover.Bytes);
            writer.WriteString("why", leftover.Why);
            writer.WriteString("safe", hints.In(leftover.Safe));
            WriteRun(writer, leftover.Run);
            writer.WriteEndObject();
            writer.Flush();
        }

        writer.WriteEndArray();
        writer.WriteTexts("unfinishedHere", local);
        writer.WriteTexts("errors", leftovers.Errors.Select(error => $"{error.CodeText}: {error.What}: {error.Where}: {error.Why}"));
        writer.WriteEndObject();
    });

    private static void WriteRun(TextWriter output, UnsealedRun run)
    {
        output.WriteLine($"    state: {Printable.Text(run.State ?? "unknown")}, {Quantity.Count(run.Records, "record", "records")}"
            + (run.DamagedRecords > 0 ? $" and {run.DamagedRecords} damaged" : "") + (run.LastKind is { } kind ? $", the last is {Printable.Text(kind)} of {Printable.Text(run.LastWall ?? "?")}" : ""));
        if (run.Sources.Count > 0)
        {
            output.WriteLine($"    reads: {Printable.Text(string.Join(' ', run.Sources))}");
        }
    }

    private static void WriteRun(Utf8JsonWriter writer, UnsealedRun? run)
    {
        if (run is null)
        {
            writer.WriteNull("run");
            return;
        }

        writer.WriteStartObject("run");
        writer.WriteString("domain", run.Domain);
        writer.WriteString("run", run.Run);
        writer.WriteString("state", run.State);
        writer.WriteNumber("records", run.Records);
        writer.WriteNumber("damagedRecords", run.DamagedRecords);
        writer.WriteString("lastKind", run.LastKind);
        writer.WriteString("lastWall", run.LastWall);
        writer.WriteNumber("blocks", run.Blocks.Count);
        writer.WriteTexts("sources", run.Sources);
        writer.WriteEndObject();
    }

    private static string Word(LeftoverKind kind) => kind switch
    {
        LeftoverKind.Run => "run",
        LeftoverKind.UnsealedFile => "unsealed-file",
        LeftoverKind.Block => "block",
        LeftoverKind.Segment => "segment",
        LeftoverKind.Snapshot => "snapshot",
        LeftoverKind.Signature => "signature",
        LeftoverKind.RunObject => "run-object",
        LeftoverKind.Foreign => "foreign",
        _ => throw new InvalidOperationException(kind.ToString()),
    };
}
