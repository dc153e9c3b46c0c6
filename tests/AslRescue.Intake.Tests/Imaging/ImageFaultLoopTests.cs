using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Intake.Tests.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Faults;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>
/// Two images, over a disk that fails: a damaged one, with free space and data that repeats, and one that can be read whole and so is hashed as well.
/// </summary>
public sealed class ImageFaultLoopTests : IDisposable
{
    private const int Chunk = ImageFormat.ChunkBytes;

    // All of it takes minutes; without ASL_SLOW ways other than the two that differ most, and devices, take every fourth call.
    private static readonly int Step = Environment.GetEnvironmentVariable("ASL_SLOW") is null ? 4 : 1;

    // No sector is longer, whatever the file system below.
    private const int Page = 4096;

    // A page in a chunk; two with good ones between; a whole chunk; the end of one.
    private static readonly (int Start, int Length)[] Bad =
        [((34 * Chunk) + Page, Page), (36 * Chunk, Page), ((36 * Chunk) + (5 * Page), Page), (37 * Chunk, Chunk), ((41 * Chunk) - Page, Page)];

    private readonly string _folder = Scratch.NewFolder("asl-image-faults-");
    private readonly byte[] _damaged;
    private readonly byte[] _whole;
    private readonly FaultedSource _source;

    public ImageFaultLoopTests()
    {
        byte[] repeats = SeededBytes.Of(1, 10 * Chunk);
        var hole = new byte[16 * Chunk];
        _damaged = [.. repeats, .. hole, .. repeats.AsSpan(0, 6 * Chunk), .. new byte[Chunk], .. SeededBytes.Of(2, (13 * Chunk) + 12345)];
        _whole = [.. SeededBytes.Of(3, Chunk), .. repeats.AsSpan(Chunk, Chunk), .. hole.AsSpan(0, Chunk + 700)];
        Write("before", repeats.AsSpan(2 * Chunk, 2 * Chunk));
        Write("damaged", _damaged);
        Write("whole", _whole);
        _source = new()
        {
            Before = Images(In("before")),
            Options = Images(In("damaged"), In("whole")),
            KillInIngest = 70, // Dead when all that was easy to read is sealed, and nothing of the rest.
            Outcome = Outcome,
            Reading = Reading,
        };
    }

    /// <summary>A device is written as an image file is; what differs is what a run that goes on looks at. So an error that it outlives, and one that it does not.</summary>
    public static TheoryData<FaultedPart, DiskFault> OfDevices =>
        [.. from part in Enum.GetValues<FaultedPart>() from fault in new[] { DiskFault.InputOutputError, DiskFault.PowerCut } select (part, fault)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(FaultLoop.All), MemberType = typeof(FaultLoop))]
    public void Whichever_call_fails_the_store_stays_whole_and_images_are_sealed_as_undisturbed(FaultedPart part, DiskFault fault) =>
        Check(_source, part, fault, fault is DiskFault.InputOutputError or DiskFault.PowerCut ? 1 : Step);

    [Theory]
    [MemberData(nameof(OfDevices))]
    public void Whichever_call_fails_the_store_stays_whole_and_a_block_device_is_sealed_as_undisturbed(FaultedPart part, DiskFault fault)
    {
        using var device = LoopDevice.Attach(In("damaged"));
        using var keptOpen = File.OpenHandle(device.Path, share: FileShare.ReadWrite); // Whoever is the last to close a device waits until its cache is emptied.
        Check(_source with { Options = Images(device.Path, In("whole")) }, part, fault, Step);
    }

    [Fact]
    public void Undisturbed_the_images_are_sealed_with_each_good_byte_and_with_their_bad_sectors()
    {
        using var store = ArtifactStore.Create(In("store"), FaultLoop.Small);
        using var run = IngestRun.Begin(store, _source.Options, new ManualTime());
        run.Reading = _source.Reading;
        run.Ingest(CancellationToken.None);
        var snapshot = run.Seal(new Dictionary<string, byte[]>()).Snapshot;
        Assert.Equal([null, Digest.Of(_whole)], snapshot.Sources.Select(source => source.Image!.Sha256));

        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        List<byte> bytes = [];
        ImageBytes.Copy(tree, artifacts, tree.Roots(snapshot.Root)[0].Content, "!"u8.ToArray(), part => bytes.AddRange(part));
        foreach (var (start, length) in Bad)
        {
            _damaged.AsSpan(start, length).Fill((byte)'!');
        }

        Assert.Equal(Digest.Of(_damaged), Digest.Of([.. bytes]));
        Assert.Equal(Bad.Sum(range => range.Length), snapshot.Counts.BadBytes);
    }

    private void Check(FaultedSource source, FaultedPart part, DiskFault fault, int step) =>
        new FaultLoop(_folder, source).Run(part, fault, part switch { FaultedPart.Ingest => 163, FaultedPart.Resume => 105, _ => 25 }, step);

    /// <summary>The order in which a failing image is read depends on what is known of it, and so do its blocks; what is sealed does not.</summary>
    private static string[] Outcome(SealedSnapshot result) =>
    [
        $"root {result.Snapshot.Root}",
        .. result.Snapshot.Side.Concat(result.Snapshot.Problems).Select(item => $"{item}"),
        .. result.Snapshot.Sources.Select(source => $"SHA-256 {source.Image!.Sha256}"),
        $"{result.Snapshot.Counts with { ReadBytes = 0, AddedStoredBytes = 0 }}",
    ];

    /// <summary>Gives nothing of what it is asked for when a part of that is bad.</summary>
    private static DamagedReader.ReadAt Reading(ImageDevice device) => device.Size < 40 * Chunk ? device.Read : (buffer, offset) =>
    {
        foreach (var (start, length) in Bad)
        {
            if (start < offset + buffer.Length && start + length > offset)
            {
                return -Errno.EIO;
            }
        }

        return device.Read(buffer, offset);
    };

    private static IngestOptions Images(params string[] paths) => Ingests.Of("") with { Sources = paths, Image = new() { FilesAreImages = true } };

    /// <summary>Leaves chunks that are zero out, but for one.</summary>
    private void Write(string name, ReadOnlySpan<byte> content)
    {
        using var file = new FileStream(In(name), FileMode.CreateNew);
        file.SetLength(content.Length);
        for (var start = 0; start < content.Length; start += Chunk)
        {
            var chunk = content[start..Math.Min(start + Chunk, content.Length)];
            if (start == 32 * Chunk || chunk.ContainsAnyExcept((byte)0))
            {
                file.Position = start;
                file.Write(chunk);
            }
        }
    }

    private string In(string name) => Path.Combine(_folder, name);
}
