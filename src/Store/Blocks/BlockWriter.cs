using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Blocks;

/// <summary>What is told about a block once it is durable and has been read back.</summary>
/// <param name="Block">Its name and length.</param>
/// <param name="Mark">What the writer's user handed over when the block was closed.</param>
public sealed record SealedBlock(AddedBlock Block, byte[]? Mark);

/// <summary>
/// Appends artifacts to blocks, each artifact once. Closed blocks are written, read back and reported by a thread of its own, in the
/// order in which they were closed, while the next ones fill.
/// </summary>
/// <remarks>
/// <see cref="Append"/>, <see cref="Put"/> and <see cref="Finish"/> belong to one thread; <see cref="Contains"/> to any.
/// Which artifact lands where depends on the order of the calls alone: that is what makes stores reproducible.
/// Invariant: of one key, only the first artifact appended is stored.
/// </remarks>
public sealed class BlockWriter : IDisposable
{
    private readonly IBackend _backend;
    private readonly ArtifactIndex _base;
    private readonly Func<byte[]?> _mark;
    private readonly Action<SealedBlock> _onSealed;
    private readonly Action<byte[]>? _onMark;
    private readonly RunIndex _run = new();
    private readonly List<Digest?> _blockNames = [];
    private readonly List<AddedBlock> _blocks = [];
    private readonly Stream _chunks;
    private readonly Stream _metadata;
    private readonly BlockingCollection<(Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark)> _closed = new(1);
    private readonly Thread _sealer;
    private readonly ArtifactEncoder _encoder;
    private volatile ExceptionDispatchInfo? _failure;

    /// <param name="backend">Where blocks go.</param>
    /// <param name="format">The store's parameters.</param>
    /// <param name="baseIndex">What is stored already.</param>
    /// <param name="earlier">Blocks that this run sealed before it was interrupted.</param>
    /// <param name="mark">Asked, on the appending thread, when a block of chunks is closed.</param>
    /// <param name="onSealed">Told, on another thread, when a block is durable and checked.</param>
    /// <param name="onMark">Told, on that thread, of a mark that no block was closed for: see <see cref="Checkpoint"/>.</param>
    /// <exception cref="AslException">An earlier block is missing or damaged.</exception>
    public BlockWriter(
        IBackend backend, StoreFormat format, ArtifactIndex baseIndex, IEnumerable<Digest> earlier, Func<byte[]?> mark, Action<SealedBlock> onSealed,
        Action<byte[]>? onMark = null)
    {
        (_backend, _base, _mark, _onSealed, _onMark) = (backend, baseIndex, mark, onSealed, onMark);
        foreach (var name in earlier)
        {
            TakeOver(BlockFooter.Read(backend, name));
        }

        _chunks = new(BlockContent.Chunks, format.BlockBytes);
        _metadata = new(BlockContent.Metadata, format.BlockBytes / 8);
        _encoder = new(Contains);
        _sealer = new Thread(SealClosedBlocks) { IsBackground = true, Name = "block sealer" };
        _sealer.Start();
    }

    /// <summary>Number of artifacts that the run has added.</summary>
    public long AddedArtifacts { get; private set; }

    /// <summary>Their raw bytes.</summary>
    public long AddedRawBytes { get; private set; }

    /// <summary>Their stored bytes.</summary>
    public long AddedStoredBytes { get; private set; }

    /// <summary>Whether the store or this run holds the artifact. Any thread; "no" may be out of date, "yes" never is.</summary>
    public bool Contains(Digest key) => _run.Contains(key) || _base.Contains(key);

    /// <summary>Stores a chunk unless it is there already, and releases it.</summary>
    public void Append(in EncodedArtifact artifact) => AppendTo(_chunks, artifact);

    /// <summary>Stores an artifact of metadata unless it is there already; gives its key.</summary>
    public Digest Put(ReadOnlySpan<byte> raw)
    {
        var artifact = _encoder.Encode(raw);
        AppendTo(_metadata, artifact);
        return artifact.Key;
    }

    /// <summary>
    /// Closes the open block of chunks before it is full, so that the mark is recorded now. Where nothing is open the mark is recorded by
    /// itself, behind all blocks that were closed before.
    /// </summary>
    public void Checkpoint()
    {
        ThrowIfFailed();
        if (_chunks.Builder is { IsEmpty: false })
        {
            Close(_chunks);
        }
        else if (_mark() is { } mark)
        {
            Enqueue((_chunks, null, 0, mark));
        }
    }

