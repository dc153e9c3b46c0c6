using System.Text;
using AslRescue.Shared.Devices;

namespace AslRescue.Store.Snapshots;

/// <summary>
/// What a snapshot's evidence says of the disks below its sources: the documents `disks`, which a run leaves (docs/machine.md, Write counters). Those of an
/// image say nothing here that its own counter does not.
/// </summary>
public static class SnapshotDisks
{
    /// <summary>Every disk that was counted twice in one boot while the run read.</summary>
    public static IReadOnlyList<DiskWrite> Writes(Snapshot snapshot) => DiskWrite.Of(snapshot.Evidence.Where(IsOfDisks).Select(item => DiskCounts.TryParse(item.Content)).OfType<DiskCounts>());

    /// <summary>Whether a source was written to while it was read: by an image's own counter, or by that of a disk on which only what is read-only was seen.</summary>
    public static bool WasWritten(Snapshot snapshot) =>
        snapshot.Sources.Any(source => source.Image is { WasWritten: true }) || Writes(snapshot).Any(write => write.IsAgainstExpectation);

    /// <summary>Those of <see cref="Writes"/> that make a source doubtful which is no block device.</summary>
    public static IReadOnlyList<DiskWrite> Below(SnapshotSource source, IReadOnlyList<DiskWrite> writes) =>
        source.Image is { Writes.Count: > 0 } ? [] : [.. writes.Where(write => write.IsAgainstExpectation && write.Before.Sources.Contains(Encoding.UTF8.GetString(source.Path)))];

    /// <summary>A name that several documents have is followed by the start of each one's digest.</summary>
    private static bool IsOfDisks(Evidence item) => item.Name == DiskCounts.EvidenceName || item.Name.StartsWith(DiskCounts.EvidenceName + "-", StringComparison.Ordinal);
}
