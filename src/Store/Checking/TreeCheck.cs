using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Checking;

/// <summary>
/// Walks the trees of a snapshot: every listing and list must be readable, and every chunk must be in the segments. Listings that
/// were found good below another snapshot of the same store are not walked again.
/// </summary>
/// <param name="artifacts">Reads the snapshot's metadata.</param>
/// <param name="index">The snapshot's segments.</param>
/// <param name="good">First artifacts of listings known to be good; added to.</param>
/// <param name="report">Receives each error with the path (raw) that it touches.</param>
internal sealed class TreeCheck(ArtifactReader artifacts, ArtifactIndex index, HashSet<Digest> good, Action<byte[], AslError> report)
{
    private readonly TreeReader _tree = new(artifacts);

    internal void Run(Snapshot snapshot)
    {
        var sources = _tree.Roots(snapshot.Root);
        if (sources.Count != snapshot.Sources.Count)
        {
            report([], new AslError(ErrorCode.TreeCorrupt, "the root of a snapshot does not fit its sources")
            {
                Where = $"artifact {snapshot.Root}",
                Why = $"it holds {sources.Count} entries, the snapshot lists {snapshot.Sources.Count} sources",
                Fix = "report it with the output of: asl-admin verify",
            });
        }

        for (var position = 0; position < Math.Min(sources.Count, snapshot.Sources.Count); position++)
        {
            Check(sources[position], snapshot.Sources[position].Path);
        }

        Guard([], () => _tree.Problems(snapshot.Problems).Count());
        CheckSide(_tree.Side(snapshot.Side));
    }

    private void Check(Entry root, byte[] rootPath)
    {
        var pending = new Stack<(Entry Entry, byte[] Path)>();
        pending.Push((root, rootPath));
        while (pending.TryPop(out var current))
        {
            if (current.Entry.HasBytes)
            {
                Guard(current.Path, () => CheckContent(current.Entry, current.Path));
            }
            else if (current.Entry.Kind == EntryKind.Directory && IsNew(current.Entry))
            {
                Guard(current.Path, () => Push(current.Entry, current.Path, pending));
            }
        }
    }

    private int Push(Entry folder, byte[] path, Stack<(Entry, byte[])> pending)
    {
        var count = 0;
        foreach (var child in _tree.Listing(folder))
        {
            pending.Push((child, [.. path, (byte)'/', .. child.Name]));
            count++;
        }

        return count;
    }

    private int CheckContent(Entry file, byte[] path)
    {
        var missing = 0;
        foreach (var item in _tree.Leaves(file.Content).Where(item => item.Kind == ContentKind.Artifact))
        {
            if (!index.TryFind(item.Key, out var location) || location.RawLength != item.Length)
            {
                missing++;
                report(path, new AslError(ErrorCode.ArtifactMissing, $"artifact {item.Key.Short} is not in the snapshot's segments")
                {
                    Why = "a file refers to it",
                    Fix = "asl-debug rebuild-index   (if a segment is damaged, its rows come back from the blocks)",
                });
            }
        }

        return missing;
    }

    /// <summary>A listing is known by its artifacts: the first one's key is enough, since whoever has it was reached through a hash.</summary>
    private bool IsNew(Entry folder) =>
        folder.Content is not [{ Kind: ContentKind.Artifact } only] || good.Add(only.Key);

    private void CheckSide(IEnumerable<SideRecord> records)
    {
        var pending = new Stack<IEnumerable<SideRecord>>();
        pending.Push(records);
        while (pending.TryPop(out var current))
        {
            Guard([], () =>
            {
                foreach (var record in current.Where(record => record.Children is { Count: > 0 }))
                {
                    pending.Push(_tree.Side(record.Children!));
                }

                return 0;
            });
        }
    }

    private void Guard(byte[] path, Func<int> check)
    {
        try
        {
            check();
        }
        catch (AslException exception)
        {
            report(path, exception.Error);
        }
    }
}
