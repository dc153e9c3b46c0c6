using AslRescue.Intake.Ingestion;
using AslRescue.Store.Blocks;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>Bytes of an image: cut at multiples of the chunk, hashed and compressed by a worker. Parts of chunks are kept as they are.</summary>
internal sealed class ImageRead(ImageSource image, ReadBuffer buffer, int at, long offset, int length) : Step
{
    private readonly List<(long Start, ContentItem Item, EncodedArtifact? Artifact, byte[]? Bytes)> _pieces = [];

    internal override long Cost => ReadBuffer.Bytes;

    internal override bool NeedsWorker => true;

    private ReadOnlySpan<byte> All => buffer.Span.Slice(at, length);

    internal override void Prepare(Worker worker)
    {
        var end = offset + length;
        for (var start = offset; start < end;)
        {
            var stop = Math.Min(end, ImageFormat.ChunkEnd(start, image.Size));
            var bytes = All[(int)(start - offset)..(int)(stop - offset)];
            _pieces.Add(Piece(worker, start, stop, bytes));
            start = stop;
        }

        worker.Progress.CountRead(length);
    }

    internal override void Apply(TreeAssembler assembler)
    {
        foreach (var (start, item, artifact, bytes) in _pieces)
        {
            if (bytes is not null)
            {
                assembler.Images.AddBytes(image.Index, start, bytes);
                continue;
            }

            if (artifact is { } encoded)
            {
                assembler.Blocks.Append(encoded);
            }

            assembler.Images.AddItem(image.Index, start, item);
        }

        assembler.CountImageBytes(length, isRead: true);
        image.Feed(offset, All);
        buffer.Return();
    }

    internal override void Abandon() => buffer.Return();

    private (long, ContentItem, EncodedArtifact?, byte[]?) Piece(Worker worker, long start, long stop, ReadOnlySpan<byte> bytes)
    {
        if (!ImageFormat.IsWhole(start, stop, image.Size))
        {
            return (start, default, null, bytes.ToArray());
        }

        if (!bytes.ContainsAnyExcept((byte)0))
        {
            return (start, ContentItem.Hole(bytes.Length), null, null);
        }

        var artifact = worker.Encoder.Encode(bytes);
        return (start, ContentItem.Artifact(artifact.Key, bytes.Length), artifact, null);
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
