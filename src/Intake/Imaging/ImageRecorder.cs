using System.Buffers;
using System.Formats.Cbor;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>What an element of a checkpoint says of a part of an image. The numbers are the format's (docs/store-format.md, Logs).</summary>
internal enum ImagePartKind
{
    /// <summary>Items: artifacts and holes.</summary>
    Items = 0,

    /// <summary>Bytes of a chunk that was not read whole.</summary>
    Bytes = 1,

    /// <summary>A read that covers it failed.</summary>
    Untrimmed = 2,

    /// <summary>Between bad sectors.</summary>
    Unscraped = 3,

    /// <summary>Each sector failed by itself.</summary>
    Bad = 4,
}

/// <summary>An element of a checkpoint object: what is known of a part of an image.</summary>
internal sealed record ImageElement(int Source, long Start, long End, ImagePartKind Kind)
{
    internal const int Fields = 5;

    internal IReadOnlyList<ContentItem> Items { get; init; } = [];

    internal byte[] Bytes { get; init; } = [];

    internal int Errno { get; init; }

    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(Fields);
        writer.WriteInt32(Source);
        writer.WriteInt64(Start);
        writer.WriteInt64(End);
        writer.WriteInt32((int)Kind);
        switch (Kind)
        {
            case ImagePartKind.Items: ContentItem.WriteAll(writer, [.. Items]); break;
            case ImagePartKind.Bytes: writer.WriteByteString(Bytes); break;
            default: writer.WriteInt32(Errno); break;
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads what follows the start of the array.</summary>
    /// <exception cref="CborContentException">It is no element.</exception>
    internal static ImageElement ReadFields(CborReader reader)
    {
        var element = new ImageElement(reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), (ImagePartKind)reader.ReadInt32());
        element = element.Kind switch
        {
            ImagePartKind.Items => element with { Items = ContentItem.ReadAll(reader) },
            ImagePartKind.Bytes => element with { Bytes = reader.ReadByteString() },
            >= ImagePartKind.Untrimmed and <= ImagePartKind.Bad => element with { Errno = reader.ReadInt32() },
            _ => throw new CborContentException($"an element of kind {element.Kind}"),
        };
        reader.ReadEndArray();
        return element;
    }
}

/// <summary>A checkpoint object: in the store, or still on its way there.</summary>
internal sealed class ImageMark
{
    internal (string Name, Digest Digest)? Stored { get; set; }

    internal byte[]? Bytes { get; set; }
}

/// <summary>Where a good part of an image is described: element <paramref name="Index"/> of a checkpoint object.</summary>
internal readonly record struct ImagePartReference(long Start, long End, ImageMark Mark, int Index);

/// <summary>
/// Gathers what has been read of images, in any order, and hands it over as checkpoints. Memory holds what is not yet in a checkpoint
/// and a reference for each run of good bytes: of a device without damage a few for each block.
/// </summary>
/// <remarks>Parts are added on the assembler's thread; <see cref="OnStored"/> comes from the one that seals blocks.</remarks>
internal sealed class ImageRecorder(RunLog log, TimeProvider time)
{
    private const int ItemsMax = 8192;
    private readonly Lock _lock = new();
    private readonly CborWriter _writer = CborExtensions.NewWriter();
    private readonly Dictionary<int, List<ImagePartReference>> _parts = [];
    private readonly Dictionary<byte[], ImageMark> _onTheirWay = new(ReferenceEqualityComparer.Instance);
    private readonly List<ImageElement> _pending = [];
    private readonly List<ContentItem> _items = [];
    private (int Source, long Start, long End) _run;
    private long _taken = time.GetTimestamp();

    /// <summary>Bytes described since the last checkpoint.</summary>
    internal long PendingBytes { get; private set; }

    /// <summary>How long something has waited for a checkpoint; zero when nothing does.</summary>
    internal TimeSpan Waiting => _pending.Count > 0 || _items.Count > 0 ? time.GetElapsedTime(_taken) : TimeSpan.Zero;

    /// <summary>The good parts of a source, in the order in which they were recorded.</summary>
    internal List<ImagePartReference> PartsOf(int source) =>
        _parts.TryGetValue(source, out var parts) ? parts : _parts[source] = [];

