using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Chunking;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>A file that one worker opens, reads, cuts, hashes and compresses by itself: one that is short, or known from a checkpoint.</summary>
/// <param name="folder">Where it lies; a share that the step gives back.</param>
/// <param name="name">Its name there; empty when the folder's descriptor is the file itself.</param>
/// <param name="path">From the root of the source.</param>
/// <param name="listed">What it was when it was listed.</param>
/// <param name="known">What an earlier run read of it; then nothing is read.</param>
/// <param name="slice">As long as the file was when it was listed; null for a file that is read by <see cref="ReadNow"/>, however long.</param>
/// <param name="chunks">How it is cut.</param>
internal sealed class FileStep(
    OpenFolder folder, byte[] name, byte[] path, FileStatus listed, IReadOnlyList<CheckpointPart> known, RingSlice? slice, ChunkParameters chunks)
    : Step, IPieceSink
{
    private const int OwnBytes = 2 << 20;
    private TreeAssembler? _assembler;
    private bool _isContentOpen;
    private byte[] _ownBuffer = [];
    private readonly List<PreparedPiece> _pieces = [];
    private readonly List<ProblemFound> _problems = [];
    private FileStatus? _opened;
    private FoundEntry? _found;
    private Worker? _worker;

    private FileStatus Status => _opened ?? listed;

    internal override long Bytes => known.Count > 0 ? 0 : listed.Size;

    internal override bool NeedsWorker => true;

    public Span<byte> Buffer => slice is { } taken ? taken.Span : _ownBuffer;

    internal override void Prepare(Worker worker)
    {
        _worker = worker;
        var file = name.Length > 0 ? OpenFolder.OpenBelow(folder.Descriptor, name, OpenFlags.NonBlocking) : folder.Descriptor;
        try
        {
            _found = file < 0 ? Unopened(file) : Read(file, worker);
        }
        finally
        {
            if (file >= 0 && name.Length > 0)
            {
                _ = Posix.Close(file);
            }

            folder.Release();
            _worker = null;
        }
    }

    /// <summary>Reads and applies at once, part by part, so that memory does not depend on the file's length. On the assembler's thread.</summary>
    internal void ReadNow(Worker worker, TreeAssembler assembler)
    {
        _assembler = assembler;
        Prepare(worker);
        Apply(assembler);
    }

    internal override void Abandon() => folder.Release();

    internal override void Apply(TreeAssembler assembler)
    {
        AddPieces(assembler);
        slice?.Give();
        var isStable = _problems.All(problem => problem.Kind == ProblemKind.BadRanges);
        assembler.CloseFile(_found!, isStable);
    }

    void IPieceSink.Renew(int from, int length, long remaining)
    {
        AddPieces(_assembler ?? throw new InvalidOperationException("a short file outgrew its memory"));
        _assembler.Cancellation.ThrowIfCancellationRequested();
        Buffer.Slice(from, length).CopyTo(Buffer);
    }

    void IPieceSink.OnChunk(int start, int length)
    {
        _pieces.Add(new(slice is null ? ContentItem.Artifact(Digest.Of(Buffer.Slice(start, length)), length) : default, start, length));
        if (slice is { } taken)
        {
            _worker!.HashLater(_pieces, _pieces.Count - 1, taken);
        }

        _worker!.Progress.CountRead(length);
    }

    void IPieceSink.OnHole(long length) => _pieces.Add(new(ContentItem.Hole(length), 0, 0));

    void IPieceSink.OnBadRange(long length, int errno)
    {
        _pieces.Add(new(ContentItem.BadRange(length, errno), 0, 0));
        FileProblems.AddBadRange(_problems, errno);
    }

    private void AddPieces(TreeAssembler assembler)
    {
        if (!_isContentOpen)
        {
            _isContentOpen = true;
            var isOpened = _problems.All(problem => problem.Kind is not (ProblemKind.Unreadable or ProblemKind.Vanished));
            assembler.OpenFile(path, SourceIdentity.Of(Status), isOpened ? known : []);
        }

        foreach (var piece in _pieces)
        {
            assembler.AddPiece(piece.Item, Buffer.Slice(piece.Start, piece.Length));
        }

        _pieces.Clear();
    }

    private FoundEntry Unopened(int error)
    {
        DisksBelow.Kernel.ThrowIfGone(listed.Device, error);
        var kind = error == -Errno.ENOENT ? ProblemKind.Vanished : ProblemKind.Unreadable;
        _problems.Add(ProblemFound.OfErrno(kind, "it cannot be opened", error));
        return Found([]);
    }

    private FoundEntry Read(int file, Worker worker)
    {
        var stat = Posix.Stat(file, out var status);
        if (stat < 0 || status.Kind != FileKind.Regular)
        {
            _problems.Add(new(ProblemKind.Changed, null, "it was a file when it was listed and something else when it was opened"));
            return Found([]);
        }

        _opened = status;
        if (InodeKey.Of(status) is var opened && (opened.Device, opened.Inode) != (listed.Device, listed.Inode))
        {
            _problems.Add(new(ProblemKind.Changed, null, "another file had taken its place between listing and opening: what is kept is that one"));
        }

        var attributes = worker.Attributes.OfFile(file, out var errno);
        if (errno != 0)
        {
            _problems.Add(ProblemFound.OfErrno(ProblemKind.MetadataUnreadable, "its extended attributes cannot all be read", errno));
        }

        if (known.Count > 0)
        {
            // What an earlier run read of exactly this file is not read again; if it changed since it was listed, that is said.
            FileProblems.AddKnown(_problems, known);
            FileProblems.AddChange(_problems, file, listed, listed.Size);
            return Found(attributes);
        }

        _ownBuffer = slice is null ? new byte[Math.Min(status.Size, Math.Max(OwnBytes, chunks.BytesMax * 2))] : [];

        // A short file that has grown since it was listed is read as far as there is memory for; the rest is a change.
        var end = slice is null ? status.Size : Math.Min(status.Size, Buffer.Length);
        FileProblems.AddChange(_problems, file, status, worker.Scanner.Scan(file, status, 0, end, this));

        return Found(attributes);
    }

    private FoundEntry Found(IReadOnlyList<ExtendedAttribute> attributes) =>
        new(path, EntryFactory.Of(name, Status) with { Attributes = attributes }, SourceIdentity.Side(Status),
            listed.LinkCount > 1 ? InodeKey.Of(listed) : null)
        {
            Problems = _problems,
        };
}

