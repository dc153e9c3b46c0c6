using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools.Output;

/// <summary>The lines of a log as text and JSON, as they are read.</summary>
internal sealed class LogOutput(LogSource log, bool inFull)
{
    private long _lines;
    private long _damaged;
    private long _gaps;

    /// <summary>Gives the number of damaged lines; a gap is none, since copies leave records out.</summary>
    internal long WriteText()
    {
        TextOutput.Write(output =>
        {
            output.Line("log", $"{(log.IsSeals ? "seals" : "journal")} in {Printable.Text(log.Place)}, {Quantity.Count(log.Files.Count, "file", "files")}");
            output.WriteLine();
            output.WriteLine($"{"number",-8}{"file",-14}{"offset",-10}{"bytes",-8}{"chain",-9}{"kind",-16}{"wall",-30}hash");
            foreach (var line in Read())
            {
                WriteLine(output, line);
            }

            output.WriteLine();
            output.WriteLine($"{Quantity.Count(_lines, "line", "lines")}, {_damaged} damaged, {_gaps} behind a gap");
            output.WriteLine(_damaged > 0 ? "damaged: the chain is told relative to the last line that can be read" : _lines > 0 ? "each line has the hash that it says" : "there is no line");
        });
        return _damaged;
    }

    /// <summary>Gives the number of damaged lines.</summary>
    internal long WriteJson()
    {
        JsonOutput.WriteArray(Read(), (writer, line) =>
        {
            writer.WriteString("file", line.File);
            writer.WriteNumber("offset", line.Offset);
            writer.WriteNumber("length", line.Length);
            writer.WriteString("chain", line.Chain.ToString().ToLowerInvariant());
            writer.WriteString("why", line.Why);
            WriteNumber(writer, line.Sequence);
            writer.WriteString("kind", line.Kind);
            writer.WriteString("wall", line.Wall);
            writer.WriteString("hash", line.Hash == default ? null : line.Hash.ToString());
            if (inFull && line.Parsed is { } parsed)
            {
                writer.WritePropertyName("line");
                parsed.WriteTo(writer);
            }
        });
        return _damaged;
    }

    private IEnumerable<InspectedLine> Read()
    {
        var reader = log.IsSeals ? InspectedLog.Seals() : InspectedLog.Journal();
        foreach (var open in log.Files)
        {
            using var file = open();
            foreach (var line in file is null ? [] : reader.Read(file))
            {
                Edge.Stopped.ThrowIfCancellationRequested();
                _lines++;
                _damaged += line.Chain is ChainState.Damaged or ChainState.Forked ? 1 : 0;
                _gaps += line.Chain == ChainState.Gap ? 1 : 0;
                yield return line;
            }
        }
    }

    private void WriteLine(TextWriter output, InspectedLine line)
    {
        var file = line.File[(line.File.LastIndexOf('/') + 1)..];
        output.WriteLine($"{line.Sequence?.ToString() ?? "?",-8}{Printable.Text(file),-14}{line.Offset,-10}{line.Length,-8}{line.Chain.ToString().ToLowerInvariant(),-9}{Printable.Text(line.Kind ?? "?"),-16}"
            + $"{Printable.Text(line.Wall ?? "?"),-30}{(line.Hash == default ? "-" : line.Hash.Short + "…")}");
        if (line.Why is { } why)
        {
            output.WriteLine($"        {Printable.Text(why)}");
        }

        if (inFull && line.Parsed is { } parsed)
        {
            output.WriteLine($"        {Printable.Text(parsed.GetRawText())}");
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, long? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber("number", value);
        }
        else
        {
            writer.WriteNull("number");
        }
    }
}
