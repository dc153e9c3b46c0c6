namespace AslRescue.Intake.Imaging;

/// <summary>How far the reading of an area is: the states of GNU ddrescue's mapfile.</summary>
public enum AreaState
{
    /// <summary>Not read yet.</summary>
    Untried,

    /// <summary>A read that covers it failed; its edges are to be looked for.</summary>
    Untrimmed,

    /// <summary>Between two bad edges; its sectors are to be tried one by one.</summary>
    Unscraped,

    /// <summary>Tried by itself, and failed.</summary>
    Bad,

    /// <summary>Read, and on its way into the store.</summary>
    Good,
}

/// <summary>A part of a device in one state.</summary>
/// <param name="Start">First byte.</param>
/// <param name="End">First byte behind it.</param>
/// <param name="State">How far it is.</param>
/// <param name="Errno">
/// Why it is not good: what the failed read answered. Of an untried area what an earlier snapshot says of it; 0 for nothing.
/// </param>
public readonly record struct Area(long Start, long End, AreaState State, int Errno)
{
    /// <summary>Bytes.</summary>
    public long Length => End - Start;

    /// <summary>What a bad range in a snapshot keeps of it: docs/store-format.md, Trees.</summary>
    internal int Detail => State is AreaState.Untrimmed or AreaState.Unscraped ? -Errno : Errno;
}

/// <summary>
/// Which part of a device is in which state. Memory grows with the damage, not with the device: neighbours in one state are one area.
/// Invariant: the areas cover the device in order, without gap or overlap, and no two neighbours are alike.
/// </summary>
public sealed class AreaMap
{
    private readonly List<Area> _areas = [];
    private readonly long[] _bytes = new long[5];

    /// <param name="size">Bytes of the device.</param>
    /// <param name="state">What all of it is.</param>
    public AreaMap(long size, AreaState state = AreaState.Untried)
    {
        Size = size;
        if (size > 0)
        {
            _areas.Add(new(0, size, state, 0));
            _bytes[(int)state] = size;
        }
    }

    /// <summary>Bytes of the device.</summary>
    public long Size { get; }

    /// <summary>All areas, ascending.</summary>
    public IReadOnlyList<Area> Areas => _areas;

    /// <summary>Bytes in a state.</summary>
    public long Bytes(AreaState state) => _bytes[(int)state];

    /// <summary>Puts a range into a state. What lies outside of the device is ignored.</summary>
    public void Set(long start, long end, AreaState state, int errno = 0)
    {
        (start, end) = (Math.Max(start, 0), Math.Min(end, Size));
        if (start >= end)
        {
            return;
        }

        var first = IndexOf(start);
        var last = _areas[first].End >= end ? first : IndexOf(end - 1);
        var middle = new Area(start, end, state, errno);
        Count(first, last, -1);
        Span<Area> made = stackalloc Area[3];
        var count = 0;
        Put(_areas[first] with { End = start }, made, ref count);
        Put(middle, made, ref count);
        Put(_areas[last] with { Start = end }, made, ref count);
        Replace(first, last, made[..count]);
        Join(first + count, first - 1);
    }

    /// <summary>The next area in a state, as far as it lies at or behind a position.</summary>
    internal Area? Next(AreaState state, long position)
    {
        for (var index = position < Size ? IndexOf(position) : _areas.Count; index < _areas.Count; index++)
        {
            if (_areas[index].State == state)
            {
                return _areas[index] with { Start = Math.Max(position, _areas[index].Start) };
            }
        }

        return null;
    }

    /// <summary>The last area in a state, as far as it lies before a position.</summary>
    internal Area? Previous(AreaState state, long position)
    {
        for (var index = position > 0 ? IndexOf(Math.Min(position, Size) - 1) : -1; index >= 0; index--)
        {
            if (_areas[index].State == state)
            {
                return _areas[index] with { End = Math.Min(position, _areas[index].End) };
            }
        }

        return null;
    }

    /// <summary>What lies in a range, clipped to it.</summary>
    internal IEnumerable<Area> Within(long start, long end)
    {
        for (var index = start < Math.Min(end, Size) ? IndexOf(start) : _areas.Count; index < _areas.Count && _areas[index].Start < end; index++)
        {
            yield return _areas[index] with { Start = Math.Max(start, _areas[index].Start), End = Math.Min(end, _areas[index].End) };
        }
    }

    private static void Put(Area area, Span<Area> made, ref int count)
    {
        if (area.Start < area.End)
        {
            made[count++] = area;
        }
    }

    /// <summary>The area that holds a byte of the device.</summary>
    private int IndexOf(long position)
    {
        var (low, high) = (0, _areas.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _areas[middle].End > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private void Replace(int first, int last, ReadOnlySpan<Area> made)
    {
        var same = Math.Min(made.Length, last - first + 1);
        for (var index = 0; index < same; index++)
        {
            _areas[first + index] = made[index];
        }

        if (made.Length > same)
        {
            _areas.InsertRange(first + same, made[same..].ToArray());
        }
        else
        {
            _areas.RemoveRange(first + same, last - first + 1 - same);
        }

        Count(first, first + made.Length - 1, 1);
    }

    /// <summary>Makes one area of neighbours that are alike, from behind.</summary>
    private void Join(int from, int to)
    {
        for (var index = Math.Min(from, _areas.Count - 1); index > Math.Max(to, 0); index--)
        {
            var (left, right) = (_areas[index - 1], _areas[index]);
            if (left.State == right.State && left.Errno == right.Errno)
            {
                _areas[index - 1] = left with { End = right.End };
                _areas.RemoveAt(index);
            }
        }

        if (to >= 0 && to + 1 < _areas.Count && _areas[to].State == _areas[to + 1].State && _areas[to].Errno == _areas[to + 1].Errno)
        {
            _areas[to] = _areas[to] with { End = _areas[to + 1].End };
            _areas.RemoveAt(to + 1);
        }
    }

    private void Count(int first, int last, int sign)
    {
        for (var index = first; index <= last; index++)
        {
            _bytes[(int)_areas[index].State] += sign * _areas[index].Length;
        }
    }
}
