using System.Text;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// An image that a run reads: the device, what is known of it, and how far the reading is. The walker's thread runs the passes; the
/// assembler's thread takes in what they bring.
/// </summary>
internal sealed class ImageSource : IDisposable
{
    private const int BuffersMax = 8;
    private static readonly byte[] Zeros = new byte[1 << 20];
    private readonly SemaphoreSlim _room = new(BuffersMax);
    private readonly long? _writtenBefore;
    private readonly IReadOnlyList<WriteCount> _earlier;
    private DigestStream? _hash;
    private Digest? _sha256;
    private long _badBytes;
    private IReadOnlyList<ImageRange> _gained = [];
    private long? _writtenAfter;

    /// <param name="index">Which source of the run.</param>
    /// <param name="path">Real path.</param>
    /// <param name="device">Open.</param>
    /// <param name="facts">What is known of it.</param>
    /// <param name="parent">What need not be read; null for nothing.</param>
    /// <param name="map">What is to be read.</param>
    /// <param name="writtenBefore">Its write counter before anything was read since it was plugged in, in this boot.</param>
    /// <param name="earlier">Its write counter while it was read before that.</param>
    internal ImageSource(
        int index, string path, ImageDevice device, SnapshotImage facts, ImageParent? parent, AreaMap map, long? writtenBefore, IReadOnlyList<WriteCount> earlier)
    {
        (Index, Path, Device, Facts, Parent, Map, _writtenBefore, _earlier) = (index, path, device, facts, parent, map, writtenBefore, earlier);
    }

    internal int Index { get; }

    internal string Path { get; }

    internal ImageDevice Device { get; }

    internal SnapshotImage Facts { get; }

    internal ImageParent? Parent { get; }

    /// <summary>How far it is. The walker's until the passes are over, then the assembler's.</summary>
    internal AreaMap Map { get; }

    internal long Size => Facts.Size;

    /// <summary>Its write counter now; null where nobody counts.</summary>
    internal long? Written => Device.IsBlockDevice ? DeviceFacts.SectorsWritten(Device.Status.Node) : null;

    /// <summary>Whether it is the file that GNU ddrescue wrote: where its mapfile knows nothing good, the file holds nothing.</summary>
    internal bool IsRescued(ImageOptions options) => options.Mapfile is not null && !Device.IsBlockDevice;

    /// <summary>The content, once it is put together.</summary>
    internal IReadOnlyList<ContentItem> Content { get; private set; } = [];

    /// <summary>Whether the SHA-256 of the whole is wanted, possible, and still to be computed from the store.</summary>
    internal bool WantsHash { get; private set; }

    /// <summary>Takes over what an earlier checkpoint of the run says.</summary>
    internal void Recall(ImageElement element)
    {
        var state = element.Kind switch
        {
            ImagePartKind.Untrimmed => AreaState.Untrimmed,
            ImagePartKind.Unscraped => AreaState.Unscraped,
            ImagePartKind.Bad => AreaState.Bad,
            _ => AreaState.Good,
        };
        Map.Set(element.Start, element.End, state, element.Errno);
    }

    /// <summary>Waits until fewer buffers than the pipeline may hold are on their way.</summary>
    internal void TakeRoom(CancellationToken cancellation) => _room.Wait(cancellation);

    /// <summary>A buffer has been dealt with.</summary>
    internal void GiveRoom() => _room.Release();

    /// <summary>The whole is hashed while it comes in, if it comes in order from its start.</summary>
    internal void BeginHash(bool isWanted, bool isFresh)
    {
        WantsHash = isWanted;
        _hash = isWanted && isFresh ? new() : null;
    }

    /// <summary>Whether bytes still come in order, so that the whole is hashed along with its chunks. Any thread may ask; it may end.</summary>
    internal bool IsHashed => _hash is not null;

