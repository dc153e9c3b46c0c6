using System.Globalization;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Inspection;

/// <summary>What some bytes of a file are.</summary>
/// <param name="Offset">Of the first.</param>
/// <param name="Length">How many.</param>
/// <param name="What">In words, with their values.</param>
public sealed record InspectedField(long Offset, long Length, string What)
{
    /// <summary>The frame that they are, where they are one.</summary>
    public InspectedFrame? Frame { get; init; }
}

/// <summary>Which field, frame, entry, row or line the bytes of a file belong to: its fields in their order, only those that touch a range.</summary>
public static class FieldMap
{
    /// <summary>The fields that touch a range; what none covers is of no part of the format.</summary>
    /// <param name="file">The file.</param>
    /// <param name="guess">What it is.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="end">The first byte behind.</param>
    public static IEnumerable<InspectedField> Of(InspectedFile file, ObjectGuess guess, long start, long end) =>
        All(file, guess, start, end).Where(field => field.Offset < end && field.Offset + field.Length > start);

    private static IEnumerable<InspectedField> All(InspectedFile file, ObjectGuess guess, long start, long end) => guess switch
    {
        ObjectGuess.Block => BlockFields(new InspectedBlock(file)),
        ObjectGuess.Segment => SegmentFields(new InspectedSegment(file), start, end),
        ObjectGuess.Snapshot => SnapshotFields(new InspectedSnapshot(file)),
        ObjectGuess.Journal => LineFields(InspectedLog.Journal().Read(file)),
        ObjectGuess.Seal => LineFields(InspectedLog.Seals().Read(file)),
        _ => [],
    };

    private static IEnumerable<InspectedField> BlockFields(InspectedBlock block)
    {
        if (block.Header is { } header)
        {
            yield return new(0, 8, "header: the mark");
            yield return new(8, 2, $"header: version {header.Version}");
            yield return new(10, 2, $"header: content {header.Content}");
            yield return new(12, 20, "header: zero");
        }

        foreach (var frame in block.Footer is null ? block.FoundFrames() : block.Frames().Where(frame => frame.Impossible.Count == 0))
        {
            yield return new(frame.Offset, frame.StoredLength, FrameText(frame)) { Frame = frame };
        }

        if (block.Footer is { } footer)
        {
            foreach (var field in FooterFields(block, footer))
            {
                yield return field;
            }
        }
    }

    private static string FrameText(InspectedFrame frame) => frame.Artifacts.Count == 0
        ? $"a Zstandard frame of {frame.StoredLength} bytes, {(frame.RawLength < 0 ? "of unknown raw length" : $"{frame.RawLength} raw")}"
        : $"frame {frame.Number}: {Word(frame.Codec)}, {frame.StoredLength} bytes stored, {frame.RawLength} raw, {Quantity.Count(frame.Artifacts.Count, "artifact", "artifacts")}";

    /// <summary>The codec's name.</summary>
    public static string Word(Codec codec) => codec switch
    {
        Codec.Stored => "stored",
        Codec.Zstandard => "zstd",
        _ => string.Create(CultureInfo.InvariantCulture, $"codec {(int)codec}"),
    };

    private static IEnumerable<InspectedField> FooterFields(InspectedBlock block, InspectedFooter footer)
    {
        yield return new(footer.Offset, 8, "footer: the mark");
        yield return new(footer.Offset + 8, 32, "footer: copy of the header");
        yield return new(footer.Offset + 40, 8, $"footer: starts at {footer.SaidOffset}, as it says");
        yield return new(footer.Offset + 48, 4, $"footer: {footer.Entries} entries");
        yield return new(footer.Offset + 52, 4, "footer: zero");
        foreach (var frame in block.Frames())
        {
            foreach (var artifact in frame.Artifacts)
            {
                yield return new(footer.Offset + 56 + ((long)artifact.Number * BlockEntry.Bytes), BlockEntry.Bytes,
                    $"entry {artifact.Number}: key {artifact.Key.Short}…, {Word(frame.Codec)} at {frame.Offset}, {frame.StoredLength} stored, {artifact.RawLength} raw, position {artifact.Position}");
            }
        }

        if (footer.Length > 0)
        {
            yield return new(footer.Offset + footer.Length - 16, 8, "trailer: length of the footer");
            yield return new(footer.Offset + footer.Length - 8, 8, "trailer: the mark");
        }
    }

    private static IEnumerable<InspectedField> SegmentFields(InspectedSegment segment, long start, long end)
    {
        yield return new(0, 8, "header: the mark");
        yield return new(8, 4, $"header: version {segment.Version}");
        yield return new(12, 4, $"header: {segment.SaidBlocks} blocks");
        yield return new(16, 8, $"header: {segment.SaidRows} rows");
        yield return new(24, 8, "header: zero");
        if (segment.Layout is not { } layout)
        {
            yield break;
        }

        for (var number = (int)Math.Clamp((start - 32) / Digest.Length, 0, layout.Blocks); number < layout.Blocks && 32 + ((long)number * Digest.Length) < end; number++)
        {
            yield return new(32 + ((long)number * Digest.Length), Digest.Length, $"block {number} of the table: {segment.BlockName(number)?.Short ?? "?"}…");
        }

        var first = Math.Clamp((start - layout.RowsOffset) / SegmentEntry.Bytes, 0, layout.Rows);
        foreach (var row in segment.Rows(first).TakeWhile(row => row.Offset < end))
        {
            yield return new(row.Offset, SegmentEntry.Bytes, row.Location is { } place
                ? $"row {row.Number}: key {row.Key.Short}…, block {row.Block} ({place.Block.Short}…) at {place.Offset}, {place.StoredLength} stored, {place.RawLength} raw, {Word(place.Codec)}, position {place.Position}"
                : $"row {row.Number}: key {row.Key.Short}…, names block {row.Block} of {layout.Blocks}, or a place that no block has");
        }

        for (var line = Math.Max(0, (start - layout.FilterOffset) / KeyFilter.LineBytes); layout.FilterOffset + (line * KeyFilter.LineBytes) < end && line * KeyFilter.LineBytes < KeyFilter.BytesFor(layout.Rows); line++)
        {
            yield return new(layout.FilterOffset + (line * KeyFilter.LineBytes), KeyFilter.LineBytes, $"filter, line {line}");
        }
    }

    private static IEnumerable<InspectedField> SnapshotFields(InspectedSnapshot snapshot)
    {
        const int textMax = 60;
        foreach (var field in snapshot.Fields)
        {
            yield return new(field.Offset, field.Length, $"{field.Key} {field.Name}: {CborText.Of(field.Value, textMax)}");
        }
    }

    private static IEnumerable<InspectedField> LineFields(IEnumerable<InspectedLine> lines) =>
        lines.Select(line => new InspectedField(line.Offset, line.Length + 1, $"line {line.Sequence?.ToString(CultureInfo.InvariantCulture) ?? "?"}: {line.Kind ?? "?"}, {line.Why ?? "its hash is right"}"));
}
