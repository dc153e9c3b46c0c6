using System.Buffers;
using System.Formats.Cbor;
using AslRescue.Intake.Imaging;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;
using AslRescue.Store.Format;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>What an ingest found: all of a snapshot that comes from the sources.</summary>
public sealed record IngestedTree(
    Digest Root, IReadOnlyList<ContentItem> Side, long ProblemCount, IReadOnlyList<ContentItem> Problems, SnapshotCounts Counts);

/// <summary>
/// Builds listings, side tables and the list of problems from steps in walk order, and appends their artifacts. Runs on one
/// thread. What it makes depends on the order of the calls and their arguments alone.
/// </summary>
internal sealed class TreeAssembler
{
    private const long CheckpointBytes = 4L << 30;
    private static readonly TimeSpan CheckpointTime = TimeSpan.FromSeconds(10);
    private readonly BlockWriter _blocks;
    private readonly ChunkParameters _chunks;
    private readonly IngestProgress _progress;
    private bool _isInBadArea;
    private readonly Stack<Folder> _folders = new();
    private readonly Stack<Folder> _spares = new();
    private readonly Folder _top;
    private readonly SequenceWriter _problems;
    private readonly ContentWriter _content;
    private readonly Dictionary<InodeKey, (FoundEntry First, uint Remaining)> _linked = [];
    private readonly CheckpointRecorder _recorder = new();
    private readonly ImageRecorder? _images;
    private SnapshotCounts _counts = new();
    private long _readBytes;
    private int _source;

    internal TreeAssembler(BlockWriter blocks, ChunkParameters chunks, IngestProgress progress, ImageRecorder? images = null)
    {
        (_blocks, _chunks, _progress, _images) = (blocks, chunks, progress, images);
        _problems = new(blocks.Put);
        _content = new(blocks.Put);
        _top = new Folder(blocks);
        _folders.Push(_top);
    }

    /// <summary>Asked by steps that take long.</summary>
    internal CancellationToken Cancellation { get; set; }

    /// <summary>Where steps of images put their artifacts.</summary>
    internal BlockWriter Blocks => _blocks;

    /// <summary>And where they say what they read.</summary>
    internal ImageRecorder Images => _images ?? throw new InvalidOperationException("this run takes in no images");

    /// <summary>
    /// What was learned since a frame was closed, in bytes of a checkpoint object. Where much is read that is stored already, or that fills no chunk, no frame is
    /// closed for long, and that must not become an object that no reader takes.
    /// </summary>
    internal int MarkBytesMax { get; init; } = BlockWriter.MarkBytesMax;

    /// <summary>What follows belongs to the next source.</summary>
    internal void NextSource(int index)
    {
        _source = index;
        _linked.Clear(); // A link names a path below its own source.
    }

    /// <summary>What is complete in closed blocks since the last call; null when nothing is. For <see cref="BlockWriter"/>'s mark.</summary>
    internal byte[]? TakeCheckpoint() => _images is null ? _recorder.Take() : _images.Take(_recorder.Take());

    /// <summary>Bytes of an image are dealt with. A long stretch that fills no block still gets its checkpoint.</summary>
    internal void CountImageBytes(long length, bool isRead)
    {
        _readBytes += isRead ? length : 0;
        _progress.CountDone(length);
        _progress.SetStored(_blocks.AddedStoredBytes);
        if (Images.PendingBytes >= CheckpointBytes)
        {
            _blocks.Checkpoint();
        }

        BoundMarks();
    }

    /// <summary>On a device that fails, what was learned with pains is made durable at short intervals.</summary>
    internal void CheckpointFailing()
    {
        if (Images.Waiting >= CheckpointTime)
        {
            _blocks.Checkpoint();
        }

        BoundMarks();
    }

    /// <summary>All that can be read of an image is read: puts its content together.</summary>
    internal void AddImage(ImageSource image, IReadOnlyList<ProblemFound> problems)
    {
        _blocks.Checkpoint();
        var assembly = new ImageAssembly(image, Images, _blocks);
        var (items, badBytes, gained) = assembly.Run();
        image.Complete(items, badBytes, gained);
        _counts = _counts with { BadBytes = _counts.BadBytes + badBytes };
        AddEntry(image.Entry(problems));
    }

    internal void OpenFolder(FoundEntry found)
    {
        var folder = _spares.Count > 0 ? _spares.Pop() : new Folder(_blocks);
        folder.Found = found;
        folder.Problems.AddRange(found.Problems);
        _folders.Push(folder);
    }

    internal void CloseFolder(ProblemFound? problem)
    {
        var folder = _folders.Pop();
        if (problem is not null)
        {
            folder.Problems.Add(problem);
        }

        var found = folder.Found!;
        var size = folder.Listing.Count;
        Add(found with
        {
            Entry = found.Entry with { Size = size, Content = folder.Listing.Finish() },
            Side = found.Side with { Children = folder.Side.Finish() },
            Problems = [.. folder.Problems],
        });
        _counts = _counts with { Directories = _counts.Directories + 1 };
        folder.Problems.Clear();
        _spares.Push(folder);
    }

    /// <summary>Adds an entry that is complete.</summary>
    internal void AddEntry(FoundEntry found)
    {
        Remember(found);
        Add(found);
    }

    /// <summary>Adds a further name of an inode: all but the name is what the first name has under which it could be read.</summary>
    internal void AddHardLink(FoundEntry found, InodeKey inode)
    {
        var (first, remaining) = _linked[inode];
        _linked[inode] = (first, remaining - 1);
        if (remaining == 1)
        {
            _linked.Remove(inode);
        }

        Add(first with { Path = found.Path, Entry = first.Entry with { Name = found.Entry.Name, HardLink = first.Path }, Inode = null });
    }

