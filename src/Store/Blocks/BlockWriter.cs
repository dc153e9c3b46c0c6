using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Blocks;

/// <summary>What is told about a block once it is durable and has been read back.</summary>
/// <param name="Block">Its name and length.</param>
/// <param name="Mark">What the writer's user handed over when its frames were closed, one behind the other.</param>
public sealed record SealedBlock(AddedBlock Block, byte[]? Mark);

/// <summary>
/// Appends artifacts to blocks, each artifact once. They are gathered into frames; several threads compress those, and whichever has
/// the next one in line puts it into its block. Closed blocks are written, read back and reported by a thread of its own, in the
/// order in which they were closed, while the next ones fill.
/// </summary>
/// <remarks>
/// <see cref="Append"/>, <see cref="Put"/> and <see cref="Finish"/> belong to one thread; <see cref="Contains"/> to any.
/// Which artifact lands where depends on the order of the calls alone: that is what makes stores reproducible.
/// Invariants: of one key, only the first artifact appended is stored; frames reach blocks in the order in which they were closed; a
/// mark travels with the frame that was closed when it was asked for, so all that it speaks of lies in that block or earlier ones.
/// </remarks>
public sealed class BlockWriter : IDisposable
{
    /// <summary>Measured in docs/adr/0031-compression-table.md.</summary>
    public static readonly Zstd.CompressionParameters Compression = new(Level: 1, HashLog: 15, MatchBytesMin: 7, Acceleration: 2);

    /// <summary>The marks of a block are not longer together; a mark by itself may be.</summary>
    public const int MarkBytesMax = 16 << 20;

    private const int PollMilliseconds = 200;
    private readonly IBackend _backend;
    private readonly ArtifactIndex _base;
    private readonly Func<byte[]?> _mark;
    private readonly Action<SealedBlock> _onSealed;
    private readonly Action<byte[]>? _onMark;
    private readonly RunIndex _run;
    private readonly List<Digest?> _blockNames = [];
    private readonly List<AddedBlock> _blocks = [];
    private readonly Stream _chunks;
    private readonly Stream _metadata;
    private readonly BlockingCollection<Frame> _freeFrames = [];
    private readonly BlockingCollection<Frame> _toCompress = [];
    private readonly Dictionary<long, Frame> _compressed = [];
    private readonly Lock _order = new();
    private readonly SemaphoreSlim _room;
    private readonly int _markBytesMax;
    private readonly BlockingCollection<(Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark)> _closed = new(1);
    private readonly List<Thread> _compressors;
    private readonly Thread _sealer;
    private long _framesClosed;
    private long _framesAppended;
    private long _addedStoredBytes;
    private volatile ExceptionDispatchInfo? _failure;

    /// <param name="backend">Where blocks go.</param>
    /// <param name="format">The store's parameters.</param>
    /// <param name="baseIndex">What is stored already.</param>
    /// <param name="earlier">Blocks that this run sealed before it was interrupted.</param>
    /// <param name="mark">Asked, on the appending thread, when a frame of chunks is closed.</param>
    /// <param name="onSealed">Told, on another thread, when a block is durable and checked.</param>
    /// <param name="onMark">Told, on that thread, of a mark that no block was closed for: see <see cref="Checkpoint"/>.</param>
    /// <param name="workers">Threads that compress; the outcome is the same for any number.</param>
    /// <param name="indexedInMemory">Artifacts of the run whose places are kept in memory; the outcome is the same for any number.</param>
    /// <param name="markBytesMax">A block is closed before its marks are longer than this together.</param>
    /// <exception cref="AslException">An earlier block is missing or damaged.</exception>
    public BlockWriter(
        IBackend backend, StoreFormat format, ArtifactIndex baseIndex, IEnumerable<Digest> earlier, Func<byte[]?> mark, Action<SealedBlock> onSealed,
        Action<byte[]>? onMark = null, int workers = 1, int indexedInMemory = RunIndex.RowsInMemoryMax,
        int markBytesMax = MarkBytesMax)
    {
        (_backend, _base, _mark, _onSealed, _onMark, _markBytesMax) = (backend, baseIndex, mark, onSealed, onMark, markBytesMax);
        _run = new(backend is DirectoryBackend ? backend.Location : Path.GetTempPath(), indexedInMemory);
        foreach (var name in earlier)
        {
            TakeOver(BlockFooter.Read(backend, name));
        }

        // Of metadata, little is often wanted by itself.
        _room = new(backend.CreatesAtOnce);
        _chunks = new(BlockContent.Chunks, format.BlockBytes, format.FrameBytes, 1 + backend.CreatesAtOnce);
        _metadata = new(BlockContent.Metadata, format.BlockBytes / 8, Math.Max(1, format.FrameBytes / 8), 1 + backend.CreatesAtOnce);

        // One open in each stream, one in the hands of each thread, and as many ready for it.
        for (var count = 0; count < 2 + (2 * workers); count++)
        {
            _freeFrames.Add(new(format.FrameBytes));
        }

        _compressors = [.. Enumerable.Range(0, workers).Select(number => Start($"compressor {number}", CompressFrames))];
        _sealer = Start("block sealer", SealClosedBlocks);
    }

