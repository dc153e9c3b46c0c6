using AslRescue.Shared;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Segments;

/// <summary>
/// The artifacts that a run has appended so far. One thread adds; any thread may ask meanwhile and sees every artifact
/// added before, except perhaps the very latest: "no" may be out of date, "yes" never is.
/// </summary>
/// <remarks>
/// Open addressing over row numbers; rows never move, so a table that is being replaced can still be read. Invariant: a slot is
/// written after the row that it names.
/// </remarks>
internal sealed class RunIndex
{
    private const int PageBits = 14;
    private readonly List<Row[]> _pages = [];
    private Row[][] _published = [];
    private int[] _slots = new int[1 << 10];
    private int _count;

    /// <summary>A key, and where it lies once its frame is in a block; the block is −1 until then.</summary>
    internal record struct Row(Digest Key, int Block, int Offset, int StoredLength, int RawLength, int PositionAndCodec)
    {
        internal readonly int Position => PositionAndCodec >> 8;

        internal readonly Codec Codec => (Codec)(PositionAndCodec & 0xff);
    }

    internal int Count => _count;

    internal bool Contains(Digest key)
    {
        var slots = Volatile.Read(ref _slots);
        var mask = slots.Length - 1;
        for (var slot = (int)key.Prefix & mask; ; slot = (slot + 1) & mask)
        {
            var number = Volatile.Read(ref slots[slot]);
            if (number == 0)
            {
                return false;
            }

            if (RowAt(number - 1).Key == key)
            {
                return true;
            }
        }
    }

    /// <summary>Adds a key; its row's number, or −1 when the key is there already. Only the one thread that adds may call it.</summary>
    internal int TryAdd(Digest key)
    {
        if (Contains(key))
        {
            return -1;
        }

        if ((_count + 1) * 4L > _slots.Length * 3L)
        {
            Grow();
        }

        Store(new(key, -1, 0, 0, 0, 0));
        Place(_slots, key, _count);
        return _count - 1;
    }

    /// <summary>Says where the artifact of a row lies. Any one thread at a time; read only when all have ended.</summary>
    internal void SetPlace(int row, int block, in BlockEntry entry)
    {
        ref var place = ref Volatile.Read(ref _published)[row >> PageBits][row & ((1 << PageBits) - 1)];
        (place.Block, place.Offset, place.StoredLength, place.RawLength, place.PositionAndCodec) =
            (block, entry.Offset, entry.StoredLength, entry.RawLength, (entry.Position << 8) | (byte)entry.Codec);
    }

    /// <summary>All rows, in the order in which they came.</summary>
    internal IEnumerable<Row> Rows() => Enumerable.Range(0, _count).Select(RowAt);

    private void Store(in Row row)
    {
        if (_count >> PageBits == _pages.Count)
        {
            _pages.Add(new Row[1 << PageBits]);
            Volatile.Write(ref _published, [.. _pages]);
        }

        _pages[_count >> PageBits][_count & ((1 << PageBits) - 1)] = row;
        _count++;
    }

    private Row RowAt(int number) => Volatile.Read(ref _published)[number >> PageBits][number & ((1 << PageBits) - 1)];

    private void Grow()
    {
        var slots = new int[_slots.Length * 2];
        for (var number = 1; number <= _count; number++)
        {
            Place(slots, RowAt(number - 1).Key, number);
        }

        Volatile.Write(ref _slots, slots);
    }

    private static void Place(int[] slots, Digest key, int number)
    {
        var mask = slots.Length - 1;
        var slot = (int)key.Prefix & mask;
        while (slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        Volatile.Write(ref slots[slot], number);
    }
}
