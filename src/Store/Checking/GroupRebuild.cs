using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>
/// Makes segments again from the footers of blocks, byte for byte: the stored ones can be replaced, or held against it. Memory does not
/// grow with the group: rows beyond a million are sorted in temporary files.
/// </summary>
/// <param name="backend">Where the blocks lie.</param>
/// <param name="format">The store's.</param>
/// <param name="rowsInMemoryMax">The outcome is the same for any number.</param>
/// <param name="temporary">Where temporary files may lie, the best first; null: in the store, where that is a directory, and where the system keeps them.</param>
public sealed class GroupRebuild(IBackend backend, StoreFormat format, int rowsInMemoryMax = RowSort.RowsInMemoryMax, IReadOnlyList<string>? temporary = null)
{
    /// <summary>The blocks that each run added, from the snapshots that are known.</summary>
    private readonly Dictionary<string, IReadOnlyList<AddedBlock>> _blocksByRun = [];

    /// <summary>Learns which blocks a run added.</summary>
    public void Add(Snapshot snapshot) => _blocksByRun[snapshot.Run] = snapshot.Blocks;

    /// <summary>Whether the blocks of all runs of a group are known.</summary>
    public bool Knows(SegmentGroup group) => group.Runs.All(_blocksByRun.ContainsKey);

    /// <summary>Makes the segments of a group and hands each out; nothing is written to the store.</summary>
    /// <exception cref="Shared.Errors.AslException">A block is missing or its footer is damaged, or there is no room for temporary files.</exception>
    public IReadOnlyList<SegmentSummary> Render(SegmentGroup group, SegmentSink emit)
    {
        Digest[] names = [.. group.Runs.SelectMany(run => _blocksByRun.GetValueOrDefault(run) ?? []).Select(block => block.Name).Distinct().Order()];
        return Render(names, emit, null);
    }

    /// <summary>Makes one group over blocks, whatever runs they are of.</summary>
    /// <param name="blocks">Ascending.</param>
    /// <param name="emit">Receives each segment.</param>
    /// <param name="onDamaged">Told of each block that cannot be read, and is left out.</param>
    public IReadOnlyList<SegmentSummary> RenderAll(IEnumerable<Digest> blocks, SegmentSink emit, Action<AslError> onDamaged) =>
        Render([.. blocks], emit, onDamaged);

    private IReadOnlyList<SegmentSummary> Render(Digest[] names, SegmentSink emit, Action<AslError>? onDamaged)
    {
        using var sort = new RowSort(temporary ?? (backend is DirectoryBackend ? [backend.Location, Path.GetTempPath()] : [Path.GetTempPath()]), rowsInMemoryMax);
        for (var number = 0; number < names.Length; number++)
        {
            foreach (var entry in Entries(names[number], onDamaged))
            {
                var row = RunRow.Unplaced(entry.Key);
                row.Place(number, entry);
                sort.Add(row);
            }
        }

        return SegmentGroupWriter.Write(sort.Sorted().Select(row => row.ToEntry(names[row.Block])), format.SegmentBytesMax, emit);
    }

    private IReadOnlyList<BlockEntry> Entries(Digest name, Action<AslError>? onDamaged)
    {
        try
        {
            return BlockFooter.Read(backend, name).Entries;
        }
        catch (AslException exception) when (onDamaged is not null)
        {
            onDamaged(exception.Error);
            return [];
        }
    }
}
