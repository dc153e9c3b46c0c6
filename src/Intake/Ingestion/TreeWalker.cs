using AslRescue.Intake.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>What a source was in the snapshot that the run is incremental to.</summary>
/// <param name="Tree">Reads that snapshot.</param>
/// <param name="Root">The source's entry.</param>
/// <param name="Side">And its side record.</param>
/// <param name="Started">When that snapshot's run began: what changed later than shortly before may not have been seen.</param>
internal sealed record ParentTree(TreeReader Tree, Entry Root, SideRecord Side, FileTime Started);

/// <summary>
/// Walks a source depth first, names in the order of their bytes, by open folders (so no path is too long for the system; <see cref="Entry.PathBytesMax"/> is the format's), and makes a step of
/// each thing. Files that did not change are taken over from the parent; long files are read here, short ones by the workers.
/// </summary>
internal sealed class TreeWalker(
    BlockWriter blocks, ChunkParameters chunks, CheckpointCursor checkpoints, (uint, uint, ulong) storeFolder, bool isOneFileSystem, StepSender sender,
    OpenFolders folders)
{
    /// <summary>Longer files are read and cut by the walker, so that several workers share the rest of the work.</summary>
    internal const long WorkerFileBytesMax = 1 << 20;

    // Two writes within one tick of the file system's clock leave the same time: what changed this late may have changed again.
    private const int ClockSlackSeconds = 2;

    private readonly FileScanner _scanner = new(chunks);
    private readonly ExtendedAttributes _attributes = new();
    private readonly LinkedInodes _linked = new();
    private readonly byte[] _records = new byte[DirectoryRecords.BufferBytes];
    private readonly Stack<Frame> _frames = new();
    private int _source;
    private FileTime _trustedBefore;

    /// <summary>Walks one source.</summary>
    /// <param name="index">Which one of the run.</param>
    /// <param name="path">Absolute.</param>
    /// <param name="descriptor">The source, open; closed in the end.</param>
    /// <param name="parent">What to be incremental to, or null.</param>
    /// <param name="cancellation">Ends the walk between two entries.</param>
    internal void Walk(int index, string path, int descriptor, ParentTree? parent, CancellationToken cancellation)
    {
        _source = index;
        _linked.Clear();
        _trustedBefore = parent is null ? default : TrustedBefore(parent.Started);
        var source = folders.Own(descriptor);
        var result = Posix.Stat(descriptor, out var status);
        if (result < 0)
        {
            throw new AslException(new AslError(ErrorCode.SourceMissing, "a source cannot be read")
            {
                Where = path,
                Why = Errno.Text(result),
                Fix = "check that the disk is there and mounted, then name its path",
                IsPermanent = false,
            });
        }

        if (status.Kind == FileKind.Directory)
        {
            EnterFolder(source, [], [], status, parent is { Root.Kind: EntryKind.Directory } ? (parent.Root, parent.Side) : null, parent?.Tree);
            WalkFrames(parent?.Tree, cancellation);
            return;
        }

        VisitFile(source, [], [], status, parent is null ? null : (parent.Root, parent.Side));
    }

    /// <summary>What changed later than this may not have been seen by a run that began then.</summary>
    internal static FileTime TrustedBefore(FileTime started) => new(started.Seconds - ClockSlackSeconds, started.Nanoseconds);

    private void WalkFrames(TreeReader? parentTree, CancellationToken cancellation)
    {
        try
        {
            VisitFrames(parentTree, cancellation);
        }
        finally
        {
            foreach (var frame in _frames)
            {
                frame.Parent?.Dispose();
                frame.Folder.Release();
            }

            _frames.Clear();
        }
    }

    private void VisitFrames(TreeReader? parentTree, CancellationToken cancellation)
    {
        while (_frames.TryPeek(out var frame))
        {
            cancellation.ThrowIfCancellationRequested();
            if (frame.Next < frame.Names.Count)
            {
                var name = frame.Names[frame.Next++];
                Visit(frame, name, parentTree);
            }
            else
            {
                _frames.Pop();
                frame.Parent?.Dispose();
                frame.Folder.Release();
                sender.Send(new FolderEnd(frame.Problem));
            }
        }
    }

    private void Visit(Frame frame, byte[] name, TreeReader? parentTree)
    {
        byte[] path = frame.Path.Length == 0 ? name : [.. frame.Path, (byte)'/', .. name];
        var result = Posix.StatAt(frame.Folder.Descriptor, name, out var status);
        if (result < 0)
        {
            DisksBelow.Kernel.ThrowIfGone(frame.Device, result);
            SendUnknown(path, name, result);
            return;
        }

        var before = frame.Parent?.Find(name);
        switch (status.Kind)
        {
            case FileKind.Directory:
                VisitFolder(frame, path, name, status, before, parentTree);
                break;
            case FileKind.Regular:
                VisitFile(frame.Folder.Share(), path, name, status, before);
                break;
            default:
                VisitOther(frame.Folder, path, name, status, before);
                break;
        }
    }

    private void SendUnknown(byte[] path, byte[] name, int error) =>
        sender.Send(new FinishedEntry(new(path, new Entry { Name = name, Kind = EntryKind.Unknown }, default)
        {
            Problems = [ProblemFound.OfErrno(error == -Errno.ENOENT ? ProblemKind.Vanished : ProblemKind.Unreadable, "nothing can be learned of it", error)],
        }));

    private void VisitFolder(Frame frame, byte[] path, byte[] name, in FileStatus listed, (Entry Entry, SideRecord Side)? before, TreeReader? parentTree)
    {
        var problem = WhyNotEntered(frame, path, listed, out var isOtherFileSystem);
        var folder = problem is null ? OpenFolder.OpenBelow(frame.Folder.Descriptor, name, OpenFlags.Directory) : -1;
        if (folder >= 0 && isOtherFileSystem && PseudoFileSystems.TryName(Posix.FileSystemType(folder), out var type))
        {
            problem = new(ProblemKind.NotEntered, null, $"it is the kernel's {type} file system and holds no data");
        }

        if (folder >= 0 && problem is null && Posix.Stat(folder, out var status) >= 0 && status.Kind == FileKind.Directory)
        {
            EnterFolder(folders.Own(folder), path, name, status, before is { Entry.Kind: EntryKind.Directory } ? before : null, parentTree);
            return;
        }

        if (folder < 0 && problem is null)
        {
            DisksBelow.Kernel.ThrowIfGone(listed.Device, folder);
        }

        problem ??= ProblemFound.OfErrno(folder == -Errno.ENOENT ? ProblemKind.Vanished : ProblemKind.Unreadable, "it cannot be opened", folder);
        if (folder >= 0)
        {
            _ = Posix.Close(folder);
        }

        sender.Send(new FinishedEntry(new(path, EntryFactory.Of(name, listed), SourceIdentity.Side(listed, [])) { Problems = [problem] }));
    }

    private ProblemFound? WhyNotEntered(Frame frame, byte[] path, in FileStatus listed, out bool isOtherFileSystem)
    {
        isOtherFileSystem = listed.Device != frame.Device;
        if ((listed.Device.Major, listed.Device.Minor, listed.Inode) == storeFolder)
        {
            return new(ProblemKind.NotEntered, null, "it is the store that the run writes to");
        }

        if (path.Length + 1 + Entry.NameBytesMax > Entry.PathBytesMax)
        {
            return new(ProblemKind.NotEntered, null, $"its path has {path.Length} bytes, and what lies in it may have a longer one than {Entry.PathBytesMax}, the most that a store takes");
        }

        return isOtherFileSystem && isOneFileSystem
            ? new(ProblemKind.NotEntered, null, "it is another file system, and only one was asked for")
            : null;
    }

    private void EnterFolder(
        OpenFolder folder, byte[] path, byte[] name, in FileStatus status, (Entry Entry, SideRecord Side)? before, TreeReader? parentTree)
    {
        List<ProblemFound> problems = [];
        var attributes = before is { Entry.Problems.Count: 0 } parent && IsUnchanged(status, parent)
            ? parent.Entry.Attributes
            : ReadAttributes(_attributes.OfFile(folder.Descriptor, out var errno), errno, problems);
        sender.Send(new FolderStart(new(path, EntryFactory.Of(name, status) with { Attributes = attributes }, SourceIdentity.Side(status, [])) { Problems = problems }));
        var names = ListNames(folder.Descriptor, status.Device, out var problem);
        var parentFolder = before is { Side.Children: { } side } known && parentTree is not null ? new ParentFolder(parentTree, known.Entry, side) : null;
        _frames.Push(new(folder, path, status.Device, names, parentFolder, problem));
    }

    private List<byte[]> ListNames(int folder, (uint, uint) device, out ProblemFound? problem)
    {
        List<byte[]> names = [];
        int read;
        while ((read = Posix.ReadDirectory(folder, _records)) > 0)
        {
            DirectoryRecords.Collect(_records.AsSpan(0, read), names);
        }

        if (read < 0)
        {
            DisksBelow.Kernel.ThrowIfGone(device, read);
        }

        problem = read < 0 ? ProblemFound.OfErrno(ProblemKind.Unreadable, "its listing cannot be read to the end", read) : null;
        names.Sort((left, right) => left.AsSpan().SequenceCompareTo(right));
        return names;
    }

    /// <summary>Links, fifos, sockets and devices: never opened, only described.</summary>
    private void VisitOther(OpenFolder folder, byte[] path, byte[] name, in FileStatus status, (Entry Entry, SideRecord Side)? before)
    {
        if (SendFurtherLink(null, path, name, status))
        {
            return;
        }

        var (inode, side) = (LinkKey(status), SourceIdentity.Side(status));
        if (before is { } parent && IsUnchanged(status, parent) && parent.Entry.Problems.Count == 0)
        {
            sender.Send(new FinishedEntry(new(path, parent.Entry with { HardLink = null }, side, inode)));
            return;
        }

        List<ProblemFound> problems = [];
        var entry = EntryFactory.Of(name, status);
        if (entry.Kind == EntryKind.SymbolicLink)
        {
            entry = ReadTarget(folder.Descriptor, name, entry, problems);
        }

        var attributes = ReadAttributes(_attributes.OfEntry(folder.Descriptor, name, out var errno), errno, problems);
        sender.Send(new FinishedEntry(new(path, entry with { Attributes = attributes }, side, inode) { Problems = problems }));
    }

    private static Entry ReadTarget(int folder, byte[] name, Entry entry, List<ProblemFound> problems)
    {
        Span<byte> target = stackalloc byte[4096];
        var length = Posix.ReadLinkAt(folder, name, target);
        if (length > 0 && length < target.Length)
        {
            return entry with { Target = target[..length].ToArray() };
        }

        problems.Add(ProblemFound.OfErrno(length == -Errno.ENOENT ? ProblemKind.Vanished : ProblemKind.Unreadable, "its target cannot be read", length));
        return new Entry { Name = name, Kind = EntryKind.Unknown };
    }

    private static IReadOnlyList<ExtendedAttribute> ReadAttributes(IReadOnlyList<ExtendedAttribute> attributes, int errno, List<ProblemFound> problems)
    {
        if (errno != 0)
        {
            problems.Add(ProblemFound.OfErrno(ProblemKind.MetadataUnreadable, "its extended attributes cannot all be read", errno));
        }

        return attributes;
    }

    private void VisitFile(OpenFolder folder, byte[] path, byte[] name, in FileStatus status, (Entry Entry, SideRecord Side)? before)
    {
        if (SendFurtherLink(folder, path, name, status) || SendUnchanged(path, name, status, before))
        {
            folder.Release();
            return;
        }

        var known = checkpoints.Take(_source, path, SourceIdentity.Of(status));
        if (known.SelectMany(part => part.Items).Any(item => item.Kind == ContentKind.Artifact && !blocks.Contains(item.Key)))
        {
            known = [];
        }

        if (status.Size <= WorkerFileBytesMax || (known.Count > 0 && known[^1].IsComplete))
        {
            // A part of a short file is not worth the trouble of going on in its middle.
            SendFile(folder, name, path, status, known is [.., { IsComplete: true }] ? known : []);
        }
        else
        {
            ReadLargeFile(folder, path, name, status, known);
        }
    }

    /// <summary>A file that a worker reads whole, as much of it as is sure to fit.</summary>
    private void SendFile(OpenFolder folder, byte[] name, byte[] path, in FileStatus listed, List<CheckpointPart> known)
    {
        var length = known.Count > 0 ? 0 : (int)Math.Min(listed.Size, WorkerFileBytesMax);
        sender.Send(new FileStep(folder, name, path, listed, known, sender.Reserve(length), chunks));
    }

    private void ReadLargeFile(OpenFolder folder, byte[] path, byte[] name, in FileStatus listed, List<CheckpointPart> known)
    {
        var file = name.Length > 0 ? OpenFolder.OpenBelow(folder.Descriptor, name, OpenFlags.NonBlocking) : folder.Descriptor;
        if (file < 0 || Posix.Stat(file, out var status) < 0 || status.Kind != FileKind.Regular)
        {
            // It vanished, or became something else, this very moment: a worker finds that out again, and says so.
            CloseOpened(file, name);
            SendFile(folder, name, path, listed, []);
            return;
        }

        try
        {
            ScanLargeFile(file, path, name, status, LinkKey(listed), SourceIdentity.Of(status) == SourceIdentity.Of(listed) ? known : []);
        }
        finally
        {
            CloseOpened(file, name);
        }

        folder.Release();
    }

    private void ScanLargeFile(int file, byte[] path, byte[] name, in FileStatus status, InodeKey? inode, List<CheckpointPart> known)
    {
        var batcher = new FileBatcher(sender, chunks);
        FileProblems.AddKnown(batcher.Problems, known);
        var attributes = ReadAttributes(_attributes.OfFile(file, out var errno), errno, batcher.Problems);
        sender.Send(new FileStart(path, SourceIdentity.Of(status), known));
        var reached = _scanner.Scan(file, status, known.Count > 0 ? known[^1].End : 0, status.Size, batcher);
        batcher.Flush();
        FileProblems.AddChange(batcher.Problems, file, status, reached);
        var isStable = batcher.Problems.All(problem => problem.Kind == ProblemKind.BadRanges);
        sender.Send(new FileEnd(new(path, EntryFactory.Of(name, status) with { Attributes = attributes }, SourceIdentity.Side(status), inode)
        {
            Problems = batcher.Problems,
        }, isStable));
    }

    /// <summary>Closes a file that was opened by name; a source that is a file itself belongs to its folder's stand-in.</summary>
    private static void CloseOpened(int file, byte[] name)
    {
        if (file >= 0 && name.Length > 0)
        {
            _ = Posix.Close(file);
        }
    }

    private bool SendUnchanged(byte[] path, byte[] name, in FileStatus status, (Entry Entry, SideRecord Side)? before)
    {
        if (before is not { Entry: { Kind: EntryKind.File, Problems.Count: 0 } } parent || parent.Entry.Size != status.Size
            || !IsUnchanged(status, parent) || !AreStored(parent.Entry.Content))
        {
            return false;
        }

        var entry = parent.Entry with { Name = name, HardLink = null };
        sender.Send(new FinishedEntry(new(path, entry, SourceIdentity.Side(status), LinkKey(status)), unchangedBytes: status.Size));
        return true;
    }

    private bool IsUnchanged(in FileStatus status, (Entry Entry, SideRecord Side) parent) =>
        parent.Entry.Kind == EntryFactory.KindOf(status) && parent.Side.Inode == status.Inode && parent.Side.Changed == status.ChangeTime
        && parent.Entry.Modified == status.ModificationTime && status.ChangeTime < _trustedBefore;

    /// <summary>Whether the base has what the parent's entry refers to. It always should, by its own seal.</summary>
    private bool AreStored(IReadOnlyList<ContentItem> items) =>
        items.All(item => item.Kind is ContentKind.Hole or ContentKind.BadRange || blocks.Contains(item.Key));

    private static InodeKey? LinkKey(in FileStatus status) => status.LinkCount > 1 ? InodeKey.Of(status) : null;

    /// <summary>Whether the inode was found under another name; then only the link is recorded.</summary>
    private bool SendFurtherLink(OpenFolder? folder, byte[] path, byte[] name, in FileStatus status)
    {
        if (LinkKey(status) is not { } inode || !_linked.IsFurther(inode, SourceIdentity.Of(status)))
        {
            return false;
        }

        var byItself = folder is null ? null : new FileStep(folder.Share(), name, path, status, [], slice: null, chunks);
        sender.Send(new FurtherHardLink(new(path, EntryFactory.Of(name, status), SourceIdentity.Side(status)), inode, byItself));
        return true;
    }

    private sealed record Frame(
        OpenFolder Folder, byte[] Path, (uint, uint) Device, IReadOnlyList<byte[]> Names, ParentFolder? Parent, ProblemFound? Problem)
    {
        internal int Next { get; set; }
    }
}