    /// <summary>Number of artifacts that the run has added.</summary>
    public long AddedArtifacts { get; private set; }

    /// <summary>Their raw bytes.</summary>
    public long AddedRawBytes { get; private set; }

    /// <summary>Bytes of blocks that they take, without footers: of those that are compressed by now, until <see cref="Finish"/>.</summary>
    public long AddedStoredBytes => Volatile.Read(ref _addedStoredBytes);

    /// <summary>Whether the store or this run holds the artifact. Any thread; "no" may be out of date, "yes" never is.</summary>
    public bool Contains(Digest key) => _run.Contains(key) || _base.Contains(key);

    /// <summary>Stores a chunk unless it is there already.</summary>
    /// <param name="key">SHA-256 of the bytes: the caller's to get right.</param>
    /// <param name="raw">Copied.</param>
    public void Append(Digest key, ReadOnlySpan<byte> raw) => AppendTo(_chunks, key, raw);

    /// <summary>Stores an artifact of metadata unless it is there already; gives its key.</summary>
    public Digest Put(ReadOnlySpan<byte> raw)
    {
        var key = Digest.Of(raw);
        AppendTo(_metadata, key, raw);
        return key;
    }

    /// <summary>
    /// Closes the open block of chunks before it is full, so that the mark is recorded now. Where nothing is open the mark is recorded by
    /// itself, behind all blocks that were closed before.
    /// </summary>
    public void Checkpoint()
    {
        ThrowIfFailed();
        _chunks.Frame ??= TakeFree(_freeFrames);
        _chunks.Frame.ClosesBlock = true;
        CloseFrame(_chunks);
    }

    /// <summary>
    /// Closes what is open and waits until every block is durable and checked. Gives the blocks of the run, and their rows for
    /// the segments, sorted: read as they are gone through, so only as long as the writer is not disposed.
    /// </summary>
    public (IReadOnlyList<AddedBlock> Blocks, IReadOnlyCollection<SegmentEntry> Entries) Finish()
    {
        CloseFrame(_chunks);
        CloseFrame(_metadata);
        _toCompress.CompleteAdding();
        _compressors.ForEach(thread => thread.Join());
        ThrowIfFailed();
        CloseBlock(_chunks);
        CloseBlock(_metadata);
        _closed.CompleteAdding();
        _sealer.Join();
        ThrowIfFailed();
        return (_blocks, _run.Sorted(_blockNames));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _failure ??= ExceptionDispatchInfo.Capture(new OperationCanceledException());
        _toCompress.CompleteAdding();
        _compressors.ForEach(thread => thread.Join());
        _closed.CompleteAdding();
        _sealer.Join();
        _toCompress.Dispose();
        _freeFrames.Dispose();
        _closed.Dispose();
        _room.Dispose();
        _chunks.Dispose();
        _metadata.Dispose();
        _run.Dispose();
    }

