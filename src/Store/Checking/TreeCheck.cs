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
/// <remarks>
/// Memory: the artifacts that were read last, up to a limit, and for each folder above the entry that is looked at its name, its items and how far its listing was read, a few
/// kilobytes at the most. A path has a limit (<see cref="Entry.PathBytesMax"/>), so there are no more than <see cref="Entry.DepthMax"/> of them.
/// </remarks>
/// <param name="artifacts">Reads the snapshot's metadata.</param>
/// <param name="index">The snapshot's segments.</param>
/// <param name="good">First artifacts of listings known to be good; added to, up to a million.</param>
/// <param name="report">Receives each error with the path (raw) that it touches.</param>
/// <param name="cancellation">Ends it: a tree from elsewhere may be made so that walking it takes for ever.</param>
internal sealed class TreeCheck(IArtifactSource artifacts, ArtifactIndex index, HashSet<Digest> good, Action<byte[], AslError> report, CancellationToken cancellation = default)
{
    private const int GoodMax = 1 << 20;
    private readonly TreeReader _tree = new(new RecentArtifacts(artifacts, cancellation), isLean: true);

    /// <summary>Entries met so far, those of listings that were walked before left out.</summary>
    internal long Entries { get; private set; }

    internal void Run(Snapshot snapshot) => _ = Steps(snapshot).Count();

    /// <summary>The same in small steps: an entry, a chunk of a file, a record. The work is done as they are asked for.</summary>
    internal IEnumerable<int> Steps(Snapshot snapshot)
    {
        var count = _tree.EachRoot(snapshot.Root).Count();
        if (count != snapshot.Sources.Count)
        {
            report([], new AslError(ErrorCode.TreeCorrupt, "the root of a snapshot does not fit its sources")
            {
                Where = $"artifact {snapshot.Root}",
                Why = $"it holds {count} entries, the snapshot lists {snapshot.Sources.Count} sources",
                Fix = "report it with the output of: asl-admin verify",
            });
        }

        var walks = _tree.EachRoot(snapshot.Root).Zip(snapshot.Sources).SelectMany(pair => Walk(pair.First, pair.Second.Path));
        foreach (var step in walks.Concat(Guarded(Nowhere, _tree.Problems(snapshot.Problems)).Select(_ => 1)).Concat(Side(snapshot.Side)))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return step;
        }
    }

    /// <summary>Depth first, without recursion: a tree may be deeper than a stack.</summary>
    private IEnumerable<int> Walk(Entry root, byte[] rootPath)
    {
        var open = new Stack<OpenFolder>();
        open.Push(new(rootPath, 0, Enumerable.Repeat(root, 1).GetEnumerator()));
        while (open.TryPeek(out var folder))
        {
            if (!folder.Entries.MoveNext())
            {
                open.Pop().Entries.Dispose();
                continue;
            }

            var entry = folder.Entries.Current;
            var length = folder.PathBytes == 0 ? entry.Name.Length : folder.PathBytes + 1 + entry.Name.Length;
            Entries++;
            yield return 1;
            if (length > Entry.PathBytesMax)
            {
                report(PathOf(open, entry.Name), TooDeep($"the path of an entry has {length} bytes below its source, and no writer records one of more than {Entry.PathBytesMax}"));
            }
            else if (entry.HasBytes)
            {
                foreach (var (item, isThere) in Guarded(() => PathOf(open, entry.Name), _tree.Leaves(entry.Content).Select(item => (item, IsThere(item)))))
                {
                    if (!isThere)
                    {
                        ReportMissing(PathOf(open, entry.Name), item);
                    }

                    yield return 1;
                }
            }
            else if (entry.Kind == EntryKind.Directory && IsNew(entry))
            {
                open.Push(new(entry.Name, length, Guarded(() => PathOf(open, []), _tree.Listing(entry)).GetEnumerator()));
            }
        }
    }

    /// <summary>A path is put together for a report only: of each open folder the name is held, and a path of each would be the square of it.</summary>
    private static byte[] PathOf(Stack<OpenFolder> open, byte[] name)
    {
        List<byte> path = [];
        foreach (var part in open.Reverse().Select(folder => folder.Name).Append(name).Where(part => part.Length > 0))
        {
            path.AddRange([.. path.Count > 0 ? "/"u8 : [], .. part]);
        }

        return [.. path];
    }

    private static byte[] Nowhere() => [];

    private bool IsThere(ContentItem item) => item.Kind != ContentKind.Artifact || (index.TryFind(item.Key, out var location) && location.RawLength == item.Length);

    private void ReportMissing(byte[] path, in ContentItem item) =>
        report(path, new AslError(ErrorCode.ArtifactMissing, $"artifact {item.Key.Short} is not in the snapshot's segments")
        {
            Why = "a file refers to it",
            Fix = "asl-debug rebuild-index   (if a segment is damaged, its rows come back from the blocks)",
        });

    private static AslError TooDeep(string why) => new(ErrorCode.TreeCorrupt, "the tree of a snapshot is deeper than the format allows")
    {
        Why = why,
        Fix = "report it with the output of: asl-admin verify",
    };

    /// <summary>A listing is known by its artifacts: the first one's key is enough, since whoever has it was reached through a hash.</summary>
    private bool IsNew(Entry folder) => folder.Content is not [{ Kind: ContentKind.Artifact } only]
        || (good.Count < GoodMax ? good.Add(only.Key) : !good.Contains(only.Key));

    private IEnumerable<int> Side(IReadOnlyList<ContentItem> items)
    {
        var open = new Stack<IEnumerator<SideRecord>>();
        open.Push(Guarded(Nowhere, _tree.Side(items)).GetEnumerator());
        while (open.TryPeek(out var records))
        {
            if (!records.MoveNext())
            {
                open.Pop().Dispose();
                continue;
            }

            if (records.Current.Children is { Count: > 0 } children && open.Count <= Entry.DepthMax + 1)
            {
                open.Push(Guarded(Nowhere, _tree.Side(children)).GetEnumerator());
            }
            else if (records.Current.Children is { Count: > 0 })
            {
                report([], TooDeep("a side table lies below more others than there can be folders"));
            }

            yield return 1;
        }
    }

    /// <summary>What can be read; the error that ends it is reported.</summary>
    private IEnumerable<T> Guarded<T>(Func<byte[]> path, IEnumerable<T> items)
    {
        using var enumerator = items.GetEnumerator();
        while (TryMove(path, enumerator))
        {
            yield return enumerator.Current;
        }
    }

    private bool TryMove<T>(Func<byte[]> path, IEnumerator<T> enumerator)
    {
        try
        {
            return enumerator.MoveNext();
        }
        catch (AslException exception)
        {
            report(path(), exception.Error);
            return false;
        }
    }

    /// <summary>A folder whose entries are being walked.</summary>
    /// <param name="Name">Its name; of the lowest one the path of the source.</param>
    /// <param name="PathBytes">Length of its path, from the root of the source.</param>
    /// <param name="Entries">Those that are left.</param>
    private sealed record OpenFolder(byte[] Name, int PathBytes, IEnumerator<Entry> Entries);
}
