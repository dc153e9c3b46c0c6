namespace AslRescue.Store.Chunking;

/// <summary>
/// Cuts bytes where the bytes themselves say so, so that an insertion moves one or two cuts and leaves the others: a gear hash over
/// the 32 bytes before a position, with FastCDC's normalized thresholds (docs/store-format.md, Trees). Stateless: a chunk's length
/// depends on its own bytes alone.
/// </summary>
public sealed class GearChunker
{
    private readonly ChunkParameters _parameters;
    private readonly GearScan.Way _way;
    private readonly uint _thresholdBeforeAverage;
    private readonly uint _thresholdAfterAverage;
    private readonly bool _cutsZeros;

    /// <param name="parameters">The store's.</param>
    public GearChunker(ChunkParameters parameters)
        : this(parameters, GearScan.Best)
    {
    }

    internal GearChunker(ChunkParameters parameters, GearScan.Way way)
    {
        (_parameters, _way) = (parameters, way);
        _thresholdBeforeAverage = (uint)((1UL << 32) / (4 * (ulong)parameters.BytesAverage));
        _thresholdAfterAverage = (uint)((4UL << 32) / (ulong)parameters.BytesAverage);
        _cutsZeros = GearScan.Find(GearScan.Way.Scalar, new byte[GearScan.WindowBytes], GearScan.WindowBytes - 1, GearScan.WindowBytes, _thresholdAfterAverage) >= 0;
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

    /// <summary>Where the first cut is; 0 when there is none. A cut at the very end of the data is the caller's to make.</summary>
    private int FindCut(ReadOnlySpan<byte> data)
    {
        var end = data.Length - 1;
        if (end < _parameters.BytesMin)
        {
            return 0;
        }

        // A long run of zeros, as free space is, has one hash: it is passed at the speed of memory.
        var start = _parameters.BytesMin - 1;
        var window = start - GearScan.WindowBytes + 1;
        if (!_cutsZeros && data[window] == 0 && data[window..].IndexOfAnyExcept((byte)0) is var zeros and not 0)
        {
            start = zeros < 0 ? end : Math.Min(end, Math.Max(start, window + zeros));
        }

        var average = Math.Min(_parameters.BytesAverage - 1, end);
        var found = start < average ? GearScan.Find(_way, data, start, average, _thresholdBeforeAverage) : -1;
        found = found < 0 && Math.Max(start, average) < end ? GearScan.Find(_way, data, Math.Max(start, average), end, _thresholdAfterAverage) : found;
        return found + 1;
    }
}
