namespace AslRescue.Store.Blocks;

/// <summary>
/// Tells bytes that no compressor shrinks, encrypted or compressed ones, by their frequencies (docs/adr/0032-noise.md). A wrong answer costs
/// room or time, never a byte.
/// </summary>
internal static class Noise
{
    /// <summary>How much is looked at in one place.</summary>
    internal const int WindowBytes = 4096;

    private const int WindowsMax = 16;

    // Of n bytes that are equally likely, the squares of the 256 counts add up to n + n(n-1)/256 on average, with a standard deviation of about n/16·√2:
    // 69,616 and 361 for a window. Bytes with an entropy of 7.9 bits have some 76,000.
    private const int SquaresMax = 71_780;

    /// <summary>Whether windows spread evenly over the bytes all look random; false of few bytes, since they tell nothing.</summary>
    internal static bool IsAll(ReadOnlySpan<byte> bytes)
    {
        var windows = Math.Min(bytes.Length / (2 * WindowBytes), WindowsMax);
        for (var window = 0; window < windows; window++)
        {
            var start = (int)((bytes.Length - WindowBytes) * (long)window / Math.Max(windows - 1, 1));
            if (!IsRandom(bytes.Slice(start, WindowBytes)))
            {
                return false;
            }
        }

        return windows > 0;
    }

    private static bool IsRandom(ReadOnlySpan<byte> window)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (var value in window)
        {
            counts[value]++;
        }

        var squares = 0;
        foreach (var count in counts)
        {
            squares += count * count;
        }

        return squares <= SquaresMax;
    }
}
