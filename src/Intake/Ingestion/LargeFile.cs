using AslRescue.Intake.Sources;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>Some neighbouring parts of a long file: read and cut by the walker, hashed and compressed by a worker.</summary>
internal sealed class FileBatch : Step
{
    private static readonly BufferPool Buffers = new(ChunkParameters.BytesLimit);
    private readonly byte[] _buffer = Buffers.Rent();
    private readonly List<(ContentItem Item, int Start, int Length)> _parts = [];
    private readonly List<PreparedPiece> _pieces = [];
    private int _filled;

    internal override long Cost => Buffers.BufferBytes;

    internal override bool NeedsWorker => true;

    internal bool IsEmpty => _parts.Count == 0;

    internal bool Fits(int length) => _filled + length <= _buffer.Length;

    internal void AddChunk(ReadOnlySpan<byte> chunk)
    {
        chunk.CopyTo(_buffer.AsSpan(_filled));
        _parts.Add((default, _filled, chunk.Length));
        _filled += chunk.Length;
    }

    internal void AddItem(ContentItem item) => _parts.Add((item, 0, 0));

    internal override void Prepare(Worker worker)
    {
        foreach (var (item, start, length) in _parts)
        {
            if (length == 0)
            {
                _pieces.Add(new(item, null));
                continue;
            }

            var artifact = worker.Encoder.Encode(_buffer.AsSpan(start, length));
            _pieces.Add(new(ContentItem.Artifact(artifact.Key, length), artifact));
        }

        Buffers.Return(_buffer);
        worker.Progress.CountRead(_filled);
    }

    internal override void Apply(TreeAssembler assembler)
    {
        foreach (var piece in _pieces)
        {
            assembler.AddPiece(piece);
        }
    }
}

/// <summary>Gathers the parts of a long file into batches and sends them on.</summary>
internal sealed class FileBatcher(Action<Step> send) : IPieceSink
{
    private const int PartsMax = 1024;
    private FileBatch? _batch;
    private int _parts;

    internal List<ProblemFound> Problems { get; } = [];

    public void OnChunk(ReadOnlySpan<byte> chunk)
    {
        if (_batch is { } full && !full.Fits(chunk.Length))
        {
            Flush();
        }

        Batch().AddChunk(chunk);
    }

    public void OnHole(long length) => Batch().AddItem(ContentItem.Hole(length));

    public void OnBadRange(long length, int errno)
    {
        Batch().AddItem(ContentItem.BadRange(length, errno));
        FileProblems.AddBadRange(Problems, errno);
    }

    internal void Flush()
    {
        if (_batch is { IsEmpty: false } batch)
        {
            send(batch);
        }

        (_batch, _parts) = (null, 0);
    }

    private FileBatch Batch()
    {
        if (_parts == PartsMax)
        {
            Flush();
        }

        _parts++;
        return _batch ??= new FileBatch();
    }
}
