using System.Globalization;
using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Journal;

/// <summary>
/// Reads the lines of a journal and checks hash, sequence and chain. What it does not know (kinds, fields) it hands on untouched.
/// </summary>
/// <param name="run">The run whose journal this is.</param>
/// <param name="allowGaps">
/// True for a copy that leaves records out (an intake's local one): sequences must still rise, and what stands side by side must chain.
/// </param>
public sealed class JournalReader(string run, bool allowGaps = false)
{
    private long _sequence;
    private Digest _previous;

    /// <summary>Reads one object's lines; objects are handed over in the order of their sequences.</summary>
    /// <param name="where">The object's name, for errors.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="AslException">LogCorrupt, with the offset of the first line that is wrong.</exception>
    public IReadOnlyList<JournalRecord> Read(string where, ReadOnlyMemory<byte> content)
    {
        List<JournalRecord> records = [];
        var offset = 0;
        while (offset < content.Length)
        {
            var end = content.Span[offset..].IndexOf((byte)'\n');
            if (end < 0)
            {
                throw Corrupt(where, offset, "the last line has no end");
            }

            records.Add(ReadLine(where, offset, content.Slice(offset, end)));
            offset += end + 1;
        }

        return records;
    }

    /// <summary>The parsed line; it was written by this process.</summary>
    internal static JsonElement Parse(ReadOnlyMemory<byte> line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private JournalRecord ReadLine(string where, int offset, ReadOnlyMemory<byte> line)
    {
        if (!JournalLine.TryRead(line, out var parsed, out var hash, out var reason))
        {
            throw Corrupt(where, offset, reason);
        }

        var record = Decode(parsed, hash) ?? throw Corrupt(where, offset, "a field that every record has is missing or malformed");
        if (record.Run != run)
        {
            throw Corrupt(where, offset, $"the record belongs to run {record.Run}");
        }

        var isNext = record.Sequence == _sequence + 1;
        if (!isNext && !(allowGaps && record.Sequence > _sequence))
        {
            throw Corrupt(where, offset, string.Create(CultureInfo.InvariantCulture,
                $"record {record.Sequence} stands where {_sequence + 1} belongs"));
        }

        if (isNext && record.Previous != _previous)
        {
            throw Corrupt(where, offset, $"it follows record {record.Previous.Short}…, the one before it is {_previous.Short}…");
        }

        (_sequence, _previous) = (record.Sequence, record.Hash);
        return record;
    }

    private static JournalRecord? Decode(JsonElement line, Digest hash) =>
        line.ValueKind == JsonValueKind.Object
        && line.Text("run") is { } run && line.Text("boot") is { } boot && line.Text("kind") is { } kind
        && line.Number("sequence") is { } sequence && line.Number("monotonic") is { } monotonic
        && DateTimeOffset.TryParse(line.Text("wall"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var wall)
        && Digest.TryParse(line.Text("previous"), out var previous)
            ? new JournalRecord
            {
                Sequence = sequence,
                Run = run,
                Boot = boot,
                Monotonic = monotonic,
                Wall = wall,
                Kind = kind,
                Previous = previous,
                Hash = hash,
                Line = line,
            }
            : null;

    private static AslException Corrupt(string where, int offset, string why) => new(new AslError(ErrorCode.LogCorrupt, "a journal is damaged")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"{where}, offset {offset}"),
        Why = why,
        Fix = "asl-admin verify --data   (shows what else is affected; sealed snapshots do not depend on journals)",
    });
}
