namespace AslRescue.Store.Chunking;

/// <summary>
/// Cuts bytes where the bytes themselves say so, so that an insertion moves one or two cuts and leaves the others: a gear hash over
/// the 32 bytes before a position, with FastCDC's normalized thresholds (docs/store-format.md, Trees). Stateless: a chunk's length
/// depends on its own bytes alone.
/// </summary>
public sealed class GearChunker
{
    private const int WindowBytes = 32;
    private static readonly uint[] Gear = [.. Enumerable.Range(0, 256).Select(value => GearOf((uint)value))];
    private readonly ChunkParameters _parameters;
    private readonly uint _thresholdBeforeAverage;
    private readonly uint _thresholdAfterAverage;

    /// <param name="parameters">The store's.</param>
    public GearChunker(ChunkParameters parameters)
    {
        _parameters = parameters;
        _thresholdBeforeAverage = (uint)((1UL << 32) / (4 * (ulong)parameters.BytesAverage));
        _thresholdAfterAverage = (uint)((4UL << 32) / (ulong)parameters.BytesAverage);
    }

    /// <summary>
    /// The length of the chunk that starts <paramref name="data"/>. Where the data does not go on (<paramref name="isLast"/>), all of
    /// it may be one chunk; otherwise 0 means: more bytes are needed to tell, at most BytesMax of them.
    /// </summary>
    public int NextChunk(ReadOnlySpan<byte> data, bool isLast)
    {
        var limit = Math.Min(data.Length, _parameters.BytesMax);
        var cut = FindCut(data[..limit]);
        return cut > 0 ? cut : limit == _parameters.BytesMax || isLast ? limit : 0;
    }

    private int FindCut(ReadOnlySpan<byte> data)
    {
        if (data.Length <= _parameters.BytesMin)
        {
            return 0;
        }

        var hash = 0u;
        foreach (var value in data.Slice(_parameters.BytesMin - WindowBytes, WindowBytes - 1))
        {
            hash = (hash << 1) + Gear[value];
        }

        var average = Math.Min(_parameters.BytesAverage, data.Length);
        var cut = Scan(data[..average], _parameters.BytesMin - 1, ref hash, _thresholdBeforeAverage);
        return cut > 0 ? cut : Scan(data, average - 1, ref hash, _thresholdAfterAverage);
    }

    /// <summary>
    /// Takes in bytes from <paramref name="start"/> on; the first position behind which the hash is below the threshold. The last
    /// byte is left to the next call: a cut at the very end of the data is the caller's to make.
    /// </summary>
    private static int Scan(ReadOnlySpan<byte> data, int start, ref uint hash, uint threshold)
    {
        var gear = Gear;
        var value = hash;
        for (var index = start; index < data.Length - 1; index++)
        {
            value = (value << 1) + gear[data[index]];
            if (value < threshold)
            {
                hash = value;
                return index + 1;
            }
        }

        hash = value;
        return 0;
    }

    private static uint GearOf(uint value)
    {
        unchecked
        {
            var x = (value + 1) * 0x9E3779B1u;
            x ^= x >> 15;
            x *= 0x85EBCA77u;
            x ^= x >> 13;
            return x * 0xC2B2AE3Du;
        }
    }
}
