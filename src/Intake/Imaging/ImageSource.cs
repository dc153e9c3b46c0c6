using System.Security.Cryptography;
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
    private static readonly byte[] Zeros = new byte[1 << 20];
    private readonly long? _writtenBefore;
    private IncrementalHash? _hash;
    private long _hashed;
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
    /// <param name="writtenBefore">Its write counter before anything was read in this boot.</param>
    internal ImageSource(int index, string path, ImageDevice device, SnapshotImage facts, ImageParent? parent, AreaMap map, long? writtenBefore)
    {
        (Index, Path, Device, Facts, Parent, Map, _writtenBefore) = (index, path, device, facts, parent, map, writtenBefore);
    }

    internal int Index { get; }

    internal string Path { get; }

    internal ImageDevice Device { get; }

    internal SnapshotImage Facts { get; }

    internal ImageParent? Parent { get; }

    /// <summary>How far it is. The walker's until the passes are over, then the assembler's.</summary>
    internal AreaMap Map { get; }

    internal long Size => Facts.Size;

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

    /// <summary>The whole is hashed while it comes in, if it comes in order from its start.</summary>
    internal void BeginHash(bool isWanted, bool isFresh)
    {
        WantsHash = isWanted;
        _hash = isWanted && isFresh ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    }

    /// <summary>Bytes came in.</summary>
    internal void Feed(long offset, ReadOnlySpan<byte> bytes)
    {
        if (_hash is null || offset != _hashed)
        {
            DropHash();
            return;
        }

        _hash.AppendData(bytes);
        _hashed += bytes.Length;
        if (_hashed == Size)
        {
            SetHash(_hash.GetHashAndReset());
        }
    }

    /// <summary>A hole came in.</summary>
    internal void FeedZeros(long offset, long length)
    {
        for (var end = offset + length; offset < end && _hash is not null; offset += Math.Min(end - offset, Zeros.Length))
        {
            Feed(offset, Zeros.AsSpan(0, (int)Math.Min(end - offset, Zeros.Length)));
        }
    }

    /// <summary>The reading is over and the content put together.</summary>
    internal void Complete(IReadOnlyList<ContentItem> content, long badBytes, IReadOnlyList<ImageRange> gained)
    {
        (Content, _badBytes, _gained) = (content, badBytes, gained);
        WantsHash &= badBytes == 0;
        _writtenAfter = Device.IsBlockDevice ? DeviceFacts.SectorsWritten(Device.Status.Node) : null;
    }

    /// <summary>The entry of the image. A device has no metadata: those of its node belong to the rescue system.</summary>
    internal FoundEntry Entry(IReadOnlyList<ProblemFound> found)
    {
        var problems = found.ToList();
        if (_writtenAfter is { } after && after != _writtenBefore)
        {
            problems.Add(new(ProblemKind.Changed, null, $"{after - _writtenBefore} sectors were written to it while it was read: what is kept may be a mixture"));
        }

        if (_badBytes > 0)
        {
            var areas = Map.Areas.Count(area => area.State != AreaState.Good);
            problems.Add(new(ProblemKind.BadRanges, null, $"{_badBytes} bytes in {areas} area(s) could not be read"));
        }

        var entry = Device.IsBlockDevice ? new Entry { Kind = EntryKind.Image } : FileEntry(problems);
        return new([], entry with { Size = Size, Content = Content }, SourceIdentity.Side(Device.Status)) { Problems = problems };
    }

    /// <summary>The whole was hashed.</summary>
    internal void SetHash(ReadOnlySpan<byte> sha256) => (_sha256, WantsHash) = (new Digest(sha256), false);

    /// <summary>What the snapshot says of the source.</summary>
    /// <param name="boot">The boot that counted writes.</param>
    internal SnapshotSource Describe(string boot)
    {
        var isDevice = Device.IsBlockDevice;
        return new(Encoding.UTF8.GetBytes(Path), SnapshotSource.ImageKind, Parent?.Name,
            isDevice ? Device.Status.Node : Device.Status.Device, isDevice ? 0 : Shared.Interop.Posix.FileSystemType(Device.Descriptor))
        {
            Image = Facts with
            {
                Sha256 = _sha256,
                Gained = _gained,
                Writes = _writtenBefore is { } before && _writtenAfter is { } after ? [new(boot, before, after)] : [],
            },
        };
    }

    public void Dispose()
    {
        DropHash();
        Parent?.Dispose();
        Device.Dispose();
    }

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
