using System.Buffers.Binary;
using System.Security.Cryptography;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Inspection;

/// <summary>Where the parts of a segment lie, as far as header and length agree.</summary>
/// <param name="Blocks">Names in the table of blocks.</param>
/// <param name="Rows">Rows.</param>
/// <param name="RowsOffset">Where they start.</param>
/// <param name="FilterOffset">Where the filter starts.</param>
public sealed record SegmentLayout(int Blocks, long Rows, long RowsOffset, long FilterOffset);

/// <summary>A row of a segment as it lies there.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Offset">Of the row in the file.</param>
/// <param name="Key">The artifact's.</param>
/// <param name="Block">Which block of the table it names, as it says.</param>
/// <param name="Location">Where the artifact lies; null when no block has such a place, or the table has no such block.</param>
public sealed record InspectedRow(long Number, long Offset, Digest Key, int Block, ArtifactLocation? Location);

/// <summary>What one way through the rows of a segment found.</summary>
public sealed record SegmentSurvey
{
    /// <summary>SHA-256 of the file; null when a part cannot be read.</summary>
    public Digest? Digest { get; init; }

    /// <summary>Rows whose key is not above the one before.</summary>
    public long Unsorted { get; init; }

    /// <summary>Rows that name no place.</summary>
    public long Impossible { get; init; }

    /// <summary>Rows whose key the filter lacks: a writer stores their artifacts again.</summary>
    public long NotInFilter { get; init; }

    /// <summary>Bits of the filter; how many are set; how many of those no row asks for.</summary>
    public (long All, long Set, long Surplus)? FilterBits { get; init; }

    /// <summary>The first of each kind, with their offsets, and what cannot be read.</summary>
    public required IReadOnlyList<Damage> Damages { get; init; }
}

/// <summary>A segment file, whole or damaged. Memory: its filter (a fortieth of the file) twice, and a page of rows.</summary>
public sealed class InspectedSegment
{
    private const int HeaderBytes = 32;
    private const int RowsAtOnce = 1024;
    private const int DamagesOfAKindMax = 5;
    private readonly InspectedFile _file;
    private readonly List<Damage> _damages = [];

