using System.Runtime.InteropServices;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// Bytes of an image: cut at multiples of the chunk, and hashed by a worker; or, while the whole is hashed as well, by the assembler, as
/// both at once take hardly longer than one. Parts of chunks are kept as they are.
/// </summary>
internal sealed class ImageRead(ImageSource image, ReadBuffer buffer, int at, long offset, int length) : Step
{
    private readonly List<(int Start, int Length, PieceKind Kind)> _pieces = [];
    private readonly List<(int Start, int Length)> _chunks = [];
    private Digest[] _keys = [];
    private bool _hasKeys;

    private enum PieceKind
    {
        Part,
        Hole,
        Chunk,
    }

    internal override long Bytes => length;

    internal override bool NeedsWorker => true;

    private ReadOnlySpan<byte> All => buffer.Span.Slice(at, length);

    internal override void Prepare(Worker worker)
    {
        var end = offset + length;
        for (var start = offset; start < end;)
        {
            var stop = Math.Min(end, ImageFormat.ChunkEnd(start, image.Size));
            AddPiece((int)(start - offset), (int)(stop - start), ImageFormat.IsWhole(start, stop, image.Size));
            start = stop;
        }

        _keys = new Digest[_chunks.Count];
        _hasKeys = !image.IsHashed;
        if (_hasKeys)
        {
            Digest.OfParts(All, CollectionsMarshal.AsSpan(_chunks), _keys);
        }

        worker.Progress.CountRead(length);
    }

    internal override void Apply(TreeAssembler assembler)
    {
        image.Feed(offset, All, _hasKeys ? [] : CollectionsMarshal.AsSpan(_chunks), _keys);
        var chunk = 0;
        foreach (var (start, bytes, kind) in _pieces)
        {
            switch (kind)
            {
                case PieceKind.Part:
                    assembler.Images.AddBytes(image.Index, offset + start, All.Slice(start, bytes).ToArray());
                    break;
                case PieceKind.Hole:
                    assembler.Images.AddItem(image.Index, offset + start, ContentItem.Hole(bytes));
                    break;
                default:
                    var key = _keys[chunk++];
                    assembler.Blocks.Append(key, All.Slice(start, bytes));
                    assembler.Images.AddItem(image.Index, offset + start, ContentItem.Artifact(key, bytes));
                    break;
            }
        }

        assembler.CountImageBytes(length, isRead: true);
        buffer.Return();
        image.GiveRoom();
    }

    internal override void Abandon() => buffer.Return();

    private void AddPiece(int start, int bytes, bool isWhole)
    {
        var kind = !isWhole ? PieceKind.Part : All.Slice(start, bytes).ContainsAnyExcept((byte)0) ? PieceKind.Chunk : PieceKind.Hole;
        _pieces.Add((start, bytes, kind));
        if (kind == PieceKind.Chunk)
        {
            _chunks.Add((start, bytes));
        }
    }
}

/// <summary>Chunks of an image file that are holes.</summary>
internal sealed class ImageHole(ImageSource image, long start, long length) : Step
{
    internal override void Apply(TreeAssembler assembler)
    {
        assembler.Images.AddItem(image.Index, start, ContentItem.Hole(length));
        assembler.CountImageBytes(length, isRead: false);
        image.FeedZeros(start, length);
    }
}

/// <summary>A part of an image that came into another state than good.</summary>
internal sealed class ImageFailed(ImageSource image, Area area) : Step
{
    internal override void Apply(TreeAssembler assembler)
    {
        assembler.Images.AddFailed(image.Index, area);
        assembler.CheckpointFailing();
    }
}

/// <summary>A pass over a failing device is over: what it brought gets its checkpoint.</summary>
internal sealed class ImagePause : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.Blocks.Checkpoint();
}

/// <summary>The passes over an image are over: its content is put together.</summary>
internal sealed class ImageEnd(ImageSource image, IReadOnlyList<ProblemFound> problems) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.AddImage(image, problems);
}