    /// <summary>
    /// Closes what is open and waits until every block is durable and checked. Gives the blocks of the run, and their rows for
    /// the segments, sorted.
    /// </summary>
    public (IReadOnlyList<AddedBlock> Blocks, IReadOnlyList<SegmentEntry> Entries) Finish()
    {
        Close(_chunks);
        Close(_metadata);
        _closed.CompleteAdding();
        _sealer.Join();
        ThrowIfFailed();
        SegmentEntry[] entries =
        [
            .. _run.Rows().Select(row => new SegmentEntry(row.Key,
                new(_blockNames[row.Block]!.Value, row.Offset, row.StoredLength, row.RawLength, row.Codec))),
        ];
        Array.Sort(entries);
        return (_blocks, entries);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _failure ??= ExceptionDispatchInfo.Capture(new OperationCanceledException());
        if (!_closed.IsAddingCompleted)
        {
            _closed.CompleteAdding();
        }

        _sealer.Join();
        _closed.Dispose();
        _encoder.Dispose();
        _chunks.Free.Dispose();
        _metadata.Free.Dispose();
    }

    private void TakeOver(BlockFooter footer)
    {
        foreach (var entry in footer.Entries)
        {
            _run.TryAdd(new(entry.Key, _blockNames.Count, entry.Offset, entry.StoredLength, entry.RawLength, entry.Codec));
            Count(entry.RawLength, entry.StoredLength);
        }

        _blockNames.Add(footer.Name);
        _blocks.Add(new(footer.Name, footer.FileLength, footer.Content));
    }

    private void AppendTo(Stream stream, in EncodedArtifact artifact)
    {
        ThrowIfFailed();
        if (Contains(artifact.Key))
        {
            artifact.Release();
            return;
        }

        if (artifact.IsKnown)
        {
            throw new InvalidOperationException($"artifact {artifact.Key} was known when it was encoded and is not now");
        }

        if (stream.Builder is { } open && !open.Fits(artifact.StoredLength))
        {
            Close(stream);
        }

        if (stream.Builder is null)
        {
            stream.Builder = TakeFree(stream);
            stream.Number = _blockNames.Count;
            lock (_blockNames)
            {
                _blockNames.Add(null);
            }
        }

        var offset = stream.Builder.Append(artifact);
        _run.TryAdd(new(artifact.Key, stream.Number, offset, artifact.StoredLength, artifact.RawLength, artifact.Codec));
        Count(artifact.RawLength, artifact.StoredLength);
        artifact.Release();
    }

    private void Count(int rawLength, int storedLength)
    {
        AddedArtifacts++;
        AddedRawBytes += rawLength;
        AddedStoredBytes += storedLength;
    }

    private BlockBuilder TakeFree(Stream stream)
    {
        while (true)
        {
            if (stream.Free.TryTake(out var builder, TimeSpan.FromMilliseconds(200)))
            {
                return builder;
            }

            ThrowIfFailed();
        }
    }

    private void Close(Stream stream)
    {
        if (stream.Builder is not { IsEmpty: false } builder)
        {
            return;
        }

        stream.Builder = null;
        Enqueue((stream, builder, stream.Number, stream.Content == BlockContent.Chunks ? _mark() : null));
    }

    private void Enqueue((Stream Stream, BlockBuilder? Builder, int Number, byte[]? Mark) job)
    {
        while (!_closed.TryAdd(job, TimeSpan.FromMilliseconds(200)))
        {
            ThrowIfFailed();
        }
    }

    private void SealClosedBlocks()
    {
        foreach (var (stream, builder, number, mark) in _closed.GetConsumingEnumerable())
        {
            if (_failure is not null)
            {
                continue;
            }

            try
            {
                if (builder is null)
                {
                    _onMark?.Invoke(mark!);
                    continue;
                }

                Seal(stream, builder, number, mark);
                builder.Reset();
                stream.Free.Add(builder);
            }
            catch (Exception exception)
            {
                // Carried to the appending thread: that is where somebody waits for an answer.
                _failure = ExceptionDispatchInfo.Capture(exception);
            }
        }
    }

    private void Seal(Stream stream, BlockBuilder builder, int number, byte[]? mark)
    {
        var (name, file) = builder.Seal(stream.Content);
        _backend.CreateSealed(ObjectName.Block(name), file.Span);
        _backend.DropCache(ObjectName.Block(name));
        var (_, errors) = BlockCheck.Run(_backend, name, decoder: null);
        if (errors.Count > 0)
        {
            throw new AslException(errors[0] with { What = $"{errors[0].What} right after it was written", Fix = "replace the store's disk or cable; what was sealed before is safe" });
        }

        var block = new AddedBlock(name, file.Length, stream.Content);
        lock (_blockNames)
        {
            _blockNames[number] = name;
            _blocks.Add(block);
        }

        _onSealed(new(block, mark));
    }

    private void ThrowIfFailed() => _failure?.Throw();

    /// <summary>Blocks of one content: the one that is filled, and builders that wait. Two, so that one is written meanwhile.</summary>
    private sealed class Stream
    {
        internal Stream(BlockContent content, int fileBytes)
        {
            Content = content;
            Free.Add(new(fileBytes));
            Free.Add(new(fileBytes));
        }

        internal BlockContent Content { get; }

        internal BlockingCollection<BlockBuilder> Free { get; } = [];

        internal BlockBuilder? Builder { get; set; }

        internal int Number { get; set; }
    }
}
