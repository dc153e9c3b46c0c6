using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Tests.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>Whole runs over image files.</summary>
public sealed class ImageRunTests : IDisposable
{
    private const int Size = (9 << 20) + 12345;
    private static readonly StoreFormat ManyBlocks = new() { BlockBytes = 8 << 20 };
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void The_outcome_is_the_same_for_any_number_of_workers(int workers)
    {
        MakeImage();
        using var one = ArtifactStore.OpenOrCreate(_scratch["one"]);
        using var other = ArtifactStore.OpenOrCreate(_scratch["other"]);
        Assert.Equal(Ingests.Names(Run(one, Options(2))), Ingests.Names(Run(other, Options(workers))));
    }

    [Fact]
    public void An_image_is_cut_at_multiples_and_zeros_cost_nothing()
    {
        var content = MakeImage();
        using var store = ArtifactStore.OpenOrCreate(_scratch["store"]);
        var result = Run(store, Options());
        var items = Leaves(store, result);
        Assert.Equal(
            [
                .. Enumerable.Repeat((ContentKind.Artifact, 65536L), 64), (ContentKind.Hole, 4L << 20),
                .. Enumerable.Repeat((ContentKind.Artifact, 65536L), 16), (ContentKind.Artifact, 12345L),
            ], items.Select(item => (item.Kind, item.Length)));
        Assert.Equal(Digest.Of(content), result.Snapshot.Sources[0].Image!.Sha256);
        Assert.Equal(Size - (4 << 20), result.Snapshot.Counts.ReadBytes);
    }

    [Fact]
    public void An_image_file_that_did_not_change_is_not_read_again_and_one_that_did_is()
    {
        MakeImage();
        using var store = ArtifactStore.OpenOrCreate(_scratch["store"]);
        var first = Run(store, Options());
        var second = Run(store, Options());
        Assert.Equal((first.Snapshot.Root, 0L, first.Name), (second.Snapshot.Root, second.Snapshot.Counts.ReadBytes, second.Snapshot.Sources[0].Parent));
        Assert.Equal(first.Snapshot.Sources[0].Image!.Sha256, second.Snapshot.Sources[0].Image!.Sha256);

        var rehashed = Run(store, Options() with { Rehash = true });
        Assert.Equal((first.Snapshot.Root, first.Snapshot.Counts.ReadBytes), (rehashed.Snapshot.Root, rehashed.Snapshot.Counts.ReadBytes));

        using (var file = new FileStream(_scratch["image"], FileMode.Open))
        {
            file.Position = 70_000;
            file.WriteByte(1);
        }

        var changed = Run(store, Options());
        Assert.Null(changed.Snapshot.Sources[0].Parent);
        Assert.Single(Leaves(store, changed).Except(Leaves(store, first)));
    }

    [Fact]
    public void A_mapfile_keeps_zeros_that_nobody_read_out_and_the_next_run_fills_them_in()
    {
        var content = MakeImage();
        using var store = ArtifactStore.OpenOrCreate(_scratch["store"]);
        var map = "0x0 ?\n0x0 0x18000 +\n0x18000 0x200 -\n0x18200 0x400 /\n0x18600 0x100000000 +\n"u8.ToArray();
        var first = Run(store, Options() with { Image = new() { FilesAreImages = true, Mapfile = map, Retries = 2 } });
        Assert.Equal(1, first.Snapshot.ProblemCount);
        Assert.Equal(
            [
                (ContentKind.Artifact, 65536L, 0), (ContentKind.Artifact, 32768L, 0), (ContentKind.BadRange, 512L, 5), (ContentKind.BadRange, 1024L, -5),
                (ContentKind.Artifact, 31232L, 0),
            ], Leaves(store, first).Take(5).Select(item => (item.Kind, item.Length, item.Detail)));
        Assert.Null(first.Snapshot.Sources[0].Image!.Sha256);

        using var run = IngestRun.Begin(store, Options(), new LaterTime());
        run.Ingest(CancellationToken.None);
        Assert.Equal(content.Length, run.Progress.DoneBytes);
        var second = run.Seal(new Dictionary<string, byte[]>());
        var image = second.Snapshot.Sources[0].Image!;
        Assert.Equal((0L, 1536L), (second.Snapshot.ProblemCount, second.Snapshot.Counts.ReadBytes));
        Assert.Equal([new(0x18000, 1536)], image.Gained);
        Assert.Equal(Digest.Of(content), image.Sha256);
        using var fresh = ArtifactStore.OpenOrCreate(_scratch["fresh"]);
        Assert.Equal(Run(fresh, Options()).Snapshot.Root, second.Snapshot.Root);
    }