    /// <summary>Reads the header.</summary>
    public InspectedSegment(InspectedFile file)
    {
        _file = file;
        if (file.TryRead(0, HeaderBytes) is not { } header)
        {
            _damages.Add(new(0, Math.Min(file.Length, HeaderBytes), $"a header of {HeaderBytes} bytes cannot be read; the file has {file.Length}"));
            return;
        }

        IsMarked = header.AsSpan().StartsWith("ASLSEGM1"u8);
        (Version, SaidBlocks, SaidRows) = (BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8)), BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)));
        if (!IsMarked)
        {
            _damages.Add(new(0, 8, "the file does not start as a segment does"));
        }

        if (Version != StoreFormat.Version || header.AsSpan(24).ContainsAnyExcept((byte)0))
        {
            _damages.Add(new(8, 24, $"the header has version {Version}, or bytes that are not zero"));
        }

        Layout = FindLayout();
    }

    /// <summary>Whether it starts with a segment's mark.</summary>
    public bool IsMarked { get; }

    /// <summary>As the header says.</summary>
    public int Version { get; }

    /// <summary>As the header says.</summary>
    public int SaidBlocks { get; }

    /// <summary>As the header says.</summary>
    public long SaidRows { get; }

    /// <summary>Null where no numbers fit the length of the file.</summary>
    public SegmentLayout? Layout { get; }

    /// <summary>What is wrong with the header.</summary>
    public IReadOnlyList<Damage> Damages => _damages;

    /// <summary>The name of a block of the table; null when it cannot be read.</summary>
    public Digest? BlockName(int number) =>
        Layout is { } layout && number >= 0 && number < layout.Blocks && _file.TryRead(HeaderBytes + ((long)number * Digest.Length), Digest.Length) is { } name ? new Digest(name) : null;

    /// <summary>Rows from a number on, read as they are asked for; those that cannot be read are left out.</summary>
    public IEnumerable<InspectedRow> Rows(long first = 0)
    {
        if (Layout is not { } layout)
        {
            yield break;
        }

        var table = new BlockTable(this);
        var buffer = new byte[RowsAtOnce * SegmentEntry.Bytes];
        for (var start = Math.Max(0, first); start < layout.Rows; start += RowsAtOnce)
        {
            var count = (int)Math.Min(RowsAtOnce, layout.Rows - start);
            var offset = layout.RowsOffset + (start * SegmentEntry.Bytes);
            if (_file.Read(offset, buffer.AsSpan(0, count * SegmentEntry.Bytes)) is not null)
            {
                continue;
            }

            for (var index = 0; index < count; index++)
            {
                yield return ToRow(buffer.AsSpan(index * SegmentEntry.Bytes, SegmentEntry.Bytes), start + index, offset + (index * SegmentEntry.Bytes), table);
            }
        }
    }

    /// <summary>Goes through the whole file once: hash, order, places, filter.</summary>
    /// <param name="onRow">Sees each row that can be read; may be null.</param>
    public SegmentSurvey Survey(Action<InspectedRow>? onRow = null)
    {
        if (Layout is not { } layout)
        {
            return new() { Damages = [] };
        }

        var filter = layout.Rows <= BackendExtensions.ObjectBytesMax / SegmentEntry.Bytes ? _file.TryRead(layout.FilterOffset, (int)KeyFilter.BytesFor(layout.Rows)) : null;
        var pass = new Pass(layout, filter);
        foreach (var row in Rows())
        {
            pass.Take(row);
            onRow?.Invoke(row);
        }

        return pass.Finish(Hash(), _file);
    }

    private InspectedRow ToRow(ReadOnlySpan<byte> row, long number, long offset, BlockTable table)
    {
        var block = SegmentEntry.BlockOf(row);
        var entry = table.NameOf(block) is { } name ? SegmentEntry.Read(row, name) : null;
        return new(number, offset, new Digest(row[..Digest.Length]), block, entry?.Location);
    }

    /// <summary>The header's numbers where they fit the file's length; else the one that fits with the other.</summary>
    private SegmentLayout? FindLayout()
    {
        var isPossible = SaidBlocks >= 1 && SaidBlocks <= _file.Length / Digest.Length && SaidRows >= 1 && SaidRows <= _file.Length / SegmentEntry.Bytes;
        if (isPossible && SegmentBuilder.Length(SaidBlocks, SaidRows) == _file.Length)
        {
            return NewLayout(SaidBlocks, SaidRows);
        }

        var (blocks, rows) = (BlocksFor(SaidRows), RowsFor(SaidBlocks));
        var found = blocks is { } one && rows is null ? NewLayout(one, SaidRows) : rows is { } other && blocks is null ? NewLayout(SaidBlocks, other) : null;
        _damages.Add(new(12, 12, $"it says {SaidBlocks} blocks and {SaidRows} rows, which a file of {_file.Length} bytes does not have"
            + (found is null ? "; where its rows lie cannot be known" : $"; read as {found.Blocks} blocks and {found.Rows} rows")));
        return found;
    }

    private static SegmentLayout NewLayout(int blocks, long rows)
    {
        var offset = HeaderBytes + ((long)blocks * Digest.Length);
        return new(blocks, rows, offset, offset + (rows * SegmentEntry.Bytes));
    }

    private int? BlocksFor(long rows) => rows >= 1 && rows <= _file.Length / SegmentEntry.Bytes
        && _file.Length - SegmentBuilder.Length(0, rows) is var rest && rest >= Digest.Length && rest % Digest.Length == 0 && rest / Digest.Length <= int.MaxValue ? (int)(rest / Digest.Length) : null;

    private long? RowsFor(int blocks)
    {
        var (low, high) = (1L, _file.Length / SegmentEntry.Bytes);
        while (blocks >= 1 && blocks <= _file.Length / Digest.Length && low <= high)
        {
            var middle = low + ((high - low) / 2);
            var length = SegmentBuilder.Length(blocks, middle);
            if (length == _file.Length)
            {
                return middle;
            }

            (low, high) = length < _file.Length ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    private Digest? Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        for (var offset = 0L; offset < _file.Length; offset += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, _file.Length - offset));
            if (_file.Read(offset, part) is not null)
            {
                return null;
            }

            hash.AppendData(part);
        }

        return new Digest(hash.GetHashAndReset());
    }

    /// <summary>The names of blocks that rows ask for, a few thousand at once.</summary>
    private sealed class BlockTable(InspectedSegment segment)
    {
        private const int NamesMax = 4096;
        private readonly Dictionary<int, Digest?> _names = [];

        internal Digest? NameOf(int block)
        {
            if (_names.TryGetValue(block, out var known))
            {
                return known;
            }

            if (_names.Count == NamesMax)
            {
                _names.Clear();
            }

            return _names[block] = segment.BlockName(block);
        }
    }

    /// <summary>One way through the rows.</summary>
    private sealed class Pass(SegmentLayout layout, byte[]? filter)
    {
        private readonly byte[]? _asked = filter is null ? null : new byte[filter.Length];
        private readonly List<Damage> _damages = [];
        private Digest? _previous;
        private long _next;
        private long _unsorted;
        private long _impossible;
        private long _notInFilter;

        internal void Take(InspectedRow row)
        {
            if (row.Number != _next)
            {
                _damages.Add(new(layout.RowsOffset + (_next * SegmentEntry.Bytes), (row.Number - _next) * SegmentEntry.Bytes, $"rows {_next} to {row.Number - 1} cannot be read"));
            }

            _next = row.Number + 1;
            if (row.Key <= _previous && ++_unsorted <= DamagesOfAKindMax)
            {
                _damages.Add(new(row.Offset, Digest.Length, $"row {row.Number} has key {row.Key.Short}…, which is not above the one before"));
            }

            if (row.Location is null && ++_impossible <= DamagesOfAKindMax)
            {
                _damages.Add(new(row.Offset + Digest.Length, SegmentEntry.Bytes - Digest.Length, $"row {row.Number} names block {row.Block} of {layout.Blocks}, or a place that no block has"));
            }

            if (filter is not null)
            {
                KeyFilter.Add(_asked, row.Key);
                if (!KeyFilter.MayContain(filter, row.Key) && ++_notInFilter <= DamagesOfAKindMax)
                {
                    _damages.Add(new(layout.FilterOffset + KeyFilter.LineOf(row.Key, filter.Length), KeyFilter.LineBytes, $"the filter lacks the key of row {row.Number}"));
                }
            }

            _previous = row.Key;
        }

        internal SegmentSurvey Finish(Digest? digest, InspectedFile file)
        {
            if (_next < layout.Rows)
            {
                _damages.Add(new(layout.RowsOffset + (_next * SegmentEntry.Bytes), (layout.Rows - _next) * SegmentEntry.Bytes, $"rows {_next} to {layout.Rows - 1} cannot be read"));
            }

            if (filter is null)
            {
                _damages.Add(new(layout.FilterOffset, file.Length - layout.FilterOffset, "the filter cannot be read"));
            }

            if (digest is { } actual && file.Name is { } name && actual != name)
            {
                _damages.Add(new(0, file.Length, $"its bytes hash to {actual}, its name says otherwise"));
            }

            var bits = filter is null ? ((long, long, long)?)null : (filter.Length * 8L, Count(filter, null), Count(filter, _asked));
            if (bits is (_, _, > 0 and var surplus))
            {
                _damages.Add(new(layout.FilterOffset, filter!.Length, $"{surplus} bits of the filter are set that no row asks for"));
            }

            return new() { Digest = digest, Unsorted = _unsorted, Impossible = _impossible, NotInFilter = _notInFilter, FilterBits = bits, Damages = _damages };
        }

        /// <summary>Bits that are set; in the first and not in the second, where there is one.</summary>
        private static long Count(byte[] bits, byte[]? without)
        {
            var count = 0L;
            for (var index = 0; index < bits.Length; index++)
            {
                count += byte.PopCount((byte)(bits[index] & ~(without?[index] ?? 0)));
            }

            return count;
        }
    }
}
