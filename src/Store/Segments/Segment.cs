using System.Buffers.Binary;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>
/// A sealed segment, open for look-ups. Keys are uniform, so interpolation finds a row within a page or two. Small segments are read
/// and checked whole; of large ones only the pages around a guess are read (docs/adr/0005-segment-reads.md).
/// Any number of threads may look things up.
/// </summary>
public sealed class Segment : IDisposable
{
    private const int LoadedBytesMax = 4 << 20;
    private readonly IBackend _backend;
    private readonly IStoredObject _file;
    private readonly byte[]? _loaded;
    private readonly int _blocks;
    private readonly long _entriesOffset;
    private readonly long _filterOffset;
    private readonly RowSearch _search;

    private Segment(IBackend backend, SegmentSummary summary, IStoredObject file)
    {
        (_backend, Summary, _file) = (backend, summary, file);
        if (file.Length <= LoadedBytesMax)
        {
            _loaded = new byte[file.Length];
            file.Read(0, _loaded);
            CheckName(Digest.Of(_loaded));
        }

        _blocks = ReadHeader();
        _entriesOffset = SegmentBuilder.HeaderBytes + ((long)_blocks * Digest.Length);
        _filterOffset = _entriesOffset + (summary.Count * SegmentEntry.Bytes);
        _search = new(summary.Count, summary.First.Prefix, summary.Last.Prefix, Rows);
    }

    /// <summary>What the snapshot says of it.</summary>
    public SegmentSummary Summary { get; }