/// <summary>What can go wrong with a file's content, said in one way.</summary>
internal static class FileProblems
{
    /// <summary>One problem for all bad ranges of a file: the ranges themselves are in its content.</summary>
    internal static void AddBadRange(List<ProblemFound> problems, int errno)
    {
        if (problems.All(problem => problem.Kind != ProblemKind.BadRanges))
        {
            problems.Add(ProblemFound.OfErrno(ProblemKind.BadRanges, "parts of it cannot be read", errno));
        }
    }

    /// <summary>The bad ranges of what an earlier run read are problems of this one too.</summary>
    internal static void AddKnown(List<ProblemFound> problems, IReadOnlyList<CheckpointPart> known)
    {
        foreach (var item in known.SelectMany(part => part.Items).Where(item => item.Kind == ContentKind.BadRange))
        {
            AddBadRange(problems, item.Detail);
        }
    }

    /// <summary>Compares the file with what it was before it was read.</summary>
    internal static void AddChange(List<ProblemFound> problems, int file, in FileStatus before, long reached)
    {
        if (Posix.Stat(file, out var after) < 0 || SourceIdentity.Of(after) != SourceIdentity.Of(before) || reached != before.Size)
        {
            problems.Add(new(ProblemKind.Changed, null, "it was written to while it was read: what is kept may be a mixture"));
        }
    }
}
