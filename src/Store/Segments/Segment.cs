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
    private const int WindowEntries = 4096 / SegmentEntry.Bytes;

    // Uniform keys take one or two. Keys that somebody chose would otherwise be gone through window by window.
    private const int InterpolationsMax = 8;
    private readonly IBackend _backend;
    private readonly IStoredObject _file;
    private readonly byte[]? _loaded;
    private readonly Digest[] _blocks;
    private readonly long _entriesOffset;

    private Segment(IBackend backend, SegmentSummary summary, IStoredObject file)
    {
        (_backend, Summary, _file) = (backend, summary, file);
        if (file.Length <= LoadedBytesMax)
        {
            _loaded = new byte[file.Length];
            file.Read(0, _loaded);
            CheckName(Digest.Of(_loaded));
        }

        _blocks = ReadBlockTable();
        _entriesOffset = SegmentGroupWriter.HeaderBytes + ((long)_blocks.Length * Digest.Length);
    }

    /// <summary>What the snapshot says of it.</summary>
    public SegmentSummary Summary { get; }

    /// <summary>The blocks that its rows point into, ascending.</summary>
    public IReadOnlyList<Digest> Blocks => _blocks;

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
        location = default;
        Span<byte> buffer = stackalloc byte[WindowEntries * SegmentEntry.Bytes];
        var (low, high) = (0L, Summary.Count);
        var (lowPrefix, highPrefix) = (Summary.First.Prefix, Summary.Last.Prefix);
        for (var step = 0; low < high; step++)
        {
            var guess = step < InterpolationsMax ? Guess(key.Prefix, low, high, lowPrefix, highPrefix) : low + ((high - low) / 2);
            var start = Math.Clamp(guess - (WindowEntries / 2), low, Math.Max(low, high - WindowEntries));
            var count = (int)Math.Min(WindowEntries, high - start);
            var window = Rows(start, count, buffer);
            var first = new Digest(window[..Digest.Length]);
            var last = new Digest(window.Slice((count - 1) * SegmentEntry.Bytes, Digest.Length));
            if (key < first)
            {
                (high, highPrefix) = (start, first.Prefix);
            }
            else if (key > last)
            {
                (low, lowPrefix) = (start + count, last.Prefix);
            }
            else
            {
                return FindInWindow(key, window, start, ref location);
            }
        }

        return false;
    }

    /// <summary>All rows in order. Checks order and the file's name on the way: the last row comes only from an undamaged segment.</summary>
    /// <exception cref="AslException">SegmentCorrupt, with the offset where it is known.</exception>
    public IEnumerable<SegmentEntry> ReadAll()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var head = new byte[_entriesOffset];
        _file.Read(0, head);
        hash.AppendData(head);
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
                CheckName(new Digest(hash.GetHashAndReset()));
            }

            for (var index = 0; index < count; index++)
            {
                var entry = Row(rows.Span[(index * SegmentEntry.Bytes)..], start + index);
                if (entry.Key <= previous)
                {
                    throw Corrupt(_entriesOffset + ((start + index) * SegmentEntry.Bytes), "its keys are not ascending");
                }

                previous = entry.Key;
                yield return entry;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

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

    private bool FindInWindow(Digest key, ReadOnlySpan<byte> window, long start, ref ArtifactLocation location)
    {
        var (low, high) = (0, window.Length / SegmentEntry.Bytes);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = window.Slice(middle * SegmentEntry.Bytes, Digest.Length).SequenceCompareTo(key.Span);
            if (order == 0)
            {
                location = Row(window[(middle * SegmentEntry.Bytes)..], start + middle).Location;
                return true;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle);
        }

        return false;
    }

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

    private SegmentEntry Row(ReadOnlySpan<byte> row, long index) =>
        SegmentEntry.Read(row, _blocks) ?? throw Corrupt(_entriesOffset + (index * SegmentEntry.Bytes) + 32, "a row names a block that is not listed, or a place that no block has");

    private Digest[] ReadBlockTable()
    {
        Span<byte> header = stackalloc byte[SegmentGroupWriter.HeaderBytes];
        if (_file.Length < header.Length)
        {
            throw Corrupt(0, $"a file of {_file.Length} bytes is no segment");
        }

        _file.Read(0, header);
        var blocks = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        var entries = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (!header.StartsWith("ASLSEGM1"u8) || BinaryPrimitives.ReadInt32LittleEndian(header[8..]) != StoreFormat.Version
            || header[24..].ContainsAnyExcept((byte)0))
        {
            throw Corrupt(0, "it does not start as a segment does");
        }

        var length = header.Length + ((long)blocks * Digest.Length) + (entries * SegmentEntry.Bytes);
        if (blocks < 1 || entries != Summary.Count || length != _file.Length)
        {
            throw Corrupt(12, $"it says {blocks} blocks and {entries} rows, its length is {_file.Length} and the snapshot says {Summary.Count} rows");
        }

        var raw = new byte[blocks * Digest.Length];
        _file.Read(header.Length, raw);
        var table = new Digest[blocks];
        for (var index = 0; index < blocks; index++)
        {
            table[index] = new Digest(raw.AsSpan(index * Digest.Length, Digest.Length));
        }

        return table;
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
