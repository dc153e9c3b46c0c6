using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>
/// Adds a run's rows to the groups of its base, merging so that the list stays logarithmic (docs/store-format.md, Segments). A function of
/// base and rows alone.
/// </summary>
public static class GroupMerge
{
    /// <summary>Writes the new segments; durable when it returns. Gives the groups of the new snapshot and the segments written.</summary>
    /// <param name="backend">Where segments lie.</param>
    /// <param name="format">The store's parameters.</param>
    /// <param name="basis">The base's groups, oldest first.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="entries">Its rows, sorted; gone through once.</param>
    /// <param name="written">Told of each segment; a large index takes a while.</param>
    /// <exception cref="Shared.Errors.AslException">A segment of the base is missing or damaged, or one cannot be written.</exception>
    public static (IReadOnlyList<SegmentGroup> Groups, IReadOnlyList<SegmentSummary> Written) Run(
        IBackend backend, StoreFormat format, IReadOnlyList<SegmentGroup> basis, string run, IReadOnlyCollection<SegmentEntry> entries, Action? written = null)
    {
        if (entries.Count == 0)
        {
            return (basis, []);
        }

        var merged = CountMerged(basis, entries.Count);
        List<SegmentGroup> groups = [.. basis];
        var absorbed = groups.GetRange(groups.Count - merged, merged);
        groups.RemoveRange(groups.Count - merged, merged);
        var segments = SegmentGroupWriter.Write(
            SegmentGroupWriter.Merge([.. absorbed.Select(group => Rows(backend, group)), entries]), format, backend, written);
        groups.Add(new([.. absorbed.SelectMany(group => group.Runs), run], segments));
        return (groups, segments);
    }

    /// <summary>All rows of a group, in order.</summary>
    /// <exception cref="Shared.Errors.AslException">A segment is missing or damaged.</exception>
    public static IEnumerable<SegmentEntry> Rows(IBackend backend, SegmentGroup group)
    {
        foreach (var summary in group.Segments)
        {
            using var segment = Segment.Open(backend, summary);
            foreach (var entry in segment.ReadAll())
            {
                yield return entry;
            }
        }
    }

    /// <summary>How many of the newest groups are merged with a new one: while it is at least half as large as the next.</summary>
    private static int CountMerged(IReadOnlyList<SegmentGroup> basis, long size)
    {
        var count = 0;
        while (count < basis.Count && size * 2 >= basis[basis.Count - 1 - count].Count)
        {
            size += basis[basis.Count - 1 - count].Count;
            count++;
        }

        return count;
    }
}
