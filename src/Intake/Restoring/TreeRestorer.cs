using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Restoring;

/// <summary>
/// Writes a snapshot, or a part of it, into an empty directory. One thread makes names, links and folders in walk order; others
/// fill the files. Everything is made relative to open folders and never through a link, so nothing outside is touched
/// whatever the snapshot says.
/// </summary>
public sealed class TreeRestorer : IDisposable
{
    private const int JobsMax = 256;
    private readonly ArtifactStore _store;
    private readonly Snapshot _snapshot;
    private readonly ArtifactIndex _index;
    private readonly ArtifactReader _artifacts;
    private readonly TreeReader _tree;
    private readonly BlockingCollection<FileJob> _jobs = new(JobsMax);
    private readonly ConcurrentQueue<ExceptionDispatchInfo> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private List<byte[]> _selected = [];

    /// <param name="store">The store.</param>
    /// <param name="snapshot">What to restore.</param>
    public TreeRestorer(ArtifactStore store, Snapshot snapshot)
    {
        (_store, _snapshot) = (store, snapshot);
        _index = new ArtifactIndex(store.Backend, snapshot.Groups);
        _artifacts = new ArtifactReader(store.Backend, _index);
        _tree = new TreeReader(_artifacts);
    }

    /// <summary>For a display on another thread, and the outcome.</summary>
    public RestoreReport Report { get; } = new();

    /// <summary>
    /// Restores. A snapshot of one source becomes the content of the target; of several, each lies at its own path below it.
    /// </summary>
    /// <param name="target">An empty directory, or one that does not exist.</param>
    /// <param name="path">A directory or file below the source, raw; empty for all.</param>
    /// <param name="workers">Threads that write files.</param>
    /// <param name="cancellation">Stops between two entries.</param>
    /// <exception cref="AslException">TargetOccupied, TargetIo, PathMissing, or the store is damaged where the tree is described.</exception>
    public void Run(string target, byte[] path, int workers, CancellationToken cancellation)
    {
        using var registration = cancellation.Register(_stop.Cancel);
        Posix.RaiseOpenFileLimit();
        _selected = [.. SplitPath(path)];
        var selected = Select(path);
        var folder = OpenTarget(target);
        var threads = Enumerable.Range(0, workers).Select(index => StartWorker(index)).ToList();
        try
        {
            foreach (var (entry, below) in selected)
            {
                RestoreRoot(folder, entry, below);
            }
        }
        catch (Exception exception)
        {
            _failures.Enqueue(ExceptionDispatchInfo.Capture(exception));
            _stop.Cancel();
        }

        _jobs.CompleteAdding();
        threads.ForEach(thread => thread.Join());
        var flushed = Posix.FlushFileSystem(folder);
        _ = Posix.Close(folder);
        cancellation.ThrowIfCancellationRequested();
        (_failures.FirstOrDefault(item => item.SourceException is not OperationCanceledException) ?? _failures.FirstOrDefault())?.Throw();
        if (flushed < 0)
        {
            // Writes that were delayed fail only now: what was counted as written may not be there.
            throw TargetFailure(target, Errno.Text(flushed));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _jobs.Dispose();
        _stop.Dispose();
        _artifacts.Dispose();
        _index.Dispose();
    }

    private static int OpenTarget(string target)
    {
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new AslException(new AslError(ErrorCode.TargetOccupied, "the target is not an empty directory")
            {
                Where = target,
                Why = "a restore never mixes with what is there",
                Fix = "name an empty directory, or one that does not exist",
            });
        }

        try
        {
            Directory.CreateDirectory(target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw TargetFailure(target, exception.Message);
        }

        var folder = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(target), OpenFlags.ReadOnly | OpenFlags.Directory);
        return folder >= 0 ? folder : throw TargetFailure(target, Errno.Text(folder));
    }

    private List<(Entry Entry, byte[] Below)> Select(byte[] path)
    {
        var roots = _tree.Roots(_snapshot.Root);
        List<(Entry Entry, byte[] Below)> selected = [];
        for (var index = 0; index < roots.Count; index++)
        {
            if (_tree.Find(roots[index], path) is { } entry)
            {
                selected.Add((entry, roots.Count == 1 ? [] : _snapshot.Sources[index].Path.AsSpan().TrimStart((byte)'/').ToArray()));
            }
        }

        return selected.Count > 0 ? selected : throw new AslException(new AslError(ErrorCode.PathMissing, $"the snapshot has no '{Printable.Bytes(path)}'")
        {
            Fix = "asl-admin ls ID   (lists what it has; paths are below the source)",
        });
    }

