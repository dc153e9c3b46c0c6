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
            ImagePartKind.Items => element with { Items = ContentItem.ReadAll(reader, int.MaxValue) },
            ImagePartKind.Bytes => element with { Bytes = reader.ReadByteString() },
            >= ImagePartKind.Untrimmed and <= ImagePartKind.Bad => element with { Errno = reader.ReadInt32() },
            _ => throw new CborContentException($"an element of kind {element.Kind}"),
        };
        reader.ReadEndArray();
        return element;
    }
}

/// <summary>A checkpoint object in the store.</summary>
internal sealed record StoredMark(string Name, Digest Digest);

/// <summary>Where elements of a checkpoint lie: in memory, while they are on their way, or in an object of the store, behind those of others.</summary>
/// <param name="Bytes">In memory; null when they are stored.</param>
/// <param name="Stored">The object; null while they are on their way.</param>
/// <param name="First">Which image element of the whole is the first of these.</param>
internal readonly record struct MarkPlace(byte[]? Bytes, StoredMark? Stored, int First)
{
    /// <summary>Two places with the same one lie in the same object.</summary>
    internal object Whole => (object?)Stored ?? Bytes!;
}

/// <summary>What one checkpoint says of images.</summary>
internal sealed class ImageMark
{
    internal MarkPlace Place { get; set; }

    /// <summary>Length in bytes, with what it says of files.</summary>
    internal int Length { get; init; }

    /// <summary>How many image elements it has.</summary>
    internal int Count { get; init; }
}

/// <summary>Where a good part of an image is described: element <paramref name="Index"/> of a checkpoint.</summary>
internal readonly record struct ImagePartReference(long Start, long End, ImageMark Mark, int Index);

/// <summary>
/// Gathers what has been read of images, in any order, and hands it over as checkpoints. Memory holds what is not yet in a checkpoint
/// and a reference for each run of good bytes: of a device without damage a few for each block.
/// </summary>
/// <remarks>Parts are added on the assembler's thread; <see cref="OnStored"/> comes from the one that seals blocks.</remarks>
internal sealed class ImageRecorder(RunLog log, TimeProvider time)
{
    private const int ItemsMax = 8192;
    private const int ElementBytes = 40; // An element's, or an item's, at most.
    private readonly Lock _lock = new();
    private readonly CborWriter _writer = CborExtensions.NewWriter();
    private readonly Dictionary<int, List<ImagePartReference>> _parts = [];

    // In the order in which they were taken, which is that in which they come to be stored: several may be put together to one object.
    private readonly Queue<ImageMark> _onTheirWay = new();
    private readonly List<ImageElement> _pending = [];
    private readonly List<ContentItem> _items = [];
    private (int Source, long Start, long End) _run;
    private long _taken = time.GetTimestamp();

    /// <summary>Bytes described since the last checkpoint.</summary>
    internal long PendingBytes { get; private set; }

    /// <summary>About how many bytes the next checkpoint will have.</summary>
    internal long PendingMarkBytes { get; private set; }

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
        PendingMarkBytes += ElementBytes;
    }

    /// <summary>Adds bytes of a chunk that was not read whole.</summary>
    internal void AddBytes(int source, long start, byte[] bytes)
    {
        CloseRun();
        _pending.Add(new(source, start, start + bytes.Length, ImagePartKind.Bytes) { Bytes = bytes });
        PendingBytes += bytes.Length;
        PendingMarkBytes += ElementBytes + bytes.Length;
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
        PendingMarkBytes += ElementBytes;
    }

    /// <summary>A checkpoint object of what is pending, behind the parts of files; null when there is neither.</summary>
    internal byte[]? Take(byte[]? files)
    {
        CloseRun();
        _taken = time.GetTimestamp();
        if (_pending.Count == 0 && files is null)
        {
            return null;
        }

        var content = new ArrayBufferWriter<byte>();
        content.Write(files);
        var first = content.WrittenCount;
        for (var index = 0; index < _pending.Count; index++)
        {
            var element = _pending[index];
            element.Write(_writer);
            content.Write<byte>(_writer.Encode());
            _writer.Reset();
        }

        var bytes = content.WrittenSpan.ToArray();
        var mark = new ImageMark { Length = bytes.Length, Count = _pending.Count, Place = new(bytes[first..], null, 0) };
        for (var index = 0; index < _pending.Count; index++)
        {
            Refer(_pending[index], mark, index);
        }

        _pending.Clear();
        (PendingBytes, PendingMarkBytes) = (0, 0);
        lock (_lock)
        {
            _onTheirWay.Enqueue(mark);
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

    /// <summary>The next checkpoints lie in the store, put together to one object: from now on they are read from there.</summary>
    /// <param name="length">Of the object, in bytes: the sum of theirs.</param>
    /// <param name="name">Its name.</param>
    /// <param name="digest">Of its bytes.</param>
    internal void OnStored(int length, string name, Digest digest)
    {
        var stored = new StoredMark(name, digest);
        lock (_lock)
        {
            for (var (taken, first) = (0, 0); taken < length;)
            {
                var mark = _onTheirWay.Dequeue();
                mark.Place = new(null, stored, first);
                (taken, first) = (taken + mark.Length, first + mark.Count);
                if (taken > length)
                {
                    throw new InvalidOperationException($"checkpoint {name} of {length} bytes ends within another");
                }
            }
        }
    }

    /// <summary>Checkpoints that are in memory still.</summary>
    internal int OnTheirWay
    {
        get
        {
            lock (_lock)
            {
                return _onTheirWay.Count;
            }
        }
    }

    /// <summary>Where the elements of a checkpoint lie now.</summary>
    internal MarkPlace PlaceOf(ImageMark mark)
    {
        lock (_lock)
        {
            return mark.Place;
        }
    }

    /// <summary>All image elements that lie where those of a checkpoint do.</summary>
    internal IReadOnlyList<ImageElement> Load(in MarkPlace place) => Parse(place.Bytes ?? log.Get(place.Stored!.Name, place.Stored.Digest));

    /// <summary>The image elements among those of a checkpoint object.</summary>
    /// <exception cref="Shared.Errors.AslException">LogCorrupt: its hash is right, but it holds what no ingest writes.</exception>
    internal static IReadOnlyList<ImageElement> Parse(byte[] content) => [.. CheckpointElements.Read(content).Select(element => element.Image).OfType<ImageElement>()];

    private void CloseRun()
    {
        if (_items.Count > 0)
        {
            _pending.Add(new(_run.Source, _run.Start, _run.End, ImagePartKind.Items) { Items = [.. _items] });
            _items.Clear();
        }
    }
}
