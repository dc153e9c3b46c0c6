using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>Makes segments again from the footers of blocks, byte for byte: the stored ones can be replaced, or held against it.</summary>
public sealed class GroupRebuild(IBackend backend, StoreFormat format)
{
    /// <summary>The blocks that each run added, from the snapshots that are known.</summary>
    private readonly Dictionary<string, IReadOnlyList<AddedBlock>> _blocksByRun = [];

    /// <summary>Learns which blocks a run added.</summary>
    public void Add(Snapshot snapshot) => _blocksByRun[snapshot.Run] = snapshot.Blocks;

    /// <summary>Whether the blocks of all runs of a group are known.</summary>
    public bool Knows(SegmentGroup group) => group.Runs.All(_blocksByRun.ContainsKey);

    /// <summary>The rows of a group, from the footers of its runs' blocks, sorted.</summary>
    /// <exception cref="Shared.Errors.AslException">A block is missing or its footer is damaged.</exception>
    public IReadOnlyList<SegmentEntry> Rows(SegmentGroup group) =>
        Rows(group.Runs.SelectMany(run => _blocksByRun.GetValueOrDefault(run) ?? []).Select(block => block.Name));

    /// <summary>The rows of any blocks, sorted: what finds every artifact when all snapshots are gone.</summary>
    public IReadOnlyList<SegmentEntry> Rows(IEnumerable<Digest> blocks)
    {
        List<SegmentEntry> rows = [];
        foreach (var name in blocks)
        {
            rows.AddRange(BlockFooter.Read(backend, name).Entries.Select(entry =>
                new SegmentEntry(entry.Key, new(name, entry.Offset, entry.StoredLength, entry.RawLength, entry.Codec, entry.Position))));
        }

        rows.Sort();
        return rows;
    }

    /// <summary>Makes the segments of a group and hands each out; nothing is written.</summary>
    public IReadOnlyList<SegmentSummary> Render(SegmentGroup group, SegmentSink emit) =>
        SegmentGroupWriter.Write(Rows(group), format.SegmentBytesMax, emit);
}