    private static Thread Start(string name, ThreadStart action)
    {
        var thread = new Thread(action) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void TakeOver(BlockFooter footer)
    {
        var frame = -1;
        foreach (var entry in footer.Entries)
        {
            if (_run.TryAdd(entry.Key))
            {
                _run.SetPlace(entry.Key, _blockNames.Count, entry);
            }

            AddedArtifacts++;
            AddedRawBytes += entry.RawLength;
            _addedStoredBytes += entry.Offset == frame ? 0 : entry.StoredLength;
            frame = entry.Offset;
        }

        _blockNames.Add(footer.Name);
        _blocks.Add(new(footer.Name, footer.FileLength, footer.Content));
    }

    private void AppendTo(Stream stream, Digest key, ReadOnlySpan<byte> raw)
    {
        ThrowIfFailed();
        if (Contains(key))
        {
            return;
        }

        if (stream.Frame is { Artifacts.Count: > 0 } open && (open.RawLength + raw.Length > stream.FrameBytes || open.RawLength == 0 || raw.IsEmpty))
        {
            CloseFrame(stream); // The empty artifact has a frame of its own: a row with a position and no length would be ambiguous.
        }

        stream.Frame ??= TakeFree(_freeFrames);
        _run.TryAdd(key);
        stream.Frame.Add(key, raw);
        AddedArtifacts++;
        AddedRawBytes += raw.Length;
    }

    private void CloseFrame(Stream stream)
    {
        if (stream.Frame is not { } frame)
        {
            return;
        }

        stream.Frame = null;
        frame.Content = stream.Content;
        frame.Mark = stream.Content == BlockContent.Chunks ? _mark() : null;
        frame.Number = _framesClosed++;
        _toCompress.Add(frame);
    }

    private void CompressFrames()
    {
        using var compressor = new Zstd.Compressor(Compression);
        foreach (var frame in _toCompress.GetConsumingEnumerable())
        {
            if (_failure is not null)
            {
                continue;
            }

            Guard(() =>
            {
                frame.Compress(compressor);
                AppendInOrder(frame);
            });
        }
    }

    /// <summary>Puts a frame into its block as soon as those before it are in theirs; whoever has the missing one puts in both.</summary>
    private void AppendInOrder(Frame frame)
    {
        lock (_order)
        {
            _compressed.Add(frame.Number, frame);
            while (_compressed.Remove(_framesAppended, out var next))
            {
                _framesAppended++;
                AppendToBlock(next.Content == BlockContent.Chunks ? _chunks : _metadata, next);
                next.Reset();
                _freeFrames.Add(next);
            }
        }
    }

    private void AppendToBlock(Stream stream, Frame frame)
    {
        if (frame.Artifacts.Count == 0)
        {
            CloseBehind(stream, frame);
            return;
        }

        if (stream.Builder is { } open && !(open.Fits(frame) && open.FitsMark(frame, _markBytesMax)))
        {
            CloseBlock(stream);
        }

        if (stream.Builder is null)
        {
            stream.Builder = TakeFree(stream.Free);
            lock (_blockNames)
            {
                stream.Number = _blockNames.Count;
                _blockNames.Add(null);
            }
        }

        stream.Builder.Append(frame, entry => _run.SetPlace(entry.Key, stream.Number, entry));
        Interlocked.Add(ref _addedStoredBytes, frame.Stored.Length);
        if (frame.ClosesBlock)
        {
            CloseBlock(stream);
        }
    }

    /// <summary>Deals with a frame that holds nothing but a mark: the open block takes it along, or it goes alone.</summary>
    private void CloseBehind(Stream stream, Frame frame)
    {
        var mark = frame.Mark;
        if (stream.Builder is { IsEmpty: false } open)
        {
            if (open.FitsMark(frame, _markBytesMax))
            {
                open.AddMark(frame);
                mark = null;
            }

            CloseBlock(stream);
        }

        if (mark is not null)
        {
            Enqueue((stream, null, 0, mark));
        }
    }

    private T TakeFree<T>(BlockingCollection<T> free)
    {
        while (true)
        {
            if (free.TryTake(out var item, PollMilliseconds))
            {
                return item;
            }

            ThrowIfFailed();
        }
    }

    private void CloseBlock(Stream stream)
    {
        if (stream.Builder is not { IsEmpty: false } builder)
        {
            return;
        }

        stream.Builder = null;
        Enqueue((stream, builder, stream.Number, builder.Mark));
    }

    private void Enqueue((Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark) job)
    {
        while (!_closed.TryAdd(job, PollMilliseconds))
        {
            ThrowIfFailed();
        }
    }

    /// <summary>
    /// Creates blocks, several at once where the backend waits for a network, and reports them in the order in which they were closed: only what lies
    /// behind whole blocks may be called safe.
    /// </summary>
    private void SealClosedBlocks()
    {
        var last = Task.CompletedTask;
        foreach (var job in _closed.GetConsumingEnumerable())
        {
            if (_failure is not null)
            {
                continue;
            }

            _room.Wait();
            var created = _backend.CreatesAtOnce > 1 ? Task.Run(() => Create(job)) : Task.FromResult(Create(job));
            last = ReportAsync(last, created, job);
        }

        last.GetAwaiter().GetResult();
    }

    /// <summary>Null when there is no block, or it could not be created.</summary>
    private AddedBlock? Create((Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark) job)
    {
        AddedBlock? block = null;
        Guard(() => block = job.Builder is null || _failure is not null ? null : Seal(job.Stream, job.Builder));
        return block;
    }

    private async Task ReportAsync(Task previous, Task<AddedBlock?> created, (Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark) job)
    {
        await previous;
        var block = await created;
        if (_failure is null)
        {
            Guard(() => Report(job.Number, block, job.Mark));
        }

        if (job.Builder is { } builder)
        {
            builder.Reset();
            job.Stream.Free.Add(builder);
        }

        _room.Release();
    }

    private void Report(int number, AddedBlock? block, byte[]? mark)
    {
        if (block is null)
        {
            _onMark?.Invoke(mark!);
            return;
        }

        lock (_blockNames)
        {
            _blockNames[number] = block.Name;
            _blocks.Add(block);
        }

        _onSealed(new(block, mark));
    }

    private AddedBlock Seal(Stream stream, BlockBuilder builder)
    {
        var (name, length) = builder.Seal(stream.Content);
        _backend.CreateSealed(ObjectName.Block(name), builder.File(length));
        if (!_backend.ReadsBack && BlockCheck.Run(_backend, name, decoder: null, pastCache: true).Errors is [var damage, ..])
        {
            throw new AslException(damage with { What = $"{damage.What} right after it was written", Fix = "replace the store's disk or cable; what was sealed before is safe" });
        }

        return new(name, length, stream.Content);
    }

    /// <summary>Carries a failure to the appending thread: that is where somebody waits for an answer.</summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }
    }

    private void ThrowIfFailed() => _failure?.Throw();

    /// <summary>
    /// Frames and blocks of one content: those that are filled, and builders that wait, so that others are written meanwhile.
    /// </summary>
    private sealed class Stream : IDisposable
    {
        internal Stream(BlockContent content, int fileBytes, int frameBytes, int builders)
        {
            (Content, FrameBytes) = (content, frameBytes);
            for (var count = 0; count < builders; count++)
            {
                Free.Add(new(fileBytes));
            }
        }

        internal BlockContent Content { get; }

        internal int FrameBytes { get; }

        internal Frame? Frame { get; set; }

        internal BlockingCollection<BlockBuilder> Free { get; } = [];

        internal BlockBuilder? Builder { get; set; }

        internal int Number { get; set; }

        public void Dispose()
        {
            Builder?.Dispose();
            while (Free.TryTake(out var builder))
            {
                builder.Dispose();
            }

            Free.Dispose();
        }
    }
}
