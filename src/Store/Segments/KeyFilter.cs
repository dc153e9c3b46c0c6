using System.Buffers.Binary;
using AslRescue.Shared;

namespace AslRescue.Store.Segments;

/// <summary>
/// A Bloom filter over keys in blocks of one cache line: "no" is sure, "yes" is wrong for about one key in a hundred. One
/// thread adds; any may ask once it has ended.
/// </summary>
/// <remarks>Keys are uniform, so their own bytes serve as the hashes: 8 to 15 choose the line, 16 to 23 the bits in it.</remarks>
internal sealed class KeyFilter
{
    private const int BitsPerKey = 10;
    private const int LineBits = 512;
    private const int LineWords = LineBits / 64;
    private const int BitsSet = 7;
    private readonly ulong[] _words;
    private readonly ulong _lines;

    /// <param name="keys">How many will be added: 1.25 bytes each.</param>
    internal KeyFilter(long keys)
    {
        _lines = (ulong)((keys * BitsPerKey / LineBits) + 1);
        _words = new ulong[_lines * LineWords];
    }

    internal void Add(in Digest key)
    {
        var line = Line(key);
        for (var (bits, count) = (Bits(key), 0); count < BitsSet; count++, bits >>= 9)
        {
            line[(int)(bits >> 6) & (LineWords - 1)] |= 1UL << ((int)bits & 63);
        }
    }

    internal bool MayContain(in Digest key)
    {
        var line = Line(key);
        for (var (bits, count) = (Bits(key), 0); count < BitsSet; count++, bits >>= 9)
        {
            if ((line[(int)(bits >> 6) & (LineWords - 1)] & (1UL << ((int)bits & 63))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong Bits(in Digest key) => BinaryPrimitives.ReadUInt64BigEndian(key.Span[16..]);

    private Span<ulong> Line(in Digest key)
    {
        var line = Math.BigMul(BinaryPrimitives.ReadUInt64BigEndian(key.Span[8..]), _lines, out _);
        return _words.AsSpan((int)line * LineWords, LineWords);
    }
}
