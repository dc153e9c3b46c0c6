using AslRescue.Shared;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Segments;

/// <summary>
/// Rows of a run in memory. One thread adds; any thread may ask meanwhile and sees every row added before, except perhaps the
/// very latest.
/// </summary>
/// <remarks>
/// Open addressing over row numbers; rows never move, so slots that are being replaced can still be read. Invariant: a slot is
/// written after the row that it names.
/// </remarks>
internal sealed class RunTable
{
    private const int PageBits = 12;
    private readonly List<RunRow[]> _pages = [];
    private RunRow[][] _published = [];
    private int[] _slots = new int[1 << 10];
    private int _placed;

    internal int Count { get; private set; }

    /// <summary>Rows that have a place.</summary>
    internal int Placed => Volatile.Read(ref _placed);

    internal bool Contains(in Digest key) => Find(key) >= 0;

    /// <summary>Adds a row; its key is not there yet.</summary>
    internal void Add(in RunRow row)
    {
        if ((Count + 1) * 4L > _slots.Length * 3L)
        {
            Grow();
        }

        if (Count >> PageBits == _pages.Count)
        {
            _pages.Add(new RunRow[1 << PageBits]);
            Volatile.Write(ref _published, [.. _pages]);
        }

        RowAt(Count) = row;
        Count++;
        TakeSlot(_slots, row.Key, Count);
    }

    /// <summary>Says where an artifact lies; its row is there. Any one thread at a time.</summary>
    internal void SetPlace(in Digest key, int block, in BlockEntry entry)
    {
        RowAt(Find(key)).Place(block, entry);
        Interlocked.Increment(ref _placed);
    }

    internal IEnumerable<RunRow> Rows() => Enumerable.Range(0, Count).Select(number => RowAt(number));

    /// <summary>The rows that have a place, by key.</summary>
    internal IEnumerable<RunRow> SortedPlaced()
    {
        var order = Enumerable.Range(0, Count).Where(number => RowAt(number).IsPlaced)
            .Select(number => (RowAt(number).Key.Prefix, Number: number)).ToArray();
        Array.Sort(order, (left, right) => left.Prefix != right.Prefix
            ? left.Prefix.CompareTo(right.Prefix)
            : RowAt(left.Number).Key.CompareTo(RowAt(right.Number).Key));
        return order.Select(item => RowAt(item.Number));
    }

    private ref RunRow RowAt(int number) => ref Volatile.Read(ref _published)[number >> PageBits][number & ((1 << PageBits) - 1)];

    private int Find(in Digest key)
    {
        var slots = Volatile.Read(ref _slots);
        var mask = slots.Length - 1;
        for (var slot = (int)key.Prefix & mask; ; slot = (slot + 1) & mask)
        {
            var number = Volatile.Read(ref slots[slot]) - 1;
            if (number < 0 || RowAt(number).Key == key)
            {
                return number;
            }
        }
    }

    private void Grow()
    {
        var slots = new int[_slots.Length * 2];
        for (var number = 1; number <= Count; number++)
        {
            TakeSlot(slots, RowAt(number - 1).Key, number);
        }

        Volatile.Write(ref _slots, slots);
    }

    private static void TakeSlot(int[] slots, in Digest key, int number)
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
