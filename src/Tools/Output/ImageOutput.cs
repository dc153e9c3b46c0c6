using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Store.Snapshots;

namespace AslRescue.Tools.Output;

/// <summary>What a snapshot says of an image, as text and JSON.</summary>
internal static class ImageOutput
{
    private const int RangesShownMax = 20;

    internal static List<(string Label, string? Value)> Lines(SnapshotImage image)
    {
        List<(string, string?)> lines =
        [
            ("device", string.Join(", ", Identity(image))),
            ("sectors", string.Create(CultureInfo.InvariantCulture, $"{image.LogicalSector} logical, {image.PhysicalSector} physical, {Quantity.Bytes(image.Size)} in all")),
            ("sha-256", image.Sha256?.ToString()),
        ];
        if (image.Writes.Count > 0)
        {
            var sectors = image.Writes.Sum(count => Math.Abs(count.After - count.Before));
            lines.Add(("written", sectors == 0 ? "nothing while it was read" : string.Create(CultureInfo.InvariantCulture, $"{sectors} sectors while it was read")));
        }

        if (image.Writes.Count > 1)
        {
            lines.Add(("read", string.Create(CultureInfo.InvariantCulture, $"in {image.Writes.Count} goes, as it was away or the machine restarted; samples were compared")));
        }

        if (image.Gained.Count > 0)
        {
            lines.Add(("gained", string.Create(CultureInfo.InvariantCulture,
                $"{Quantity.Bytes(image.Gained.Sum(range => range.Length))} in {Quantity.Count(image.Gained.Count, "range", "ranges")} over the parent")));
            lines.AddRange(image.Gained.Take(RangesShownMax).Select(range => ("", (string?)string.Create(CultureInfo.InvariantCulture,
                $"bytes {range.Start} to {range.End - 1}"))));
            if (image.Gained.Count > RangesShownMax)
            {
                lines.Add(("", $"and {image.Gained.Count - RangesShownMax} more; --json lists all"));
            }
        }

        return lines;
    }

    internal static void WriteJson(Utf8JsonWriter writer, SnapshotImage image)
    {
        writer.WriteStartObject("image");
        writer.WriteNumber("size", image.Size);
        writer.WriteNumber("logicalSector", image.LogicalSector);
        writer.WriteNumber("physicalSector", image.PhysicalSector);
        writer.WriteNumber("start", image.Start);
        writer.WriteBoolean("readOnly", image.IsReadOnly);
        writer.WriteString("model", image.Model);
        writer.WriteString("serial", image.Serial);
        writer.WriteString("wwn", image.WorldWideName);
        writer.WriteString("sha256", image.Sha256?.ToString());
        writer.WriteBoolean("wasWritten", image.WasWritten);
        writer.WriteStartArray("gained");
        foreach (var range in image.Gained)
        {
            writer.WriteStartObject();
            writer.WriteNumber("start", range.Start);
            writer.WriteNumber("length", range.Length);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static IEnumerable<string> Identity(SnapshotImage image)
    {
        string?[] known = [image.Model, image.Serial is { } serial ? $"serial {serial}" : null, image.WorldWideName is { } name ? $"wwn {name}" : null];
        return known.OfType<string>().DefaultIfEmpty("without model or serial number").Append(image.IsReadOnly ? "read-only" : "writable");
    }
}
