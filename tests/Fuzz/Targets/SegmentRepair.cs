using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Segments;

namespace AslRescue.Fuzz.Targets;

/// <summary>Makes the filter of a segment fit its rows, and says of a segment what a snapshot would.</summary>
internal static class SegmentRepair
{
    internal static byte[] Of(byte[] bytes)
    {
        byte[] content = [.. bytes];
        if (Layout(content) is var (rows, count) && count > 0)
        {
            var filter = content.AsSpan(rows + (count * SegmentEntry.Bytes));
            filter.Clear();
            for (var row = 0; row < count; row++)
            {
                KeyFilter.Add(filter, new Digest(content.AsSpan(rows + (row * SegmentEntry.Bytes), Digest.Length)));
            }
        }

        return content;
    }

    internal static SegmentSummary Summary(byte[] content, Digest name) => Layout(content) is var (rows, count) && count > 0
        ? new(name, count, new(content.AsSpan(rows, Digest.Length)), new(content.AsSpan(rows + ((count - 1) * SegmentEntry.Bytes), Digest.Length)))
        : new(name, 1, default, default);

    private static (int Rows, int Count)? Layout(byte[] content)
    {
        if (content.Length < SegmentBuilder.HeaderBytes)
        {
            return null;
        }

        var (blocks, count) = (BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(12)), BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(16)));
        return blocks >= 1 && count >= 1 && blocks <= content.Length && count <= content.Length && SegmentBuilder.Length(blocks, count) == content.Length
            ? (SegmentBuilder.HeaderBytes + (blocks * Digest.Length), (int)count)
            : null;
    }
}
