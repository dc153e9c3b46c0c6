using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>What no sealed snapshot refers to.</summary>
/// <param name="UnsealedRuns">Runs that began and have no seal: they can be resumed.</param>
/// <param name="UnreferencedBlocks">Blocks of such runs, with their lengths.</param>
/// <param name="UnreferencedSegments">Segments that no sealed snapshot pins.</param>
/// <param name="UnsealedFiles">Files that were being written when something was interrupted.</param>
public sealed record GcReport(
    IReadOnlyList<string> UnsealedRuns, IReadOnlyList<FolderItem> UnreferencedBlocks, IReadOnlyList<FolderItem> UnreferencedSegments,
    IReadOnlyList<string> UnsealedFiles);

/// <summary>Reports what could go; deletes nothing. Nothing in this project deletes artifacts.</summary>
public static class GcCheck
{
    /// <exception cref="Shared.Errors.AslException">A seal or a snapshot is damaged: then nothing can be called unreferenced.</exception>
    public static GcReport Run(ArtifactStore store)
    {
        var backend = store.Backend;
        var snapshots = store.Seals().Select(item => SnapshotCodec.Load(backend, item.Seal.Snapshot)).ToList();
        var blocks = snapshots.SelectMany(snapshot => snapshot.Blocks).Select(block => block.Name.ToString()).ToHashSet();
        var segments = snapshots.SelectMany(snapshot => snapshot.Groups).SelectMany(group => group.Segments)
            .Select(segment => segment.Name.ToString()).ToHashSet();
        var sealedRuns = snapshots.Select(snapshot => (snapshot.Domain, snapshot.Run)).ToHashSet();
        List<FolderItem> blockFiles =
        [
            .. backend.List("blocks").Where(item => item.IsFolder).OrderBy(item => item.Name, StringComparer.Ordinal)
                .SelectMany(folder => backend.List($"blocks/{folder.Name}")),
        ];
        var segmentFiles = backend.List("segments").ToList();
        return new(
            [.. SealLog.ListDomains(backend).SelectMany(domain => RunLog.ListRuns(backend, domain).Where(run => !sealedRuns.Contains((domain, run))))],
            [.. blockFiles.Where(item => IsObject(item) && !blocks.Contains(item.Name))],
            [.. segmentFiles.Where(item => IsObject(item) && !segments.Contains(item.Name))],
            [.. blockFiles.Concat(segmentFiles).Concat(backend.List("snapshots")).Where(item => !IsObject(item)).Select(item => item.Name)]);
    }

    private static bool IsObject(FolderItem item) => Digest.TryParse(item.Name, out _);
}