    /// <summary>Adds an artifact or a hole.</summary>
    internal void AddItem(int source, long start, ContentItem item)
    {
        if (_items.Count == ItemsMax || (_items.Count > 0 && (_run.Source != source || _run.End != start)))
        {
            CloseRun();
        }

        if (_items.Count == 0)
        {
            _run = (source, start, start);
        }

        if (item.Kind == ContentKind.Hole && _items.Count > 0 && _items[^1].Kind == ContentKind.Hole)
        {
            _items[^1] = ContentItem.Hole(_items[^1].Length + item.Length);
        }
        else
        {
            _items.Add(item);
        }

        _run.End = start + item.Length;
        PendingBytes += item.Length;
    }

    /// <summary>Adds bytes of a chunk that was not read whole.</summary>
    internal void AddBytes(int source, long start, byte[] bytes)
    {
        CloseRun();
        _pending.Add(new(source, start, start + bytes.Length, ImagePartKind.Bytes) { Bytes = bytes });
        PendingBytes += bytes.Length;
    }

    /// <summary>Adds a part that could not be read.</summary>
    internal void AddFailed(int source, in Area area)
    {
        CloseRun();
        var kind = area.State switch
        {
            AreaState.Untrimmed => ImagePartKind.Untrimmed,
            AreaState.Unscraped => ImagePartKind.Unscraped,
            _ => ImagePartKind.Bad,
        };
        if (_pending is [.., var last] && last.Source == source && last.Kind == kind && last.End == area.Start && last.Errno == area.Errno)
        {
            _pending[^1] = last with { End = area.End };
            return;
        }

        _pending.Add(new(source, area.Start, area.End, kind) { Errno = area.Errno });
    }

    /// <summary>A checkpoint object of what is pending, behind the parts of files; null when there is neither.</summary>
    internal byte[]? Take(byte[]? files)
    {
        CloseRun();
        _taken = time.GetTimestamp();
        if (_pending.Count == 0)
        {
            return files;
        }

        var content = new ArrayBufferWriter<byte>();
        content.Write(files);
        var mark = new ImageMark();
        for (var index = 0; index < _pending.Count; index++)
        {
            var element = _pending[index];
            element.Write(_writer);
            content.Write<byte>(_writer.Encode());
            _writer.Reset();
            Refer(element, mark, index);
        }

        _pending.Clear();
        PendingBytes = 0;
        var bytes = content.WrittenSpan.ToArray();
        mark.Bytes = bytes;
        lock (_lock)
        {
            _onTheirWay[bytes] = mark;
        }

        return bytes;
    }

    /// <summary>Takes over what an element of an earlier checkpoint describes.</summary>
    internal void Refer(ImageElement element, ImageMark mark, int index)
    {
        if (element.Kind is ImagePartKind.Items or ImagePartKind.Bytes)
        {
            PartsOf(element.Source).Add(new(element.Start, element.End, mark, index));
        }
    }

    /// <summary>A checkpoint object lies in the store: from now on it is read from there.</summary>
    internal void OnStored(byte[] content, string name, Digest digest)
    {
        lock (_lock)
        {
            if (_onTheirWay.Remove(content, out var mark))
            {
                mark.Stored = (name, digest);
                mark.Bytes = null;
            }
        }
    }

    /// <summary>The image elements of a checkpoint object.</summary>
    internal IReadOnlyList<ImageElement> Load(ImageMark mark)
    {
        byte[]? bytes;
        lock (_lock)
        {
            bytes = mark.Bytes;
        }

        return Parse(bytes ?? log.Get(mark.Stored!.Value.Name, mark.Stored.Value.Digest));
    }

    /// <summary>The image elements among those of a checkpoint object.</summary>
    internal static IReadOnlyList<ImageElement> Parse(byte[] content)
    {
        var reader = CborExtensions.NewReader(content);
        List<ImageElement> elements = [];
        while (reader.BytesRemaining > 0)
        {
            if (reader.ReadStartArray() == ImageElement.Fields)
            {
                elements.Add(ImageElement.ReadFields(reader));
            }
            else
            {
                _ = CheckpointPart.ReadFields(reader);
            }
        }

        return elements;
    }

    private void CloseRun()
    {
        if (_items.Count > 0)
        {
            _pending.Add(new(_run.Source, _run.Start, _run.End, ImagePartKind.Items) { Items = [.. _items] });
            _items.Clear();
        }
    }
}
