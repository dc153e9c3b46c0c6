using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Output;

/// <summary>A segment as text and JSON.</summary>
internal sealed class SegmentOutput(InspectedFile file, InspectedSegment segment, SegmentSurvey survey, List<InspectedRow> rows, bool allBlocks)
{
    private const int BlocksShownMax = 5;

    private IReadOnlyList<Damage> Damages => [.. segment.Damages, .. survey.Damages];

    internal void WriteText() => TextOutput.Write(output =>
    {
        output.Line("segment", $"{Printable.Text(file.Place)}, {file.Length} bytes");
        if (!segment.IsMarked)
        {
            output.Line("is", $"no segment by its mark: {ObjectGuesses.Of(file).Word()}");
        }

        output.Line("header", $"at 0, 32 bytes: version {segment.Version}, {Quantity.Count(segment.SaidBlocks, "block", "blocks")}, {Quantity.Count(segment.SaidRows, "row", "rows")}");
        if (segment.Layout is { } layout)
        {
            output.Line("name", survey.Digest is { } digest ? $"{digest}{(file.Name is null ? ", as its bytes give it" : "")}" : "a part of it cannot be read");
            output.Line("order", survey.Unsorted == 0 ? "ascending" : $"NOT ascending in {Quantity.Count(survey.Unsorted, "place", "places")}");
            output.Line("filter", Filter(layout));
            WriteBlocks(output, layout);
            WriteRows(output, layout);
        }

        output.Damages(Damages, "no damage");
    });

    internal void WriteJson() => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("file", file.Place);
        writer.WriteNumber("bytes", file.Length);
        writer.WriteNumber("version", segment.Version);
        writer.WriteNumber("saidBlocks", segment.SaidBlocks);
        writer.WriteNumber("saidRows", segment.SaidRows);
        writer.WriteString("sha256", survey.Digest?.ToString());
        writer.WriteNumber("unsorted", survey.Unsorted);
        writer.WriteNumber("impossible", survey.Impossible);
        writer.WriteNumber("notInFilter", survey.NotInFilter);
        writer.WriteStartArray("blocks");
        for (var number = 0; number < (segment.Layout?.Blocks ?? 0); number++)
        {
            writer.WriteStringValue(segment.BlockName(number)?.ToString());
            FlushNowAndThen(writer, number);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("rows");
        foreach (var row in rows)
        {
            WriteRow(writer, row);
        }

        writer.WriteEndArray();
        writer.WriteDamages(Damages);
        writer.WriteEndObject();
    });

    private string Filter(SegmentLayout layout) => survey.FilterBits is var (all, set, surplus)
        ? string.Create(CultureInfo.InvariantCulture, $"at {layout.FilterOffset}, {all / 8} bytes: {100.0 * set / all:F1} % of its bits set, {Quantity.Count(survey.NotInFilter, "key", "keys")} not in it, {Quantity.Count(surplus, "bit", "bits")} too many")
        : "cannot be read";

    private void WriteBlocks(TextWriter output, SegmentLayout layout)
    {
        output.WriteLine();
        output.WriteLine("block  offset      name");
        var count = allBlocks ? layout.Blocks : Math.Min(layout.Blocks, BlocksShownMax);
        for (var number = 0; number < count; number++)
        {
            output.WriteLine($"{number,-7}{32 + ((long)number * Digest.Length),-12}{segment.BlockName(number)?.ToString() ?? "cannot be read"}");
        }

        if (count < layout.Blocks)
        {
            output.WriteLine($"       and {layout.Blocks - count} more: --blocks lists them");
        }
    }

    private void WriteRows(TextWriter output, SegmentLayout layout)
    {
        output.WriteLine();
        output.WriteLine("row      offset      key                                                               block   at          stored     raw        codec   position");
        foreach (var row in rows)
        {
            var place = row.Location is { } location
                ? $"{location.Offset,-12}{location.StoredLength,-11}{location.RawLength,-11}{FieldMap.Word(location.Codec),-8}{location.Position}"
                : "names no place that a block has";
            output.WriteLine($"{row.Number,-9}{row.Offset,-12}{row.Key,-66}{row.Block,-8}{place}");
        }

        output.WriteLine($"{rows.Count} of {layout.Rows} rows; --from, --limit and --key choose others");
    }

    private static void WriteRow(Utf8JsonWriter writer, InspectedRow row)
    {
        writer.WriteStartObject();
        writer.WriteNumber("number", row.Number);
        writer.WriteNumber("offset", row.Offset);
        writer.WriteString("key", row.Key.ToString());
        writer.WriteNumber("block", row.Block);
        if (row.Location is { } place)
        {
            writer.WriteNumber("at", place.Offset);
            writer.WriteNumber("storedLength", place.StoredLength);
            writer.WriteNumber("rawLength", place.RawLength);
            writer.WriteString("codec", FieldMap.Word(place.Codec));
            writer.WriteNumber("position", place.Position);
        }

        writer.WriteEndObject();
    }

    private static void FlushNowAndThen(Utf8JsonWriter writer, int number)
    {
        if (number % 1024 == 1023)
        {
            writer.Flush();
        }
    }
}