    private Thread StartWorker(int index)
    {
        var thread = new Thread(() =>
        {
            try
            {
                using var artifacts = new ArtifactReader(_store.Backend, _index);
                var restorer = new FileRestorer(artifacts, Report);
                foreach (var job in _jobs.GetConsumingEnumerable())
                {
                    if (_stop.IsCancellationRequested)
                    {
                        _ = Posix.Close(job.File);
                    }
                    else
                    {
                        restorer.Run(job);
                    }
                }
            }
            catch (Exception exception)
            {
                // Rethrown by the thread that called Run.
                _failures.Enqueue(ExceptionDispatchInfo.Capture(exception));
                _stop.Cancel();
            }
        })
        {
            IsBackground = true,
            Name = $"restorer {index}",
        };
        thread.Start();
        return thread;
    }

    private void RestoreRoot(int target, Entry entry, byte[] below)
    {
        var folder = Posix.OpenAt(target, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory);
        var above = SplitPath(below).ToList();
        foreach (var part in entry.Kind == EntryKind.Directory ? above : above.SkipLast(1))
        {
            _ = Posix.MakeDirectoryAt(folder, part, 0x1ed); // 0755: folders above a source, whose own are not known
            folder = Descend(folder, part, below);
        }

        if (entry.Kind == EntryKind.Directory)
        {
            RestoreFolders(folder, entry);
        }
        else
        {
            var name = entry.Name.Length > 0 ? entry.Name : above.Count > 0 ? above[^1] : SplitPath(_snapshot.Sources[0].Path).Last();
            RestoreEntry(folder, folder, name, entry, name);
            _ = Posix.Close(folder);
        }
    }

    /// <summary>Fills an open folder, and all below it, without recursion: a tree may be deeper than a stack.</summary>
    private void RestoreFolders(int root, Entry top)
    {
        foreach (var problem in top.Problems)
        {
            Report.Add([], $"when it was ingested: {Describe(problem)}");
        }

        var frames = new Stack<Frame>();
        frames.Push(new(root, top, [], _tree.Listing(top).GetEnumerator()));
        while (frames.TryPeek(out var frame))
        {
            _stop.Token.ThrowIfCancellationRequested();
            if (frame.Entries.MoveNext())
            {
                var entry = frame.Entries.Current;
                byte[] path = frame.Path.Length == 0 ? entry.Name : [.. frame.Path, (byte)'/', .. entry.Name];
                if (RestoreEntry(frame.Folder, root, entry.Name, entry, path) is { } folder)
                {
                    frames.Push(new(folder, entry, path, _tree.Listing(entry).GetEnumerator()));
                }

                continue;
            }

            frames.Pop();
            frame.Entries.Dispose();
            EntryMetadata.ApplyTo(frame.Folder, frame.Entry, frame.Path, Report);
            if (frame.Folder == root)
            {
                Report.CountEntry(); // The others were counted when they were made; this one is the target itself.
            }
            else
            {
                _ = Posix.Close(frame.Folder);
            }
        }

        _ = Posix.Close(root);
    }

    /// <summary>Makes one entry; for a folder, gives it open, to be filled.</summary>
    private int? RestoreEntry(int folder, int root, byte[] name, Entry entry, byte[] path)
    {
        foreach (var problem in entry.Problems)
        {
            Report.Add(path, $"when it was ingested: {Describe(problem)}");
        }

        if (entry.HardLink is { } first && TryLink(root, first, folder, name, path))
        {
            Report.CountEntry();
            return null;
        }

        switch (entry.Kind)
        {
            case EntryKind.Directory:
                var made = Posix.MakeDirectoryAt(folder, name, 0x1c0); // 0700 until it is filled
                if (IsRefusedName(made))
                {
                    Report.Add(path, $"neither it nor what lies in it can be made: the target does not take its name: {Errno.Text(made)}");
                    return null;
                }

                Check(made, path);
                Report.CountEntry();
                return Descend(folder, name, path, closeParent: false);
            case EntryKind.File when entry.Problems.Contains(ProblemKind.Unreadable) || entry.Problems.Contains(ProblemKind.Vanished):
                return null; // An empty file in its place could be taken for the file.
            case EntryKind.File or EntryKind.Image:
                var file = Posix.OpenAt(folder, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180);
                if (IsRefusedName(file))
                {
                    Report.Add(path, $"it cannot be made: the target does not take its name: {Errno.Text(file)}");
                    return null;
                }

                Check(file, path);
                _jobs.Add(new(file, entry, path), _stop.Token);
                return null;
            case EntryKind.Unknown:
                return null;
            default:
                RestoreNode(folder, name, entry, path);
                return null;
        }
    }

