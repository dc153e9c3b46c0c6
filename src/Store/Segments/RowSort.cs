using System.Runtime.InteropServices;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Segments;

/// <summary>Sorts any number of rows: a bounded number in memory, the others in temporary files, each sorted. One thread.</summary>
/// <param name="folders">Where temporary files may lie, the best first: a store that is only read may be on a disk that nobody may write to.</param>
/// <param name="rowsInMemoryMax">The outcome is the same for any number.</param>
internal sealed class RowSort(IReadOnlyList<string> folders, int rowsInMemoryMax = RowSort.RowsInMemoryMax) : IDisposable
{
    /// <summary>About 52 MiB.</summary>
    internal const int RowsInMemoryMax = 1 << 20;

    /// <summary>Of one key, the row in the block with the lowest number is first: blocks are numbered in the order of their names.</summary>
    private static readonly Comparer<RunRow> Order = Comparer<RunRow>.Create((left, right) =>
    {
        var order = left.Key.CompareTo(right.Key);
        order = order != 0 ? order : left.Block.CompareTo(right.Block);
        return order != 0 ? order : left.Offset.CompareTo(right.Offset);
    });

    private readonly List<RunRow> _rows = [];
    private readonly List<RunSpill> _spills = [];

    /// <exception cref="AslException">StoreIo: there is no room for a temporary file.</exception>
    internal void Add(in RunRow row)
    {
        if (_rows.Count == rowsInMemoryMax)
        {
            SortMemory();
            _spills.Add(Spill());
            _rows.Clear();
        }

        _rows.Add(row);
    }

    /// <summary>All rows, in order; once, after the last was added.</summary>
    /// <exception cref="AslException">StoreIo: a temporary file cannot be read.</exception>
    internal IEnumerable<RunRow> Sorted()
    {
        SortMemory();
        return SegmentGroupWriter.Merge([.. _spills.Select(spill => spill.Rows()), _rows], Order);
    }

    public void Dispose() => _spills.ForEach(spill => spill.Dispose());

    private void SortMemory() => CollectionsMarshal.AsSpan(_rows).Sort(Order);

    private RunSpill Spill()
    {
        foreach (var folder in folders.SkipLast(1))
        {
            try
            {
                return RunSpill.Create(folder, 0, _rows.Count, _rows, isLookedUp: false);
            }
            catch (AslException)
            {
                // The next one may do.
            }
        }

        return RunSpill.Create(folders[^1], 0, _rows.Count, _rows, isLookedUp: false);
    }
}
