using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>
/// One segment while it fills: its rows as they will lie in the file, so that it takes no more memory than the file. The buffer is used
/// again for the next.
/// </summary>
/// <remarks>Until <see cref="Finish"/> rows lie at the start of the buffer and number blocks in the order in which they came.</remarks>
internal sealed class SegmentBuilder(int bytesMax) : IDisposable
{
    internal const int HeaderBytes = 32;

    private readonly Dictionary<Digest, int> _blocks = [];
    private AlignedBuffer _buffer = new(Math.Min(bytesMax, 1 << 20));

    /// <summary>Number of rows.</summary>
    internal int Count { get; private set; }

    /// <summary>Key of the first row.</summary>
    internal Digest First => new(_buffer.Span[..Digest.Length]);

    /// <summary>Key of the last row.</summary>
    internal Digest Last { get; private set; }

    internal bool Fits(in SegmentEntry entry) =>
        Length(_blocks.Count + (_blocks.ContainsKey(entry.Location.Block) ? 0 : 1), Count + 1) <= bytesMax;

    internal void Add(in SegmentEntry entry)
    {
        if (!_blocks.TryGetValue(entry.Location.Block, out var block))
        {
            block = _blocks.Count;
            _blocks.Add(entry.Location.Block, block);
        }

        Count++;
        Last = entry.Key;
        if (Length(_blocks.Count, Count) > _buffer.Length)
        {
            Grow();
        }

        entry.Write(_buffer.Span[((Count - 1) * SegmentEntry.Bytes)..], block);
    }

    /// <summary>The whole file; valid until the next call. What comes next starts a new segment.</summary>
    internal ReadOnlySpan<byte> Finish()
    {
        var table = _blocks.Keys.Order().ToArray();
        var file = _buffer.Span[..(int)Length(table.Length, Count)];
        var entries = file.Slice(HeaderBytes + (table.Length * Digest.Length), Count * SegmentEntry.Bytes);
        _buffer.Span[..entries.Length].CopyTo(entries);
        WriteHead(file, table);
        RenumberBlocks(entries, table);
        FillFilter(file[(HeaderBytes + (table.Length * Digest.Length) + entries.Length)..], entries);
        _blocks.Clear();
        Count = 0;
        return file;
    }

    public void Dispose() => _buffer.Dispose();

    /// <summary>Length of a segment's file.</summary>
    internal static long Length(long blocks, long entries) =>
        HeaderBytes + (blocks * Digest.Length) + (entries * SegmentEntry.Bytes) + KeyFilter.BytesFor(entries);

    private static void FillFilter(Span<byte> filter, ReadOnlySpan<byte> entries)
    {
        filter.Clear();
        for (var offset = 0; offset < entries.Length; offset += SegmentEntry.Bytes)
        {
            KeyFilter.Add(filter, new Digest(entries.Slice(offset, Digest.Length)));
        }
    }

    private void WriteHead(Span<byte> file, Digest[] table)
    {
        file[..HeaderBytes].Clear();
        "ASLSEGM1"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file[8..], StoreFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(file[12..], table.Length);
        BinaryPrimitives.WriteInt64LittleEndian(file[16..], Count);
        for (var index = 0; index < table.Length; index++)
        {
            table[index].Span.CopyTo(file[(HeaderBytes + (index * Digest.Length))..]);
        }
    }

    private void RenumberBlocks(Span<byte> entries, Digest[] table)
    {
        var numbers = new int[table.Length];
        for (var index = 0; index < table.Length; index++)
        {
            numbers[_blocks[table[index]]] = index;
        }

        for (var offset = 0; offset < entries.Length; offset += SegmentEntry.Bytes)
        {
            SegmentEntry.Renumber(entries[offset..], numbers);
        }
    }

    private void Grow()
    {
        var length = Math.Max(Length(_blocks.Count, Count), Math.Min(bytesMax, _buffer.Length * 2L));
        var grown = new AlignedBuffer((int)length);
        _buffer.Span.CopyTo(grown.Span);
        _buffer.Dispose();
        _buffer = grown;
    }
}
