using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Journal;

namespace AslRescue.Store.Inspection;

/// <summary>How a line stands in its log.</summary>
public enum ChainState
{
    /// <summary>The first of the log, and it says so.</summary>
    First,

    /// <summary>It follows the one before.</summary>
    Follows,

    /// <summary>Lines before it are missing, or were left out; its own hash is right.</summary>
    Gap,

    /// <summary>It names another line than the one before it.</summary>
    Forked,

    /// <summary>Its hash is not that of its bytes, or it is no line of a log.</summary>
    Damaged,
}

/// <summary>A line of a journal or of the seals.</summary>
public sealed record InspectedLine
{
    /// <summary>The file that holds it.</summary>
    public required string File { get; init; }

    /// <summary>Where it starts in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes, without its newline.</summary>
    public required long Length { get; init; }

    /// <summary>How it stands in the log.</summary>
    public required ChainState Chain { get; init; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Why { get; init; }

    /// <summary>Its number, as it says; of a seal, the seal's.</summary>
    public long? Sequence { get; init; }

    /// <summary>Its kind; "seal" of a seal.</summary>
    public string? Kind { get; init; }

    /// <summary>The wall clock, as it says.</summary>
    public string? Wall { get; init; }

    /// <summary>The hash that its bytes have, where it ends as a line does; else the zero digest.</summary>
    public Digest Hash { get; init; }

    /// <summary>The line before, as it says.</summary>
    public Digest Previous { get; init; }

    /// <summary>All of it, where it can be parsed.</summary>
    public JsonElement? Parsed { get; init; }
}

/// <summary>
/// Reads the lines of a log, file after file, and goes on behind what is damaged. The chain is told relative to the last line that could be read.
/// One line is held in memory, of at most 1 MiB; a longer one is none.
/// </summary>
public sealed class InspectedLog
{
    private const int TailBytes = 75;
    private readonly string _numberField;
    private InspectedLine? _last;

    private InspectedLog(string numberField) => _numberField = numberField;

    /// <summary>For a run's journal.</summary>
    public static InspectedLog Journal() => new("sequence");

    /// <summary>For the seals of a domain.</summary>
    public static InspectedLog Seals() => new("seal");

    /// <summary>The lines of the next file.</summary>
    public IEnumerable<InspectedLine> Read(InspectedFile file)
    {
        var (buffer, start, filled) = (new byte[Math.Min(JournalLine.BytesMax + 1, file.Length)], 0L, 0);
        for (var offset = 0L; offset < file.Length;)
        {
            var rest = buffer.AsMemory((int)(offset - start), (int)(start + filled - offset));
            var end = rest.Span.IndexOf((byte)'\n');
            if (end < 0 && offset + rest.Length < file.Length && rest.Length < buffer.Length)
            {
                (start, filled) = (offset, (int)Math.Min(buffer.Length, file.Length - offset));
                if (file.Read(start, buffer.AsSpan(0, filled)) is { } problem)
                {
                    yield return Broken(file, offset, file.Length - offset, $"it cannot be read: {problem}");
                    yield break;
                }

                continue;
            }

            if (end < 0 && offset + rest.Length < file.Length)
            {
                var next = SkipLine(file, offset + rest.Length);
                yield return Broken(file, offset, next - offset, "it is longer than any line");
                (offset, start, filled) = (next + 1, next + 1, 0);
                continue;
            }

            var length = end < 0 ? rest.Length : end;
            yield return Take(file.Place, offset, rest[..length], isCut: end < 0);
            offset += length + 1;
        }
    }

    private static long SkipLine(InspectedFile file, long offset)
    {
        var buffer = new byte[1 << 16];
        while (offset < file.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - offset));
            if (file.Read(offset, part) is null && part.IndexOf((byte)'\n') is var end and >= 0)
            {
                return offset + end;
            }

            offset += part.Length;
        }

        return file.Length;
    }

    private InspectedLine Take(string file, long offset, ReadOnlyMemory<byte> bytes, bool isCut)
    {
        var isGood = JournalLine.TryRead(bytes, out var parsed, out var hash, out var reason);
        var element = isGood ? parsed : TryParse(bytes);
        var line = new InspectedLine
        {
            File = file,
            Offset = offset,
            Length = bytes.Length,
            Chain = ChainState.Damaged,
            Why = isCut ? "the last line has no end" : isGood ? null : reason,
            Sequence = Number(element, _numberField),
            Kind = Text(element, "kind") ?? (Number(element, "seal") is null ? null : "seal"),
            Wall = Text(element, "wall"),
            Hash = bytes.Length > TailBytes ? Digest.Of(bytes.Span[..^TailBytes]) : default,
            Previous = Digest.TryParse(Text(element, "previous"), out var previous) ? previous : default,
            Parsed = element,
        };
        if (isGood && !isCut)
        {
            line = Chained(line, hash);
            _last = line;
        }

        return line;
    }

    /// <summary>How a line whose hash is right stands to the one before.</summary>
    private InspectedLine Chained(InspectedLine line, Digest hash)
    {
        var last = _last;
        if (line.Sequence is not { } number)
        {
            return line with { Why = $"it has no {_numberField}" };
        }

        var expected = (last?.Sequence ?? 0) + 1;
        if (number == expected)
        {
            var previous = last?.Hash ?? default;
            return line with
            {
                Hash = hash,
                Chain = line.Previous == previous ? last is null ? ChainState.First : ChainState.Follows : ChainState.Forked,
                Why = line.Previous == previous ? null : $"it follows {line.Previous.Short}…, the one before it is {previous.Short}…",
            };
        }

        return line with
        {
            Hash = hash,
            Chain = number > expected ? ChainState.Gap : ChainState.Forked,
            Why = string.Create(CultureInfo.InvariantCulture, $"{number} stands where {expected} belongs"),
        };
    }

    private static InspectedLine Broken(InspectedFile file, long offset, long length, string why) =>
        new() { File = file.Place, Offset = offset, Length = length, Chain = ChainState.Damaged, Why = why };

    /// <summary>A line whose hash is wrong may still say what it was.</summary>
    private static JsonElement? TryParse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement? element, string field)
    {
        try
        {
            return element is { ValueKind: JsonValueKind.Object } line && line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // Not Unicode.
        }
    }

    private static long? Number(JsonElement? element, string field) =>
        element is { ValueKind: JsonValueKind.Object } line && line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