    /// <summary>Opens a segment that a snapshot pins.</summary>
    /// <exception cref="AslException">ObjectMissing or SegmentCorrupt.</exception>
    public static Segment Open(IBackend backend, SegmentSummary summary, bool pastCache = false)
    {
        var file = backend.OpenExisting(ObjectName.Segment(summary.Name), pastCache);
        try
        {
            return new Segment(backend, summary, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The place of an artifact, if the segment has the key.</summary>
    public bool TryFind(Digest key, out ArtifactLocation location)
    {
        Span<byte> row = stackalloc byte[SegmentEntry.Bytes];
        var index = _search.Find(key, row);
        location = index >= 0 ? Row(row, index, ReadBlockName).Location : default;
        return index >= 0;
    }

    /// <summary>
    /// Whether the segment has the key. A key that it has not, the usual case, costs one line of the filter; the filter is not asked where an
    /// artifact is wanted, since a damaged one would hide it, while here it only stores it twice.
    /// </summary>
    public bool Contains(Digest key)
    {
        Span<byte> row = stackalloc byte[SegmentEntry.Bytes];
        if (_loaded is null)
        {
            Span<byte> line = stackalloc byte[KeyFilter.LineBytes];
            _file.Read(_filterOffset + KeyFilter.LineOf(key, _file.Length - _filterOffset), line);
            if (!KeyFilter.LineMayContain(line, key))
            {
                return false;
            }
        }

        return _search.Find(key, row) >= 0;
    }

    /// <summary>
    /// All rows in order. Checks order, filter and the file's name on the way: the last row comes only from an undamaged segment.
    /// </summary>
    /// <exception cref="AslException">SegmentCorrupt, with the offset where it is known.</exception>
    public IEnumerable<SegmentEntry> ReadAll()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var head = new byte[_entriesOffset];
        _file.Read(0, head);
        hash.AppendData(head);
        Digest BlockName(int block) => new(head.AsSpan(SegmentBuilder.HeaderBytes + (block * Digest.Length), Digest.Length));
        var filter = new byte[_file.Length - _filterOffset];
        _file.Read(_filterOffset, filter);
        var buffer = new byte[SegmentEntry.Bytes * 1024];
        Digest? previous = null;
        for (var start = 0L; start < Summary.Count; start += 1024)
        {
            var count = (int)Math.Min(1024, Summary.Count - start);
            var rows = buffer.AsMemory(0, count * SegmentEntry.Bytes);
            _file.Read(_entriesOffset + (start * SegmentEntry.Bytes), rows.Span);
            hash.AppendData(rows.Span);
            if (start + count == Summary.Count)
            {
                hash.AppendData(filter);
                CheckName(new Digest(hash.GetHashAndReset()));
            }

            for (var index = 0; index < count; index++)
            {
                var entry = Row(rows.Span[(index * SegmentEntry.Bytes)..], start + index, BlockName);
                if (entry.Key <= previous)
                {
                    throw Corrupt(_entriesOffset + ((start + index) * SegmentEntry.Bytes), "its keys are not ascending");
                }

                if (!KeyFilter.MayContain(filter, entry.Key))
                {
                    throw Corrupt(_filterOffset, "its filter lacks a key that it has");
                }

                previous = entry.Key;
                yield return entry;
            }
        }
    }

    /// <summary>One row, by its number from 0.</summary>
    /// <exception cref="AslException">SegmentCorrupt.</exception>
    internal SegmentEntry RowAt(long index)
    {
        Span<byte> row = stackalloc byte[SegmentEntry.Bytes];
        return Row(Rows(index, 1, row), index, ReadBlockName);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private ReadOnlySpan<byte> Rows(long start, int count, Span<byte> buffer)
    {
        var offset = _entriesOffset + (start * SegmentEntry.Bytes);
        if (_loaded is not null)
        {
            return _loaded.AsSpan((int)offset, count * SegmentEntry.Bytes);
        }

        buffer = buffer[..(count * SegmentEntry.Bytes)];
        _file.Read(offset, buffer);
        return buffer;
    }

    private SegmentEntry Row(ReadOnlySpan<byte> row, long index, Func<int, Digest> blockName)
    {
        var block = SegmentEntry.BlockOf(row);
        return (uint)block < (uint)_blocks && SegmentEntry.Read(row, blockName(block)) is { } entry ? entry
            : throw Corrupt(_entriesOffset + (index * SegmentEntry.Bytes) + 32, "a row names a block that is not listed, or a place that no block has");
    }

    private Digest ReadBlockName(int block)
    {
        Span<byte> name = stackalloc byte[Digest.Length];
        Read(SegmentBuilder.HeaderBytes + ((long)block * Digest.Length), name);
        return new Digest(name);
    }

    private void Read(long offset, Span<byte> buffer)
    {
        if (_loaded is null)
        {
            _file.Read(offset, buffer);
        }
        else
        {
            _loaded.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        }
    }

    private int ReadHeader()
    {
        Span<byte> header = stackalloc byte[SegmentBuilder.HeaderBytes];
        if (_file.Length < header.Length)
        {
            throw Corrupt(0, $"a file of {_file.Length} bytes is no segment");
        }

        Read(0, header);
        var blocks = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        var entries = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (!header.StartsWith("ASLSEGM1"u8) || BinaryPrimitives.ReadInt32LittleEndian(header[8..]) != StoreFormat.Version
            || header[24..].ContainsAnyExcept((byte)0))
        {
            throw Corrupt(0, "it does not start as a segment does");
        }

        var isPossible = blocks >= 1 && entries >= 1 && entries <= _file.Length / SegmentEntry.Bytes && blocks <= _file.Length / Digest.Length;
        return isPossible && entries == Summary.Count && SegmentBuilder.Length(blocks, entries) == _file.Length ? blocks
            : throw Corrupt(12, $"it says {blocks} blocks and {entries} rows, its length is {_file.Length} and the snapshot says {Summary.Count} rows");
    }

    private void CheckName(Digest actual)
    {
        if (actual != Summary.Name)
        {
            throw Corrupt(0, $"its {_file.Length} bytes hash to {actual.Short}…, its name says otherwise");
        }
    }

    private AslException Corrupt(long offset, string why) => new(new AslError(ErrorCode.SegmentCorrupt, $"segment {Summary.Name.Short} is corrupt")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"{_backend.Location}/{ObjectName.Segment(Summary.Name)}, offset {offset}"),
        Why = why,
        Fix = "asl-debug rebuild-index   (segments are made again from the blocks; no data is lost)",
    });
}