    /// <summary>Whether an inode could not be read under its first name.</summary>
    /// <param name="inode">The inode.</param>
    /// <param name="further">What its further name had.</param>
    internal bool WasLost(InodeKey inode, in SideRecord further)
    {
        // Under its first name another file may have lain by the time it was opened, even one that has got the same number (born later), or no file at all.
        var first = _linked[inode].First;
        return first.Side.Inode != inode.Inode
            || (first.Side.Born is { } born && further.Born is { } bornToo ? born != bornToo : first.Side.Changed != further.Changed)
            || first.Problems.Any(problem => problem.Kind is ProblemKind.Vanished or ProblemKind.Unreadable)
            || (first.Entry.Size == 0 && first.Problems.Any(problem => problem.Kind == ProblemKind.Changed));
    }

    /// <summary>Does a worker's work here and now: for the rare case that shows only while steps are applied.</summary>
    internal void ReadNow(FileStep step) => step.ReadNow(new Worker(_chunks, _progress), this);

    /// <summary>A file's content starts, with what an earlier run already stored of it.</summary>
    internal void OpenFile(byte[] path, SourceIdentity identity, IReadOnlyList<CheckpointPart> known)
    {
        _recorder.OpenFile(_source, path, identity, known.Count > 0 ? known[^1].End : 0);
        foreach (var item in known.SelectMany(part => part.Items))
        {
            _content.Add(item);
            CountBad(item);
        }

        _progress.CountDone(_content.Length);
    }

    /// <summary>Adds the next part of the file's content.</summary>
    /// <param name="item">What it is.</param>
    /// <param name="raw">Its bytes, when it is an artifact.</param>
    internal void AddPiece(ContentItem item, ReadOnlySpan<byte> raw)
    {
        if (item.Kind == ContentKind.Artifact)
        {
            _blocks.Append(item.Key, raw);
            _readBytes += raw.Length;
        }

        CountBad(item);
        _content.Add(item);
        _recorder.Add(item);
        _progress.CountDone(item.Length);
        _progress.SetStored(_blocks.AddedStoredBytes);
        BoundMarks();
    }

    /// <summary>The file's content is complete.</summary>
    /// <param name="found">The file, without content.</param>
    /// <param name="isStable">Whether a later run may rely on what was read.</param>
    internal void CloseFile(FoundEntry found, bool isStable)
    {
        _recorder.CloseFile(isStable);
        var size = _content.Length;
        AddEntry(found with { Entry = found.Entry with { Size = size, Content = _content.Finish() } });
        BoundMarks();
    }

    internal void CountUnchanged(long bytes)
    {
        _counts = _counts with { UnchangedFiles = _counts.UnchangedFiles + 1 };
        _progress.CountDone(bytes);
    }

    /// <summary>The root of everything added.</summary>
    internal IngestedTree Finish()
    {
        var problemCount = _problems.Count;
        return new(_blocks.Put(_top.Roots.WrittenSpan), _top.Side.Finish(), problemCount, _problems.Finish(), _counts with { ReadBytes = _readBytes });
    }

    private void Add(FoundEntry found)
    {
        var entry = found.Problems.Count == 0
            ? found.Entry
            : found.Entry with { Problems = [.. found.Problems.Select(problem => problem.Kind).Distinct().Order()] };
        foreach (var problem in found.Problems)
        {
            _problems.Add(writer => new Problem(_source, found.Path, problem.Kind, problem.Errno, problem.Text).Write(writer));
            _progress.CountProblem();
        }

        var folder = _folders.Peek();
        if (folder == _top)
        {
            folder.AddRoot(entry);
        }
        else
        {
            folder.Listing.Add(entry.Write);
        }

        folder.Side.Add(found.Side.Write);
        Count(entry);
    }

    /// <summary>Begins another checkpoint object before one becomes too long.</summary>
    private void BoundMarks()
    {
        if (_recorder.PendingBytes + (_images?.PendingMarkBytes ?? 0) >= MarkBytesMax)
        {
            _blocks.Checkpoint();
        }
    }

    private void CountBad(ContentItem item)
    {
        var isBad = item.Kind == ContentKind.BadRange;
        if (isBad)
        {
            _counts = _counts with { BadBytes = _counts.BadBytes + item.Length };
            _progress.CountBad(item.Length, isNewArea: !_isInBadArea);
        }

        _isInBadArea = isBad;
    }

    private void Count(Entry entry)
    {
        _progress.CountEntry();
        _isInBadArea = false;
        var isFile = entry.HasBytes;
        _counts = _counts with
        {
            Entries = _counts.Entries + 1,
            Files = _counts.Files + (isFile ? 1 : 0),
            SourceBytes = _counts.SourceBytes + (isFile && entry.HardLink is null ? entry.Size : 0),
        };
    }

    /// <summary>Keeps an entry for the further names of its inode, until all have come.</summary>
    private void Remember(FoundEntry found)
    {
        if (found.Inode is { } inode)
        {
            _linked[inode] = (found, inode.LinkCount - 1);
        }
    }

    /// <summary>A folder whose entries are coming in. Its writers are used again for later folders.</summary>
    private sealed class Folder(BlockWriter blocks)
    {
        private readonly CborWriter _writer = CborExtensions.NewWriter();

        internal FoundEntry? Found { get; set; }

        internal List<ProblemFound> Problems { get; } = [];

        internal SequenceWriter Listing { get; } = new(blocks.Put);

        internal SequenceWriter Side { get; } = new(blocks.Put);

        /// <summary>The root artifact, in the folder above all sources.</summary>
        internal ArrayBufferWriter<byte> Roots { get; } = new(1);

        internal void AddRoot(Entry entry)
        {
            entry.Write(_writer);
            Roots.Write<byte>(_writer.Encode());
            _writer.Reset();
        }
    }
}
