using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Trees;

/// <summary>What became of an entry.</summary>
public enum ChangeKind
{
    Added,
    Removed,
    Changed,
}

/// <summary>One difference.</summary>
/// <param name="Kind">What became of the entry.</param>
/// <param name="Path">Raw, from the root of the source.</param>
/// <param name="What">Of a changed entry: which of kind, content, mode, owner, time, target, attributes, …</param>
public sealed record TreeChange(ChangeKind Kind, byte[] Path, IReadOnlyList<string> What);

/// <summary>
/// Compares two snapshots, source by source in the order of each. Folders whose listings are the same artifacts are not read. An added or
/// removed folder is reported with all that it holds.
/// </summary>
public sealed class SnapshotDiff : IDisposable
{
    private readonly ArtifactIndex _beforeIndex;
    private readonly ArtifactIndex _afterIndex;
    private readonly ArtifactReader _beforeArtifacts;
    private readonly ArtifactReader _afterArtifacts;
    private readonly TreeReader _before;
    private readonly TreeReader _after;
    private readonly IReadOnlyList<Entry> _beforeRoots;
    private readonly IReadOnlyList<Entry> _afterRoots;

    /// <exception cref="Shared.Errors.AslException">A root artifact cannot be read.</exception>
    public SnapshotDiff(ArtifactStore store, Snapshot before, Snapshot after)
    {
        _beforeIndex = new(store.Backend, before.Groups);
        _afterIndex = new(store.Backend, after.Groups);
        _beforeArtifacts = new(store.Backend, _beforeIndex);
        _afterArtifacts = new(store.Backend, _afterIndex);
        (_before, _after) = (new(_beforeArtifacts), new(_afterArtifacts));
        (_beforeRoots, _afterRoots) = (_before.Roots(before.Root), _after.Roots(after.Root));
    }

    /// <summary>The differences, folder by folder.</summary>
    public IEnumerable<TreeChange> Changes()
    {
        var pending = new Stack<(Entry? Before, Entry? After, byte[] Path)>();
        for (var index = Math.Max(_beforeRoots.Count, _afterRoots.Count) - 1; index >= 0; index--)
        {
            pending.Push((_beforeRoots.ElementAtOrDefault(index), _afterRoots.ElementAtOrDefault(index), []));
        }

        while (pending.TryPop(out var pair))
        {
            if (Compare(pair.Before, pair.After, pair.Path) is { } change)
            {
                yield return change;
            }

            foreach (var child in Children(pair.Before, pair.After, pair.Path).Reverse())
            {
                pending.Push(child);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _beforeArtifacts.Dispose();
        _afterArtifacts.Dispose();
        _beforeIndex.Dispose();
        _afterIndex.Dispose();
    }

    private static TreeChange? Compare(Entry? before, Entry? after, byte[] path)
    {
        if (before is null || after is null)
        {
            return new(before is null ? ChangeKind.Added : ChangeKind.Removed, path, []);
        }

        List<string> what =
        [
            .. Named("kind", before.Kind != after.Kind),
            .. Named("content", before.Kind != EntryKind.Directory && !before.Content.SequenceEqual(after.Content)),
            .. Named("mode", before.Permissions != after.Permissions),
            .. Named("owner", before.User != after.User || before.Group != after.Group),
            .. Named("time", before.Modified != after.Modified),
            .. Named("target", !Same(before.Target, after.Target)),
            .. Named("device", before.Device != after.Device),
            .. Named("attributes", !SameAttributes(before.Attributes, after.Attributes)),
            .. Named("hard link", !Same(before.HardLink, after.HardLink)),
            .. Named("problems", !before.Problems.SequenceEqual(after.Problems)),
        ];
        return what.Count > 0 ? new(ChangeKind.Changed, path, what) : null;
    }

    /// <summary>The entries of both folders, paired by name.</summary>
    private IEnumerable<(Entry? Before, Entry? After, byte[] Path)> Children(Entry? before, Entry? after, byte[] path)
    {
        var isFolderBefore = before is { Kind: EntryKind.Directory };
        var isFolderAfter = after is { Kind: EntryKind.Directory };
        if (isFolderBefore && isFolderAfter && before!.Content.SequenceEqual(after!.Content))
        {
            yield break;
        }

        using var left = (isFolderBefore ? _before.Listing(before!) : []).GetEnumerator();
        using var right = (isFolderAfter ? _after.Listing(after!) : []).GetEnumerator();
        var (hasLeft, hasRight) = (left.MoveNext(), right.MoveNext());
        while (hasLeft || hasRight)
        {
            var order = !hasLeft ? 1 : !hasRight ? -1 : left.Current.Name.AsSpan().SequenceCompareTo(right.Current.Name);
            var name = order <= 0 ? left.Current.Name : right.Current.Name;
            yield return (order <= 0 ? left.Current : null, order >= 0 ? right.Current : null, path.Length == 0 ? name : [.. path, (byte)'/', .. name]);
            hasLeft = order <= 0 ? left.MoveNext() : hasLeft;
            hasRight = order >= 0 ? right.MoveNext() : hasRight;
        }
    }

    private static string[] Named(string name, bool differs) => differs ? [name] : [];

    private static bool Same(byte[]? left, byte[]? right) =>
        left is null ? right is null : right is not null && left.AsSpan().SequenceEqual(right);

    private static bool SameAttributes(IReadOnlyList<ExtendedAttribute> left, IReadOnlyList<ExtendedAttribute> right) =>
        left.Count == right.Count && left.Zip(right).All(pair => Same(pair.First.Name, pair.Second.Name) && Same(pair.First.Value, pair.Second.Value));
}
