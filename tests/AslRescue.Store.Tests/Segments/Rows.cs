using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Tests.Segments;

/// <summary>Rows as blocks would give them, without the blocks.</summary>
internal static class Rows
{
    /// <summary>Sorted rows with uniform keys; another seed gives other keys.</summary>
    internal static List<SegmentEntry> Sorted(int seed, int count) => Sorted(Enumerable.Range(0, count).Select(index => Row(seed, index)));

    /// <summary>The row of one artifact; those of one seed and index are the same.</summary>
    internal static SegmentEntry Row(int seed, int index)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(number, seed);
        BinaryPrimitives.WriteInt32LittleEndian(number[4..], index);
        return new(Digest.Of(number), Location(seed, index));
    }

    /// <summary>Sorted rows whose keys start with the prefixes given.</summary>
    internal static List<SegmentEntry> Shaped(int count, Func<int, Random, ulong> prefix)
    {
        var random = new Random(count);
        return Sorted(Enumerable.Range(0, count).Select(index =>
        {
            var key = Row(0, index).Key.Span.ToArray();
            BinaryPrimitives.WriteUInt64BigEndian(key, prefix(index, random));
            return new SegmentEntry(new Digest(key), Location(0, index));
        }));
    }

    private static List<SegmentEntry> Sorted(IEnumerable<SegmentEntry> rows)
    {
        var sorted = rows.ToList();
        sorted.Sort();
        return sorted;
    }

    private static ArtifactLocation Location(int seed, int index)
    {
        var block = Digest.Of(BitConverter.GetBytes((seed * 1000) + (index / 200)));
        return new(block, 32 + (index % 200 * 1000), 1 + (index % 999), 1 + (index % 5000), (Codec)(index % 2), index % 2 * (index % 77));
    }
}