    private void RestoreNode(int folder, byte[] name, Entry entry, byte[] path)
    {
        var (major, minor) = entry.Device ?? default;
        var result = entry.Kind switch
        {
            EntryKind.SymbolicLink => Posix.MakeSymbolicLinkAt(entry.Target!, folder, name),
            EntryKind.Fifo => Posix.MakeNodeAt(folder, name, (uint)FileKind.Fifo | 0x180, 0, 0),
            EntryKind.Socket => Posix.MakeNodeAt(folder, name, (uint)FileKind.Socket | 0x180, 0, 0),
            EntryKind.CharacterDevice => Posix.MakeNodeAt(folder, name, (uint)FileKind.CharacterDevice | 0x180, major, minor),
            EntryKind.BlockDevice => Posix.MakeNodeAt(folder, name, (uint)FileKind.BlockDevice | 0x180, major, minor),
            EntryKind.File or EntryKind.Image or EntryKind.Directory or EntryKind.Unknown or _ => throw new InvalidOperationException($"{entry.Kind} is no node"),
        };
        if (result < 0)
        {
            Report.Add(path, $"it cannot be made: {Errno.Text(result)}");
            return;
        }

        EntryMetadata.ApplyTo(folder, name, entry, path, Report);
        Report.CountEntry();
    }

    /// <summary>Links to the first name of the inode, if that was restored. Otherwise this becomes a file of its own.</summary>
    /// <remarks>A first name is a path below the source; only a part of the source may be restored, and the root is then that part.</remarks>
    private bool TryLink(int root, byte[] first, int folder, byte[] name, byte[] path)
    {
        var names = SplitPath(first).ToList();
        if (names.Count <= _selected.Count || !_selected.Zip(names).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
        {
            return false;
        }

        names.RemoveRange(0, _selected.Count);
        var at = Posix.OpenAt(root, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory);
        foreach (var part in names.SkipLast(1))
        {
            if (at < 0)
            {
                return false;
            }

            var next = Posix.OpenAt(at, part, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
            _ = Posix.Close(at);
            at = next;
        }

        if (at < 0 || names.Count == 0)
        {
            return false;
        }

        var result = Posix.LinkAt(at, names[^1], folder, name);
        _ = Posix.Close(at);
        if (result < 0 && result != -Errno.ENOENT) // A first name that could not be restored is told of by itself.
        {
            Report.Add(path, $"it is a file of its own: a link to {Printable.Bytes(first)} cannot be made: {Errno.Text(result)}");
        }

        return result >= 0;
    }

    private static IEnumerable<byte[]> SplitPath(byte[] path)
    {
        var start = 0;
        while (start < path.Length)
        {
            var length = path.AsSpan(start).IndexOf((byte)'/');
            length = length < 0 ? path.Length - start : length;
            if (length > 0)
            {
                yield return path[start..(start + length)];
            }

            start += length + 1;
        }
    }

    private static int Descend(int folder, byte[] name, byte[] path, bool closeParent = true)
    {
        var below = Posix.OpenAt(folder, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        if (closeParent)
        {
            _ = Posix.Close(folder);
        }

        Check(below, path);
        return below;
    }

    private static string Describe(ProblemKind kind) => kind switch
    {
        ProblemKind.Unreadable => "it could not be read",
        ProblemKind.Vanished => "it vanished before it could be read",
        ProblemKind.Changed => "it changed while it was read",
        ProblemKind.BadRanges => "parts of it could not be read",
        ProblemKind.NotEntered => "it was not entered",
        ProblemKind.MetadataUnreadable => "some of its metadata could not be read",
        _ => $"problem {(int)kind}",
    };

    /// <summary>Whether it is the name that a file system does not take: too long, or with bytes that it has no room for. Others can be made all the same.</summary>
    private static bool IsRefusedName(int result) => -result is Errno.ENAMETOOLONG or Errno.EILSEQ or Errno.EINVAL;

    private static void Check(int result, byte[] path)
    {
        if (result < 0)
        {
            throw TargetFailure(Printable.Bytes(path), Errno.Text(result));
        }
    }

    private static AslException TargetFailure(string where, string why) => new(new AslError(ErrorCode.TargetIo, "the target cannot be written")
    {
        Where = where,
        Why = why,
        Fix = "make the target writable and give it room, then restore into another, empty directory",
    });

    private sealed record Frame(int Folder, Entry Entry, byte[] Path, IEnumerator<Entry> Entries);
}
