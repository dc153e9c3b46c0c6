using AslRescue.Shared;

namespace AslRescue.Store.Segments;

/// <summary>Gives rows as they lie in a file: from memory, or read into the buffer.</summary>
internal delegate ReadOnlySpan<byte> RowReader(long start, int count, Span<byte> buffer);

/// <summary>
/// Finds a key among sorted rows that start with it, by interpolation: keys are uniform, so a page or two are read. Keys that
/// somebody chose would be gone through page by page; after a few steps the range is halved instead.
/// </summary>
/// <param name="count">Number of rows.</param>
/// <param name="first">Prefix of the first key.</param>
/// <param name="last">Prefix of the last key.</param>
/// <param name="read">Gives the rows, <see cref="SegmentEntry.Bytes"/> each; any thread may call it.</param>
internal sealed class RowSearch(long count, ulong first, ulong last, RowReader read)
{
    private const int WindowRows = 4096 / SegmentEntry.Bytes;

    // Uniform keys take one or two.
    private const int InterpolationsMax = 8;

    /// <summary>The number of the row with the key, or −1.</summary>
    /// <param name="key">What is looked for.</param>
    /// <param name="row">Receives the row.</param>
    internal long Find(in Digest key, Span<byte> row)
    {
        Span<byte> buffer = stackalloc byte[WindowRows * SegmentEntry.Bytes];
        var (low, high) = (0L, count);
        var (lowPrefix, highPrefix) = (first, last);
        for (var step = 0; low < high; step++)
        {
            var guess = step < InterpolationsMax ? Guess(key.Prefix, low, high, lowPrefix, highPrefix) : low + ((high - low) / 2);
            var start = Math.Clamp(guess - (WindowRows / 2), low, Math.Max(low, high - WindowRows));
            var window = read(start, (int)Math.Min(WindowRows, high - start), buffer);
            var lastKey = window[^SegmentEntry.Bytes..][..Digest.Length];
            if (key.Span.SequenceCompareTo(window[..Digest.Length]) < 0)
            {
                (high, highPrefix) = (start, new Digest(window[..Digest.Length]).Prefix);
            }
            else if (key.Span.SequenceCompareTo(lastKey) > 0)
            {
                (low, lowPrefix) = (start + (window.Length / SegmentEntry.Bytes), new Digest(lastKey).Prefix);
            }
            else
            {
                return FindInWindow(key, window, row) is var index and >= 0 ? start + index : -1;
            }
        }

        return -1;
    }

    private static long Guess(ulong prefix, long low, long high, ulong lowPrefix, ulong highPrefix)
    {
        if (prefix <= lowPrefix)
        {
            return low;
        }

        return prefix >= highPrefix
            ? high - 1
            : low + (long)((prefix - lowPrefix) / (double)(highPrefix - lowPrefix) * (high - low));
    }

    private static int FindInWindow(in Digest key, ReadOnlySpan<byte> window, Span<byte> row)
    {
        var (low, high) = (0, window.Length / SegmentEntry.Bytes);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var found = window.Slice(middle * SegmentEntry.Bytes, SegmentEntry.Bytes);
            var order = found[..Digest.Length].SequenceCompareTo(key.Span);
            if (order == 0)
            {
                found.CopyTo(row);
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle);
        }

        return -1;
    }
}
