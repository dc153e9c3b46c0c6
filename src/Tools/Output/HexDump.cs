using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Output;

/// <summary>
/// Bytes as hexadecimal digits and as letters, sixteen a line, under a heading for each part of the format that they belong to. What cannot be read is
/// shown as "??".
/// </summary>
/// <param name="file">The object.</param>
/// <param name="guess">What it is.</param>
/// <param name="copies">Other places of some artifacts.</param>
internal sealed class HexDump(InspectedFile file, ObjectGuess guess, Func<IReadOnlySet<Digest>, Digest?, IEnumerable<SecondCopy>> copies)
{
    private const int LineBytes = 16;
    private const int ReadBytes = 4096;
    private readonly byte[] _buffer = new byte[ReadBytes];
    private long _bufferAt = -1;
    private int _bufferLength;
    private bool _isReadable;

    internal void WriteText(long start, long end) => TextOutput.Write(output =>
    {
        output.Line("file", $"{Printable.Text(file.Place)}, {file.Length} bytes: {guess.Word()}");
        output.Line("bytes", $"{start} to {end} (0x{start:x} to 0x{end:x})");
        using var check = NewCheck();
        foreach (var part in Parts(start, end))
        {
            output.WriteLine();
            output.WriteLine($"{part.Field.Offset}, {part.Field.Length} bytes: {Printable.Text(part.Field.What)}");
            foreach (var line in FrameLines(part.Field, check))
            {
                output.WriteLine($"    {Printable.Text(line)}");
            }

            WriteBytes(output, part.Start, part.End);
        }
    });

    internal void WriteJson(long start, long end) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("file", file.Place);
        writer.WriteNumber("bytes", file.Length);
        writer.WriteString("is", guess.ToString().ToLowerInvariant());
        writer.WriteStartArray("parts");
        using var check = NewCheck();
        foreach (var part in Parts(start, end))
        {
            writer.WriteStartObject();
            writer.WriteNumber("offset", part.Field.Offset);
            writer.WriteNumber("length", part.Field.Length);
            writer.WriteString("what", part.Field.What);
            writer.WriteTexts("notes", FrameLines(part.Field, check));
            writer.WriteNumber("at", part.Start);
            writer.WriteString("hex", Hex(part.Start, part.End));
            writer.WriteEndObject();
            writer.Flush();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private FrameCheck NewCheck() => new(file, guess == ObjectGuess.Block ? new InspectedBlock(file).Shift : 0);

    /// <summary>The range, cut where a field begins or ends; what no field covers is a part of its own. A part is at most 1 MiB long.</summary>
    private IEnumerable<(InspectedField Field, long Start, long End)> Parts(long start, long end)
    {
        var position = start;
        foreach (var field in FieldMap.Of(file, guess, start, end).OrderBy(field => field.Offset))
        {
            Edge.Stopped.ThrowIfCancellationRequested();
            var until = Math.Min(field.Offset + field.Length, end);
            if (until <= position)
            {
                continue;
            }

            if (field.Offset > position)
            {
                yield return (Nothing(position, field.Offset), position, field.Offset);
                position = field.Offset;
            }

            yield return (field, position, until);
            position = until;
        }

        if (position < end)
        {
            yield return (Nothing(position, end), position, end);
        }
    }

    private InspectedField Nothing(long start, long end) =>
        new(start, end - start, guess is ObjectGuess.Unknown or ObjectGuess.Format ? "bytes" : "no part of the format lies here");

    /// <summary>What the checksum of a frame says, and where else its artifacts are.</summary>
    private IEnumerable<string> FrameLines(InspectedField field, FrameCheck check)
    {
        if (field.Frame is not { } frame)
        {
            yield break;
        }

        var verdict = check.Run(frame, isDeep: true);
        yield return $"checksum expected {(frame.Checksum is { } said ? FrameCheck.Hex(said) : "unknown")}, actual {(verdict.Checksum is { } actual ? FrameCheck.Hex(actual) : "cannot be read")}";
        foreach (var damage in verdict.Damages)
        {
            yield return TextOutput.Of(damage);
        }

        if (verdict.Damages.Count == 0 || frame.Artifacts.Count == 0)
        {
            yield break;
        }

        HashSet<Digest> keys = [.. frame.Artifacts.Select(artifact => artifact.Key)];
        HashSet<Digest> found = [];
        foreach (var copy in copies(keys, file.Name))
        {
            found.Add(copy.Key);
            yield return $"artifact {copy.Key.Short}… lies in block {copy.Block} too, in the frame at {copy.Offset}";
        }

        yield return $"of its {Quantity.Count(keys.Count, "artifact", "artifacts")}, {found.Count} {(found.Count == 1 ? "lies" : "lie")} in another block too";
    }

    private void WriteBytes(TextWriter output, long start, long end)
    {
        for (var line = start & -LineBytes; line < end; line += LineBytes)
        {
            var (digits, letters) = (new StringBuilder(), new StringBuilder());
            for (var position = line; position < line + LineBytes; position++)
            {
                var isShown = position >= start && position < end;
                var value = isShown ? ByteAt(position) : null;
                digits.Append(!isShown ? "  " : value is { } one ? one.ToString("x2") : "??").Append(position % 8 == 7 ? "  " : " ");
                letters.Append(!isShown ? ' ' : value is >= (byte)' ' and <= (byte)'~' and var letter ? (char)letter : '.');
            }

            output.WriteLine($"{line:x8}  {digits}{letters.ToString().TrimEnd(' ')}");
        }
    }

    private string Hex(long start, long end)
    {
        var text = new StringBuilder();
        for (var position = start; position < end; position++)
        {
            text.Append(ByteAt(position) is { } value ? value.ToString("x2") : "??");
        }

        return text.ToString();
    }

    private byte? ByteAt(long position)
    {
        if (_bufferAt < 0 || position < _bufferAt || position >= _bufferAt + _bufferLength)
        {
            _bufferAt = position / ReadBytes * ReadBytes;
            _bufferLength = (int)Math.Min(ReadBytes, file.Length - _bufferAt);
            _isReadable = file.Read(_bufferAt, _buffer.AsSpan(0, _bufferLength)) is null;
        }

        return _isReadable ? _buffer[(int)(position - _bufferAt)] : null;
    }
}
