using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Segments;

/// <summary>
/// Holds a segment from elsewhere against the blocks that it names. A row that points to nothing would do worse than be useless: whoever
/// finds its key believes that the artifact is stored, and does not store it.
/// </summary>
public static class SegmentCheck
{
    private const int SliceBytes = 1 << 20;

    /// <summary>
    /// Checks header, name, order, filter, and every row against the footer of its block. Takes as much memory besides as four bytes a row, eight
    /// usual footers and the largest.
    /// </summary>
    /// <param name="backend">Where the blocks lie.</param>
    /// <param name="name">What the segment is called.</param>
    /// <param name="file">Its bytes, in a backend of their own.</param>
    /// <param name="mayName">Whether it may refer to a block. Asked by several threads.</param>
    /// <exception cref="AslException">SegmentCorrupt; or a block is missing or damaged.</exception>
    public static void Run(IBackend backend, Digest name, IBackend file, Func<Digest, bool> mayName)
    {
        var content = file.ReadAll(ObjectName.Segment(name));
        using var segment = Segment.Open(file, Summary(name, content));
        var rows = new int[segment.Summary.Count];
        List<Digest> blocks = [];
        var numbers = new Dictionary<Digest, int>();
        var index = 0;
        foreach (var entry in segment.ReadAll())
        {
            if (!numbers.TryGetValue(entry.Location.Block, out var number))
            {
                numbers.Add(entry.Location.Block, number = blocks.Count);
                blocks.Add(entry.Location.Block);
            }

            rows[index++] = number;
        }

        CheckRows(backend, segment, rows, blocks, mayName);
    }

    /// <summary>The blocks that a segment names, as its table lists them.</summary>
    /// <exception cref="AslException">It is missing.</exception>
    public static IReadOnlyList<Digest> BlocksOf(IBackend backend, Digest name)
    {
        using var file = backend.OpenExisting(ObjectName.Segment(name));
        return Blocks(backend, name, file, out _);
    }

