using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// Puts the content of an image together, in order, from what its parent has and from what the run's checkpoints say was read in
/// whatever order. The outcome depends on which bytes are known, their values and why the others are not, on nothing else: a chunk
/// that is known whole is one artifact or hole; in another one each run of known bytes is.
/// </summary>
/// <remarks>
/// Memory: the references of <see cref="ImageRecorder"/>, a few checkpoint objects, one chunk. Each checkpoint object is read about once.
/// </remarks>
internal sealed class ImageAssembly
{
    private const int LoadedMax = 8; // checkpoint objects: reading goes on in one while it fills gaps from others
    private readonly ImageSource _image;
    private readonly ImageRecorder _recorder;
    private readonly BlockWriter _blocks;
    private readonly ContentWriter _content;
    private readonly LinkedList<(object Whole, IReadOnlyList<ImageElement> Elements)> _loaded = new();
    private readonly List<Piece> _partial = [];
    private readonly List<ImageRange> _gained = [];
    private readonly byte[] _chunk = new byte[ImageFormat.ChunkBytes];
    private readonly AreaMap? _before;
    private long _position;

    internal ImageAssembly(ImageSource image, ImageRecorder recorder, BlockWriter blocks)
    {
        (_image, _recorder, _blocks) = (image, recorder, blocks);
        _content = new ContentWriter(blocks.Put);
        _before = image.Parent?.Map();
    }

    /// <summary>Known bytes from <paramref name="Start"/> on: an artifact, a hole, or bytes at hand.</summary>
    private readonly record struct Piece(long Start, ContentItem Item, byte[]? Bytes)
    {
        internal long Length => Bytes?.Length ?? Item.Length;

        internal long End => Start + Length;
    }

    /// <summary>Makes the content.</summary>
    /// <returns>Its items, and how many of its bytes are bad, and which were gained over the parent.</returns>
    internal (ContentItem[] Items, long BadBytes, IReadOnlyList<ImageRange> Gained) Run()
    {
        foreach (var piece in Merge(ParentPieces(), ReadPieces()))
        {
            Add(piece);
        }

        FlushChunk();
        AddBad(_image.Size);
        return (_content.Finish(), _image.Size - _image.Map.Bytes(AreaState.Good), _gained);
    }

    private IEnumerable<Piece> ParentPieces() => (_image.Parent?.Leaves() ?? [])
        .Where(leaf => leaf.Item.Kind != ContentKind.BadRange).Select(leaf => new Piece(leaf.Start, leaf.Item, null));

    /// <summary>What the run read, ascending.</summary>
    private IEnumerable<Piece> ReadPieces()
    {
        foreach (var part in _recorder.PartsOf(_image.Index).OrderBy(part => part.Start))
        {
            var place = _recorder.PlaceOf(part.Mark);
            var element = Load(place)[place.First + part.Index];
            if (element.Kind == ImagePartKind.Bytes)
            {
                yield return new(element.Start, default, element.Bytes);
                continue;
            }

            var start = element.Start;
            foreach (var item in element.Items)
            {
                yield return new(start, item, null);
                start += item.Length;
            }
        }
    }

    private static IEnumerable<Piece> Merge(IEnumerable<Piece> left, IEnumerable<Piece> right)
    {
        using var lefts = left.GetEnumerator();
        using var rights = right.GetEnumerator();
        var (hasLeft, hasRight) = (lefts.MoveNext(), rights.MoveNext());
        while (hasLeft || hasRight)
        {
            var isLeft = hasLeft && (!hasRight || lefts.Current.Start < rights.Current.Start);
            yield return isLeft ? lefts.Current : rights.Current;
            (hasLeft, hasRight) = isLeft ? (lefts.MoveNext(), hasRight) : (hasLeft, rights.MoveNext());
        }
    }

