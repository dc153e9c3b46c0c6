using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Inspection;

/// <summary>What the segments of a store know of a block: its entries, but for the checksums, when its own footer is gone.</summary>
public static class BlockRows
{
    /// <summary>The frames of a block, in the order of their offsets, put together from the rows that name it. Takes memory for each of its artifacts.</summary>
    /// <exception cref="Shared.Errors.AslException">The backend cannot be listed.</exception>
    public static IReadOnlyList<InspectedFrame> Find(IBackend backend, Digest block, CancellationToken cancellation)
    {
        HashSet<SegmentEntry> rows = [];
        foreach (var item in backend.List("segments").Where(item => Digest.TryParse(item.Name, out _)))
        {
            cancellation.ThrowIfCancellationRequested();
            using var file = InspectedFile.Open(backend, ObjectName.Segment(Digest.Parse(item.Name)));
            if (file is null)
            {
                continue;
            }

            foreach (var row in new InspectedSegment(file).Rows().Where(row => row.Location?.Block == block))
            {
                rows.Add(new(row.Key, row.Location!.Value));
            }
        }

        var number = 0;
        return [.. rows.GroupBy(row => row.Location.Offset).OrderBy(frame => frame.Key).Select(frame => ToFrame(number++, [.. frame.OrderBy(row => row.Location.Position)]))];
    }

    private static InspectedFrame ToFrame(int number, SegmentEntry[] rows)
    {
        var place = rows[0].Location;
        return new()
        {
            Number = number,
            Offset = place.Offset,
            StoredLength = place.StoredLength,
            Codec = place.Codec,
            Artifacts = [.. rows.Select((row, index) => new InspectedArtifact(index, row.Key, row.Location.Position, row.Location.RawLength))],
            RawLength = rows.Max(row => (long)row.Location.Position + row.Location.RawLength),
        };
    }
}