    [Fact]
    public void An_interrupted_run_goes_on_from_its_map()
    {
        File.WriteAllBytes(_scratch["image"], SeededBytes.Of(1, 150 << 20));
        using var store = ArtifactStore.Create(_scratch["store"], ManyBlocks);
        var name = Interrupt(store);
        using var resumed = IngestRun.Resume(store, "test", name, TimeProvider.System);
        resumed.Ingest(CancellationToken.None);
        Assert.Equal(150 << 20, resumed.Progress.DoneBytes);
        var result = resumed.Seal(new Dictionary<string, byte[]>());
        Assert.InRange(result.Snapshot.Counts.ReadBytes, 1, (150 << 20) - (7 << 20));
        Assert.Equal(Digest.Of(File.ReadAllBytes(_scratch["image"])), result.Snapshot.Sources[0].Image!.Sha256);
    }

    [Fact]
    public void An_image_file_that_changed_since_its_run_was_interrupted_is_not_sealed_as_a_mixture()
    {
        File.WriteAllBytes(_scratch["image"], SeededBytes.Of(1, 150 << 20));
        using var store = ArtifactStore.Create(_scratch["store"], ManyBlocks);
        var name = Interrupt(store);
        using (var file = new FileStream(_scratch["image"], FileMode.Open))
        {
            file.WriteByte(1);
        }

        using var resumed = IngestRun.Resume(store, "test", name, TimeProvider.System);
        var error = Assert.Throws<AslException>(() => resumed.Ingest(CancellationToken.None)).Error;
        Assert.Equal((ErrorCode.RunMismatch, false), (error.Code, error.IsPermanent));
        Assert.Empty(store.Seals());
    }

    private string Interrupt(ArtifactStore store)
    {
        using var run = IngestRun.Begin(store, Options(), TimeProvider.System);
        Ingests.Interrupt(run, 0);
        return run.Name;
    }

    private IngestOptions Options(int workers = 2) => Ingests.Of(_scratch["image"], workers) with { Image = new() { FilesAreImages = true } };

    /// <summary>4 MiB of data, a hole of 4 MiB, and a bit more than 1 MiB of data.</summary>
    private byte[] MakeImage()
    {
        var content = new byte[Size];
        new Random(1).NextBytes(content.AsSpan(0, 4 << 20));
        new Random(2).NextBytes(content.AsSpan(8 << 20));
        using var file = new FileStream(_scratch["image"], FileMode.Create);
        file.Write(content.AsSpan(0, 4 << 20));
        file.Position = 8 << 20;
        file.Write(content.AsSpan(8 << 20));
        return content;
    }

    /// <summary>Runs an hour later than the clock says: times of files that were just written tell nothing otherwise.</summary>
    private static SealedSnapshot Run(ArtifactStore store, IngestOptions options)
    {
        using var run = IngestRun.Begin(store, options, new LaterTime());
        run.Ingest(CancellationToken.None);
        return run.Seal(new Dictionary<string, byte[]>());
    }

    private sealed class LaterTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }

    private static List<ContentItem> Leaves(ArtifactStore store, SealedSnapshot result)
    {
        using var index = new ArtifactIndex(store.Backend, result.Snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        return [.. tree.Leaves(tree.Roots(result.Snapshot.Root)[0].Content)];
    }
}
