using System.Buffers.Binary;
using AslRescue.Shared;

namespace AslRescue.Store.Segments;

/// <summary>
/// A Bloom filter over keys, in lines of 64 bytes, one of which a look-up touches: "no" is sure, "yes" is wrong for about one key in a
/// hundred. Part of a segment's file (docs/store-format.md, Segments), and in front of the rows that a run cannot keep in memory.
/// </summary>
/// <remarks>Keys are uniform, so their own bytes serve as the hashes: 8 to 15 choose the line, 16 to 23 the bits in it.</remarks>
internal static class KeyFilter
{
    internal const int LineBytes = 64;
    private const int BitsPerKey = 10;
    private const int LineBits = LineBytes * 8;
    private const int BitsSet = 7;

    /// <summary>Length of a filter for so many keys: 1.25 bytes each.</summary>
    internal static long BytesFor(long keys) => ((keys * BitsPerKey / LineBits) + 1) * LineBytes;

    /// <summary>Where the line of a key starts in a filter of that length.</summary>
    internal static long LineOf(in Digest key, long filterBytes) =>
        (long)Math.BigMul(BinaryPrimitives.ReadUInt64BigEndian(key.Span[8..]), (ulong)(filterBytes / LineBytes), out _) * LineBytes;

    /// <summary>Adds a key to a filter that was zeros at first.</summary>
    internal static void Add(Span<byte> filter, in Digest key)
    {
        var line = filter.Slice((int)LineOf(key, filter.Length), LineBytes);
        for (var (bits, count) = (Bits(key), 0); count < BitsSet; count++, bits >>= 9)
        {
            line[(int)(bits >> 3) & (LineBytes - 1)] |= (byte)(1 << ((int)bits & 7));
        }
    }

    /// <summary>Whether the filter may have been given the key.</summary>
    internal static bool MayContain(ReadOnlySpan<byte> filter, in Digest key) =>
        LineMayContain(filter.Slice((int)LineOf(key, filter.Length), LineBytes), key);

    /// <summary>The same, of the key's line alone.</summary>
    internal static bool LineMayContain(ReadOnlySpan<byte> line, in Digest key)
    {
        for (var (bits, count) = (Bits(key), 0); count < BitsSet; count++, bits >>= 9)
        {
            if ((line[(int)(bits >> 3) & (LineBytes - 1)] & (1 << ((int)bits & 7))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong Bits(in Digest key) => BinaryPrimitives.ReadUInt64BigEndian(key.Span[16..]);
}
