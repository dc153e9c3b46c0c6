using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>Bytes of an image: cut at multiples of the chunk, hashed by a worker. Parts of chunks are kept as they are.</summary>
internal sealed class ImageRead(ImageSource image, ReadBuffer buffer, int at, long offset, int length) : Step
{
    private readonly List<(long Start, ContentItem Item, int At, byte[]? Bytes)> _pieces = [];

    internal override long Bytes => length;

    internal override bool NeedsWorker => true;

    private ReadOnlySpan<byte> All => buffer.Span.Slice(at, length);

    internal override void Prepare(Worker worker)
    {
        var end = offset + length;
        for (var start = offset; start < end;)
        {
            var stop = Math.Min(end, ImageFormat.ChunkEnd(start, image.Size));
            var bytes = All[(int)(start - offset)..(int)(stop - offset)];
            _pieces.Add(Piece(start, stop, bytes));
            start = stop;
        }

        worker.Progress.CountRead(length);
    }

    internal override void Apply(TreeAssembler assembler)
    {
        foreach (var (start, item, from, bytes) in _pieces)
        {
            if (bytes is not null)
            {
                assembler.Images.AddBytes(image.Index, start, bytes);
                continue;
            }

            if (item.Kind == ContentKind.Artifact)
            {
                assembler.Blocks.Append(item.Key, All.Slice(from, (int)item.Length));
            }

            assembler.Images.AddItem(image.Index, start, item);
        }

        assembler.CountImageBytes(length, isRead: true);
        image.Feed(offset, All);
        buffer.Return();
        image.GiveRoom();
    }

    internal override void Abandon() => buffer.Return();

    private (long, ContentItem, int, byte[]?) Piece(long start, long stop, ReadOnlySpan<byte> bytes)
    {
        var from = (int)(start - offset);
        return !ImageFormat.IsWhole(start, stop, image.Size) ? (start, default, from, bytes.ToArray())
            : !bytes.ContainsAnyExcept((byte)0) ? (start, ContentItem.Hole(bytes.Length), from, null)
            : (start, ContentItem.Artifact(Digest.Of(bytes), bytes.Length), from, null);
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
