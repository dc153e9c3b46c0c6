using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>
/// Writes sorted rows as the segments of one group (docs/store-format.md, Segments). The outcome depends on the rows and the allowed
/// length alone, so a group can be rebuilt name for name.
/// </summary>
public static class SegmentGroupWriter
{
    internal const int HeaderBytes = 32;

    /// <summary>Cuts rows into segments and hands each to <paramref name="emit"/>, in order.</summary>
    /// <param name="entries">Sorted as <see cref="SegmentEntry"/> sorts; of rows with one key the first counts.</param>
    /// <param name="segmentBytesMax">From the store's format.</param>
    /// <param name="emit">Receives the segment's summary and its file.</param>
    public static IReadOnlyList<SegmentSummary> Write(
        IEnumerable<SegmentEntry> entries, int segmentBytesMax, Action<SegmentSummary, ReadOnlyMemory<byte>> emit)
    {
        List<SegmentSummary> summaries = [];
        List<SegmentEntry> pending = [];
        HashSet<Digest> blocks = [];
        foreach (var entry in entries)
        {
            if (pending.Count > 0 && pending[^1].Key == entry.Key)
            {
                continue;
            }

            var newBlock = blocks.Contains(entry.Location.Block) ? 0 : 1;
            if (pending.Count > 0 && Length(blocks.Count + newBlock, pending.Count + 1) > segmentBytesMax)
            {
                Flush();
            }

            blocks.Add(entry.Location.Block);
            pending.Add(entry);
        }

        if (pending.Count > 0)
        {
            Flush();
        }

        return summaries;

        void Flush()
        {
            var file = Render(pending, blocks);
            var summary = new SegmentSummary(Digest.Of(file), pending.Count, pending[0].Key, pending[^1].Key);
            emit(summary, file);
            summaries.Add(summary);
            pending.Clear();
            blocks.Clear();
        }
    }

    /// <summary>Writes the group into a backend; the segments are durable when it returns.</summary>
    public static IReadOnlyList<SegmentSummary> Write(IEnumerable<SegmentEntry> entries, StoreFormat format, IBackend backend) =>
        Write(entries, format.SegmentBytesMax, (summary, file) => backend.CreateSealed(ObjectName.Segment(summary.Name), file.Span));

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

    private static long Length(int blocks, int entries) => HeaderBytes + ((long)blocks * Digest.Length) + ((long)entries * SegmentEntry.Bytes);

    private static byte[] Render(List<SegmentEntry> entries, HashSet<Digest> blocks)
    {
        Digest[] table = [.. blocks.Order()];
        var positions = new Dictionary<Digest, int>(table.Length);
        var file = new byte[Length(table.Length, entries.Count)];
        "ASLSEGM1"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(8), StoreFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), table.Length);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(16), entries.Count);
        for (var index = 0; index < table.Length; index++)
        {
            positions[table[index]] = index;
            table[index].Span.CopyTo(file.AsSpan(HeaderBytes + (index * Digest.Length)));
        }

        var offset = HeaderBytes + (table.Length * Digest.Length);
        foreach (var entry in entries)
        {
            entry.Write(file.AsSpan(offset), positions[entry.Location.Block]);
            offset += SegmentEntry.Bytes;
        }

        return file;
    }
}