    /// <summary>What a snapshot must say of a segment, and the blocks that it names, from its header, its table and two of its rows.</summary>
    /// <exception cref="AslException">It is missing, or no segment.</exception>
    internal static (SegmentSummary Summary, IReadOnlyList<Digest> Blocks) Look(IBackend backend, Digest name)
    {
        using var file = backend.OpenExisting(ObjectName.Segment(name));
        var blocks = Blocks(backend, name, file, out var header);
        var count = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16));
        if (count < 1 || count > file.Length / SegmentEntry.Bytes || SegmentBuilder.Length(blocks.Count, count) != file.Length)
        {
            throw Corrupt(backend, name, $"it says {blocks.Count} blocks and {count} rows and has {file.Length} bytes");
        }

        var first = SegmentBuilder.HeaderBytes + ((long)blocks.Count * Digest.Length);
        return (new(name, count, KeyAt(file, first), KeyAt(file, first + ((count - 1) * SegmentEntry.Bytes))), blocks);
    }

    /// <summary>Hashes a segment of any length: before what rests on it is called wrong.</summary>
    /// <exception cref="AslException">It is missing, or SegmentCorrupt: its bytes are not those that its name says.</exception>
    internal static void CheckName(IBackend backend, Digest name)
    {
        using var file = backend.OpenExisting(ObjectName.Segment(name));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Math.Min(SliceBytes, file.Length)];
        for (var offset = 0L; offset < file.Length;)
        {
            var slice = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - offset));
            file.Read(offset, slice);
            hash.AppendData(slice);
            offset += slice.Length;
        }

        if (new Digest(hash.GetHashAndReset()) is var actual && actual != name)
        {
            throw Corrupt(backend, name, $"its {file.Length} bytes hash to {actual.Short}…, its name says otherwise");
        }
    }

    private static Digest KeyAt(IStoredObject file, long offset)
    {
        Span<byte> key = stackalloc byte[Digest.Length];
        file.Read(offset, key);
        return new Digest(key);
    }

    private static IReadOnlyList<Digest> Blocks(IBackend backend, Digest name, IStoredObject file, out byte[] header)
    {
        header = new byte[SegmentBuilder.HeaderBytes];
        if (file.Length < header.Length)
        {
            throw Corrupt(backend, name, $"a file of {file.Length} bytes is no segment");
        }

        file.Read(0, header);
        var count = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12));
        if (count < 1 || count > (file.Length - header.Length) / Digest.Length)
        {
            throw Corrupt(backend, name, $"it says {count} blocks and has {file.Length} bytes");
        }

        var table = new byte[count * Digest.Length];
        file.Read(header.Length, table);
        return [.. Enumerable.Range(0, count).Select(index => new Digest(table.AsSpan(index * Digest.Length, Digest.Length)))];
    }

    private static void CheckRows(IBackend backend, Segment segment, int[] rows, List<Digest> blocks, Func<Digest, bool> mayName)
    {
        // Row numbers, block by block, each block's ascending as the rows are.
        var starts = new int[blocks.Count + 1];
        foreach (var block in rows)
        {
            starts[block + 1]++;
        }

        for (var block = 0; block < blocks.Count; block++)
        {
            starts[block + 1] += starts[block];
        }

        var order = new int[rows.Length];
        var next = starts.AsSpan(0, blocks.Count).ToArray();
        for (var row = 0; row < rows.Length; row++)
        {
            order[next[rows[row]]++] = row;
        }

        var wrong = BlockFooters.FirstError(backend, blocks,
            block => mayName(blocks[block]) ? null : Corruption(backend, segment.Summary.Name, $"it names block {blocks[block].Short}…, which this domain has not given"),
            (block, footer) => CheckBlock(backend, segment, footer, order.AsSpan(starts[block]..starts[block + 1])),
            CancellationToken.None);
        if (wrong is not null)
        {
            throw new AslException(wrong);
        }
    }

    private static AslError? CheckBlock(IBackend backend, Segment segment, BlockFooter footer, ReadOnlySpan<int> rows)
    {
        var entries = new HashSet<SegmentEntry>();
        foreach (var entry in footer.Entries)
        {
            entries.Add(new(entry.Key, new(footer.Name, entry.Offset, entry.StoredLength, entry.RawLength, entry.Codec, entry.Position)));
        }

        foreach (var row in rows)
        {
            var entry = segment.RowAt(row);
            if (!entries.Contains(entry))
            {
                return Corruption(backend, segment.Summary.Name, string.Create(CultureInfo.InvariantCulture,
                    $"row {row} says that block {footer.Name.Short}… has artifact {entry.Key.Short}… at {entry.Location.Offset}, and its footer does not"));
            }
        }

        return null;
    }

    /// <summary>What a snapshot would say of it: as the segment itself has it.</summary>
    private static SegmentSummary Summary(Digest name, byte[] content)
    {
        var count = content.Length < SegmentBuilder.HeaderBytes ? 0 : BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(16));
        var blocks = content.Length < SegmentBuilder.HeaderBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(12));
        if (count < 1 || blocks < 1 || count > content.Length / SegmentEntry.Bytes || blocks > content.Length / Digest.Length || SegmentBuilder.Length(blocks, count) != content.Length)
        {
            return new(name, count, default, default); // Opening it says what is wrong.
        }

        var first = SegmentBuilder.HeaderBytes + (blocks * Digest.Length);
        var last = first + ((int)(count - 1) * SegmentEntry.Bytes);
        return new(name, count, new Digest(content.AsSpan(first, Digest.Length)), new Digest(content.AsSpan(last, Digest.Length)));
    }

    private static AslException Corrupt(IBackend backend, Digest name, string why) => new(Corruption(backend, name, why));

    private static AslError Corruption(IBackend backend, Digest name, string why) => new(ErrorCode.SegmentCorrupt, $"segment {name.Short} is corrupt")
    {
        Where = $"{backend.Location}/{ObjectName.Segment(name)}",
        Why = why,
        Fix = "ingest again: what is stored is not stored again",
    };
}