    /// <summary>Bytes came in: hashes them, and parts of them beside.</summary>
    internal void Feed(long offset, ReadOnlySpan<byte> bytes, ReadOnlySpan<(int Start, int Length)> parts, Span<Digest> keys)
    {
        if (_hash is not null && offset != _hash.Length)
        {
            DropHash();
        }

        Digest.OfParts(bytes, parts, keys, _hash);
        if (_hash?.Length == Size)
        {
            SetHash(_hash.Finish());
        }
    }

    /// <summary>A hole came in.</summary>
    internal void FeedZeros(long offset, long length)
    {
        for (var end = offset + length; offset < end && _hash is not null; offset += Math.Min(end - offset, Zeros.Length))
        {
            Feed(offset, Zeros.AsSpan(0, (int)Math.Min(end - offset, Zeros.Length)), [], []);
        }
    }

    /// <summary>The reading is over and the content put together.</summary>
    internal void Complete(IReadOnlyList<ContentItem> content, long badBytes, IReadOnlyList<ImageRange> gained)
    {
        (Content, _badBytes, _gained) = (content, badBytes, gained);
        WantsHash &= badBytes == 0;
        _writtenAfter = Written;
    }

    /// <summary>The entry of the image. A device has no metadata: those of its node belong to the rescue system.</summary>
    internal FoundEntry Entry(IReadOnlyList<ProblemFound> found)
    {
        var problems = found.ToList();
        if (Writes("").Sum(count => Math.Abs(count.After - count.Before)) is not 0 and var sectors)
        {
            problems.Add(new(ProblemKind.Changed, null, $"{sectors} sectors were written to it while it was read: what is kept may be a mixture"));
        }

        if (_badBytes > 0)
        {
            var areas = Map.Areas.Count(area => area.State != AreaState.Good);
            problems.Add(new(ProblemKind.BadRanges, null, $"{_badBytes} bytes in {areas} area(s) could not be read"));
        }

        var entry = Device.IsBlockDevice || Device.IsAbsent ? new Entry { Kind = EntryKind.Image } : FileEntry(problems);
        return new([], entry with { Size = Size, Content = Content }, SourceIdentity.Side(Device.Status)) { Problems = problems };
    }

    /// <summary>The whole was hashed.</summary>
    internal void SetHash(Digest sha256)
    {
        (_sha256, WantsHash) = (sha256, false);
        DropHash();
    }

    /// <summary>What the snapshot says of the source.</summary>
    /// <param name="boot">The boot that counted writes.</param>
    internal SnapshotSource Describe(string boot)
    {
        var isDevice = Device.IsBlockDevice;
        return new(Encoding.UTF8.GetBytes(Path), SnapshotSource.ImageKind, Parent?.Name,
            isDevice ? Device.Status.Node : Device.Status.Device, isDevice || Device.IsAbsent ? 0 : Shared.Interop.Posix.FileSystemType(Device.Descriptor))
        {
            Image = Facts with
            {
                Sha256 = _sha256,
                Gained = _gained,
                Writes = Writes(boot),
            },
        };
    }

    public void Dispose()
    {
        DropHash();
        _room.Dispose();
        Parent?.Dispose();
        Device.Dispose();
    }

    /// <summary>Its write counter, once for each time that it was there to be read.</summary>
    private IReadOnlyList<WriteCount> Writes(string boot) =>
        _writtenBefore is { } before && _writtenAfter is { } after ? [.. _earlier, new(boot, before, after)] : _earlier;

    private Entry FileEntry(List<ProblemFound> problems)
    {
        var attributes = new ExtendedAttributes().OfFile(Device.Descriptor, out var errno);
        if (errno != 0)
        {
            problems.Add(ProblemFound.OfErrno(ProblemKind.MetadataUnreadable, "its extended attributes cannot all be read", errno));
        }

        return EntryFactory.Of([], Device.Status) with { Attributes = attributes };
    }

    private void DropHash()
    {
        _hash?.Dispose();
        _hash = null;
    }
}
