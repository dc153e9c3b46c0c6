using AslRescue.Shared.Errors;

namespace AslRescue.Store.Trees;

/// <summary>A leaf of a content, and where in the content it lies.</summary>
/// <param name="Item">An artifact, a hole or a bad range.</param>
/// <param name="Start">Bytes from the start of the content.</param>
public readonly record struct ContentExtent(ContentItem Item, long Start)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Start + Item.Length;
}

/// <summary>
/// Finds the leaf at any offset of a content. Of the lists on the way down, the last one of each depth is kept: reading on from where one was
/// costs no list again, and memory is one list a depth, whatever the size of the content. One thread at a time.
/// </summary>
public sealed class ContentMap
{
    private readonly TreeReader _tree;
    private readonly List<Level> _levels = [];

    /// <param name="tree">Reads lists.</param>
    /// <param name="content">The items of a file or an image.</param>
    public ContentMap(TreeReader tree, IReadOnlyList<ContentItem> content)
    {
        (_tree, var top) = (tree, new Level(0, content));
        Length = top.End;
        _levels.Add(top);
    }

    /// <summary>Bytes of the content.</summary>
    public long Length { get; }

    /// <summary>The leaf that holds an offset.</summary>
    /// <param name="offset">From 0 up to, not including, <see cref="Length"/>.</param>
    /// <exception cref="AslException">TreeCorrupt, or a list cannot be read.</exception>
    public ContentExtent Find(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length);
        for (var depth = 0; ; depth++)
        {
            var extent = _levels[depth].Find(offset);
            if (extent.Item.Kind != ContentKind.List)
            {
                return extent;
            }

            if (depth + 1 == _levels.Count || !_levels[depth + 1].Is(extent))
            {
                var below = new Level(extent.Start, _tree.ReadList(extent.Item));
                _levels.RemoveRange(depth + 1, _levels.Count - depth - 1);
                _levels.Add(below);
            }
        }
    }

    /// <summary>The leaves from an offset on, the first one whole; none at the end.</summary>
    /// <exception cref="AslException">As with <see cref="Find"/>.</exception>
    public IEnumerable<ContentExtent> From(long offset)
    {
        while (offset < Length)
        {
            var extent = Find(offset);
            yield return extent;
            offset = extent.End;
        }
    }

    /// <summary>The items of one list, and where each ends.</summary>
    private sealed class Level
    {
        private readonly IReadOnlyList<ContentItem> _items;
        private readonly long[] _ends;
        private readonly long _start;

        internal Level(long start, IReadOnlyList<ContentItem> items)
        {
            (_start, _items, _ends) = (start, items, new long[items.Count]);
            for (var index = 0; index < _ends.Length; index++)
            {
                _ends[index] = start = checked(start + items[index].Length);
            }
        }

        internal long End => _ends.Length == 0 ? _start : _ends[^1];

        internal bool Is(in ContentExtent list) => _start == list.Start && End == list.End;

        internal ContentExtent Find(long offset)
        {
            var index = Array.BinarySearch(_ends, offset + 1);
            index = index < 0 ? ~index : index;
            return new(_items[index], _ends[index] - _items[index].Length);
        }
    }
}
