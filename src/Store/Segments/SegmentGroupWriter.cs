using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>Receives a segment: what a snapshot says of it, and its file; the bytes are gone when it returns.</summary>
public delegate void SegmentSink(SegmentSummary summary, ReadOnlySpan<byte> file);

/// <summary>
/// Writes sorted rows as the segments of one group (docs/store-format.md, Segments). The outcome depends on the rows and the allowed
/// length alone, so a group can be rebuilt name for name.
/// </summary>
public static class SegmentGroupWriter
{
    /// <summary>Cuts rows into segments and hands each to <paramref name="emit"/>, in order.</summary>
    /// <param name="entries">Sorted as <see cref="SegmentEntry"/> sorts; of rows with one key the first counts.</param>
    /// <param name="segmentBytesMax">From the store's format.</param>
    /// <param name="emit">Receives the segment's summary and its file.</param>
    public static IReadOnlyList<SegmentSummary> Write(
        IEnumerable<SegmentEntry> entries, int segmentBytesMax, SegmentSink emit)
    {
        List<SegmentSummary> summaries = [];
        using var segment = new SegmentBuilder(segmentBytesMax);
        foreach (var entry in entries)
        {
            if (segment.Count > 0 && segment.Last == entry.Key)
            {
                continue;
            }

            if (segment.Count > 0 && !segment.Fits(entry))
            {
                Flush();
            }

            segment.Add(entry);
        }

        if (segment.Count > 0)
        {
            Flush();
        }

        return summaries;

        void Flush()
        {
            var (first, last, count) = (segment.First, segment.Last, segment.Count);
            var file = segment.Finish();
            var summary = new SegmentSummary(Digest.Of(file), count, first, last);
            emit(summary, file);
            summaries.Add(summary);
        }
    }

    /// <summary>Writes the group into a backend; the segments are durable when it returns.</summary>
    /// <param name="entries">Sorted as <see cref="SegmentEntry"/> sorts; of rows with one key the first counts.</param>
    /// <param name="format">The store's parameters.</param>
    /// <param name="backend">Where segments lie.</param>
    /// <param name="written">Told of each segment; a large index takes a while.</param>
    public static IReadOnlyList<SegmentSummary> Write(IEnumerable<SegmentEntry> entries, StoreFormat format, IBackend backend, Action? written = null) =>
        Write(entries, format.SegmentBytesMax, (summary, file) =>
        {
            backend.CreateSealed(ObjectName.Segment(summary.Name), file);
            written?.Invoke();
        });

    /// <summary>Merges sorted sequences of rows into one.</summary>
    public static IEnumerable<T> Merge<T>(IReadOnlyList<IEnumerable<T>> sequences, IComparer<T>? comparer = null)
    {
        var heads = new PriorityQueue<IEnumerator<T>, T>(comparer);
        foreach (var sequence in sequences)
        {
            Advance(sequence.GetEnumerator());
        }

        while (heads.TryDequeue(out var head, out var entry))
        {
            yield return entry;
            Advance(head);
        }

        void Advance(IEnumerator<T> sequence)
        {
            if (sequence.MoveNext())
            {
                heads.Enqueue(sequence, sequence.Current);
            }
            else
            {
                sequence.Dispose();
            }
        }
    }
}
