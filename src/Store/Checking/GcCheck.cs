using AslRescue.Store.Backends;
using AslRescue.Store.Logs;

namespace AslRescue.Store.Checking;

/// <summary>What no sealed snapshot refers to.</summary>
/// <param name="UnsealedRuns">Runs that began and have no seal: they can be resumed.</param>
/// <param name="UnreferencedBlocks">Blocks of such runs, with their lengths.</param>
/// <param name="UnreferencedSegments">Segments that no sealed snapshot pins.</param>
/// <param name="UnsealedFiles">Files that were being written when something was interrupted.</param>
public sealed record GcReport(
    IReadOnlyList<string> UnsealedRuns, IReadOnlyList<FolderItem> UnreferencedBlocks, IReadOnlyList<FolderItem> UnreferencedSegments,
    IReadOnlyList<string> UnsealedFiles);

/// <summary>Reports what could go; deletes nothing. Nothing in this project deletes artifacts. <see cref="Leftovers"/> explains each.</summary>
public static class GcCheck
{
    /// <exception cref="Shared.Errors.AslException">A seal or a snapshot is damaged: then nothing can be called unreferenced.</exception>
    public static GcReport Run(ArtifactStore store)
    {
        var backend = store.Backend;
        var references = SealedReferences.Read(backend);
        var blocks = StoreFolders.BlockFiles(backend).ToList();
        var segments = backend.List("segments").ToList();
        return new(
            [.. SealLog.ListDomains(backend).SelectMany(domain => RunLog.ListRuns(backend, domain).Where(run => !references.Runs.Contains((domain, run))))],
            [.. Unreferenced(blocks, references.Blocks)],
            [.. Unreferenced(segments, references.Segments)],
            [.. blocks.Concat(segments).Concat(backend.List("snapshots")).Where(item => !StoreFolders.IsObject(item)).Select(item => item.Name)]);
    }

    /// <summary>Those of some files that are objects and referred to by nothing.</summary>
    internal static IEnumerable<FolderItem> Unreferenced(IEnumerable<FolderItem> files, IReadOnlySet<Shared.Digest> references) =>
        files.Where(item => Shared.Digest.TryParse(item.Name, out var name) && !references.Contains(name));
}