    private void Add(in Piece piece)
    {
        if (piece.Bytes is null && (ImageFormat.IsWhole(piece.Start, piece.End, _image.Size) || piece.Item.Kind == ContentKind.Artifact && piece.End > ImageFormat.ChunkEnd(piece.Start, _image.Size)))
        {
            FlushChunk();
            Emit(piece.Start, piece.Item);
            return;
        }

        var end = ImageFormat.ChunkEnd(piece.Start, _image.Size);
        if (piece.End > end)
        {
            // A hole that begins or ends within a chunk: the whole chunks in it stand for themselves.
            var cut = piece.Start % ImageFormat.ChunkBytes == 0 ? piece.End / ImageFormat.ChunkBytes * ImageFormat.ChunkBytes : end;
            Add(new(piece.Start, ContentItem.Hole(cut - piece.Start), null));
            Add(new(cut, ContentItem.Hole(piece.End - cut), null));
            return;
        }

        if (_partial is [var first, ..] && ImageFormat.ChunkEnd(first.Start, _image.Size) != end)
        {
            FlushChunk();
        }

        _partial.Add(piece);
    }

    /// <summary>Each run of known bytes in a chunk that did not come whole becomes one artifact or hole.</summary>
    private void FlushChunk()
    {
        for (var first = 0; first < _partial.Count;)
        {
            var last = first;
            while (last + 1 < _partial.Count && _partial[last + 1].Start == _partial[last].End)
            {
                last++;
            }

            var start = _partial[first].Start;
            var isAsItWas = last == first && _partial[first].Bytes is null;
            Emit(start, isAsItWas ? _partial[first].Item : Join(first, last, (int)(_partial[last].End - start)));
            first = last + 1;
        }

        _partial.Clear();
    }

    private ContentItem Join(int first, int last, int length)
    {
        var bytes = _chunk.AsSpan(0, length);
        var start = _partial[first].Start;
        for (var index = first; index <= last; index++)
        {
            var piece = _partial[index];
            Fill(piece, bytes.Slice((int)(piece.Start - start), (int)piece.Length));
        }

        if (!bytes.ContainsAnyExcept((byte)0))
        {
            return ContentItem.Hole(length);
        }

        var key = Digest.Of(bytes);
        _blocks.Append(key, bytes);
        return ContentItem.Artifact(key, length);
    }

    private void Fill(in Piece piece, Span<byte> target)
    {
        if (piece.Bytes is { } bytes)
        {
            bytes.CopyTo(target);
        }
        else if (piece.Item.Kind == ContentKind.Hole)
        {
            target.Clear();
        }
        else
        {
            _image.Parent!.Artifacts.Read(piece.Item.Key, target);
        }
    }

    private void Emit(long start, ContentItem item)
    {
        AddBad(start);
        _content.Add(item);
        _position += item.Length;
        foreach (var area in _before?.Within(start, _position) ?? [])
        {
            Gain(area);
        }
    }

    private void Gain(in Area area)
    {
        if (area.State == AreaState.Good)
        {
            return;
        }

        if (_gained is [.., var last] && last.End == area.Start)
        {
            _gained[^1] = last with { Length = last.Length + area.Length };
        }
        else
        {
            _gained.Add(new(area.Start, area.Length));
        }
    }

    /// <summary>Everything up to here that no piece covers is bad, and the map must know why: a byte is never lost in silence.</summary>
    private void AddBad(long end)
    {
        if (end < _position)
        {
            throw new InvalidOperationException($"bytes from {end} to {_position} of image {_image.Index} came twice");
        }

        foreach (var area in _image.Map.Within(_position, end))
        {
            _content.Add(area.State == AreaState.Good
                ? throw new InvalidOperationException($"bytes from {area.Start} to {area.End} of image {_image.Index} were read and are not there")
                : ContentItem.BadRange(area.Length, area.Detail));
        }

        _position = end;
    }

    private IReadOnlyList<ImageElement> Load(in MarkPlace place)
    {
        var node = _loaded.First;
        while (node is not null && !ReferenceEquals(node.Value.Whole, place.Whole))
        {
            node = node.Next;
        }

        if (node is not null)
        {
            _loaded.Remove(node);
        }
        else if (_loaded.Count == LoadedMax)
        {
            _loaded.RemoveLast();
        }

        node ??= new((place.Whole, _recorder.Load(place)));
        _loaded.AddFirst(node);
        return node.Value.Elements;
    }
}
