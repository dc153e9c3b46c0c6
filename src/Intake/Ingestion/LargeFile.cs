using AslRescue.Intake.Sources;
using AslRescue.Store.Chunking;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>Some neighbouring parts of a long file: read and cut by the walker, hashed by a worker.</summary>
internal sealed class FileBatch(RingSlice? slice) : Step
{
    private readonly List<PreparedPiece> _pieces = [];
    private long _bytes;

    internal override long Bytes => _bytes;

    internal override bool NeedsWorker => _bytes > 0;

    internal int Count => _pieces.Count;

    /// <summary>Whether nothing that follows lies in the slice.</summary>
    internal bool IsLastOfSlice { get; set; }

    /// <summary>A chunk that lies in the slice; its item is made when it is hashed.</summary>
    internal void AddChunk(int start, int length)
    {
        _pieces.Add(new(default, start, length));
        _bytes += length;
    }

    internal void AddItem(ContentItem item) => _pieces.Add(new(item, 0, 0));

    internal override void Prepare(Worker worker)
    {
        for (var index = 0; index < _pieces.Count; index++)
        {
            if (_pieces[index].Length > 0)
            {
                worker.HashLater(_pieces, index, slice!.Value);
            }
        }

        worker.Progress.CountRead(_bytes);
    }

    internal override void Apply(TreeAssembler assembler)
    {
        foreach (var piece in _pieces)
        {
            assembler.AddPiece(piece.Item, slice is { } taken ? taken.Span.Slice(piece.Start, piece.Length) : []);
        }

        if (IsLastOfSlice)
        {
            slice?.Give();
        }
    }
}

/// <summary>Gathers the parts of a long file into batches and sends them on.</summary>
internal sealed class FileBatcher(StepSender sender, ChunkParameters chunks) : IPieceSink
{
    private const int PartsMax = 1024;
    private const int SliceBytes = 2 << 20;
    private RingSlice? _slice;
    private FileBatch? _batch;

    internal List<ProblemFound> Problems { get; } = [];

    public Span<byte> Buffer => _slice is { } slice ? slice.Span : [];

    public void Renew(int from, int length, long remaining)
    {
        // What was cut goes on first, or there might never be room. Only this thread writes into the ring, so the old bytes stay where
        // they are even if they are given back meanwhile, and copying to a place that overlaps theirs is right too.
        var old = Buffer.Slice(from, length);
        Send(isLastOfSlice: true);
        _slice = sender.Reserve((int)Math.Min(Math.Max(SliceBytes, chunks.BytesMax * 2), length + remaining));
        old.CopyTo(Buffer);
    }

    public void OnChunk(int start, int length) => Batch().AddChunk(start, length);

    public void OnHole(long length) => Batch().AddItem(ContentItem.Hole(length));

    public void OnBadRange(long length, int errno)
    {
        Batch().AddItem(ContentItem.BadRange(length, errno));
        FileProblems.AddBadRange(Problems, errno);
    }

    /// <summary>Sends what there is; nothing may follow but another file.</summary>
    internal void Flush()
    {
        Send(isLastOfSlice: true);
        _slice = null;
    }

    private FileBatch Batch()
    {
        if (_batch is { Count: PartsMax })
        {
            Send(isLastOfSlice: false);
        }

        return _batch ??= new(_slice);
    }

    private void Send(bool isLastOfSlice)
    {
        // A slice in which nothing came to lie is given back all the same.
        if ((_batch ?? (isLastOfSlice && _slice is not null ? new(_slice) : null)) is { } batch)
        {
            batch.IsLastOfSlice = isLastOfSlice;
            sender.Send(batch);
        }

        _batch = null;
    }
}
