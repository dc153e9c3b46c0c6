using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;

namespace AslRescue.Benchmarks;

/// <summary>
/// The index of a store that does not exist: random keys, a million of them in each of equal parts of the space,
/// so that they can be sorted part by part; blocks of 500 artifacts.
/// </summary>
internal static class SyntheticIndex
{
    private const int ArtifactsPerBlock = 500;
    private const int PartKeys = 1 << 20;

    /// <summary>Writes the segments.</summary>
    internal static SegmentGroup Write(IBackend backend, StoreFormat format, long count) =>
        new(["synthetic"], SegmentGroupWriter.Write(Rows(count), format, backend));

    /// <summary>The key of an artifact that is there.</summary>
    internal static Digest Key(long number, long count)
    {
        Span<byte> key = stackalloc byte[Digest.Length];
        BinaryPrimitives.WriteUInt64BigEndian(key, Prefix(number, count));
        for (var word = 1; word < 4; word++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(key[(word * 8)..], Mix(((ulong)number * 4) + (ulong)word));
        }

        return new Digest(key);
    }

    private static ulong Prefix(long number, long count)
    {
        // The last part is the share of the space that fits its number of keys.
        var step = ulong.MaxValue / (ulong)count;
        var part = number / PartKeys * PartKeys;
        return ((ulong)part * step) + Math.BigMul(Mix((ulong)number), (ulong)Math.Min(PartKeys, count - part) * step, out _);
    }

    private static IEnumerable<SegmentEntry> Rows(long count)
    {
        var blocks = (count / ArtifactsPerBlock) + 1;
        for (var part = 0L; part < count; part += PartKeys)
        {
            var numbers = Enumerable.Range(0, (int)Math.Min(PartKeys, count - part)).Select(index => part + index).ToArray();
            Array.Sort(Array.ConvertAll(numbers, number => Prefix(number, count)), numbers);
            foreach (var number in numbers)
            {
                var random = Mix((ulong)number + 77);
                yield return new(Key(number, count),
                    new(Key((long)(random % (ulong)blocks), blocks), 32 + (int)(random >> 40), 30_000, 65_536, Codec.Stored, 0));
            }
        }
    }

    /// <summary>SplitMix64.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
