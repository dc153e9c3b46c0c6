using AslRescue.Audit.Report;
using AslRescue.Intake.Restoring;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Tools.Output;

/// <summary>Where the sources of a snapshot could not be read: of each image, and of the damaged files of trees.</summary>
internal static class DamageMaps
{
    private const int FilesMax = 20;
    private const int RangesMax = 100_000;

    /// <summary>Reads them out of a store.</summary>
    /// <exception cref="AslException">The snapshot, or what lists the ranges, is damaged or not there.</exception>
    internal static IReadOnlyList<DamageMap> Read(ArtifactStore whole, Digest name)
    {
        using var store = whole.Below(name);
        var snapshot = SnapshotCodec.Load(store.Backend, name);
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        var roots = tree.Roots(snapshot.Root);
        return
        [
            .. snapshot.Sources.Zip(roots).Where(pair => pair.First.Kind == SnapshotSource.ImageKind)
                .Select(pair => Of(tree, Printable.Bytes(pair.First.Path), pair.Second)),
            .. tree.Problems(snapshot.Problems).Where(problem => problem.Kind == ProblemKind.BadRanges && snapshot.Sources[problem.Source].Kind != SnapshotSource.ImageKind)
                .Take(FilesMax).Select(problem => (Path: $"{Printable.Bytes(snapshot.Sources[problem.Source].Path)}/{Printable.Bytes(problem.Path)}", Entry: tree.Find(roots[problem.Source], problem.Path)))
                .Where(found => found.Entry is { HasBytes: true }).Select(found => Of(tree, found.Path, found.Entry!)),
        ];
    }

    private static DamageMap Of(TreeReader tree, string path, Entry entry)
    {
        var (ranges, start) = (new List<DamagedRange>(), 0L);
        foreach (var item in tree.Leaves(entry.Content))
        {
            if (item.Kind == ContentKind.BadRange && ranges.Count < RangesMax)
            {
                ranges.Add(new DamagedRange(start, item.Length, BadRangeText.Why(item.Detail)));
            }

            start += item.Length;
        }

        return new DamageMap(path, entry.Size, ranges);
    }
}
