using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Steps;
using AslRescue.Intake.Tests.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>Block devices that were away between two parts of a run: unplugged, or used by another system.</summary>
public sealed class DeviceReturnTests : IDisposable
{
    private const int Size = 64 << 20;
    private readonly ScratchFolder _scratch = new();

    public DeviceReturnTests() => File.WriteAllBytes(_scratch["disk"], SeededBytes.Of(1, Size));

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_disk_that_comes_back_under_another_number_is_read_on_and_each_time_is_counted()
    {
        using var store = NewStore();
        string name;
        using (var device = Plug())
        {
            name = Interrupt(store);
        }

        using var taken = LoopDevice.Attach(_scratch["disk"]); // so that the number is another one
        using var again = Plug();
        using var resumed = IngestRun.Resume(store, "test", name, TimeProvider.System);
        resumed.Ingest(CancellationToken.None);
        var source = resumed.Seal(new Dictionary<string, byte[]>()).Snapshot.Sources[0];
        Assert.Equal(_scratch["by-id"], System.Text.Encoding.UTF8.GetString(source.Path));
        Assert.Equal(Digest.Of(File.ReadAllBytes(_scratch["disk"])), source.Image!.Sha256);
        Assert.Equal((2, false), (source.Image.Writes.Count, source.Image.WasWritten));
    }

    [Fact]
    public async Task A_run_is_found_again_when_its_disk_is_named_otherwise()
    {
        var store = NewStore();
        using var device = Plug();
        var name = Interrupt(store);
        store.Dispose();
        using var ingest = new StoreIngest(new IngestOptions { Sources = [], Domain = "test", Program = "test" }, TimeProvider.System);
        var backend = new AttachedBackend { Kind = "local-directory", Location = _scratch["store"] };
        Assert.Equal(name, (await ingest.PrepareAsync(backend, "run-2", [device.Path], TestContext.Current.CancellationToken)).Run);
    }

    [Theory]
    [InlineData(0)] // where a file system keeps its superblock
    [InlineData(Size - 1)]
    public void A_disk_that_was_written_to_while_it_was_away_is_not_sealed_as_a_mixture(int position)
    {
        using var store = NewStore();
        string name;
        using (var device = Plug())
        {
            name = Interrupt(store, isReversed: position > 0);
        }

        Flip(position);
        using var again = Plug();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var resumed = IngestRun.Resume(store, "test", name, TimeProvider.System);
            var error = Assert.Throws<AslException>(() => resumed.Ingest(CancellationToken.None)).Error;
            Assert.Equal((ErrorCode.RunMismatch, false), (error.Code, error.IsPermanent));
        }

        Assert.False(IngestRun.HasItsSources(store, "test", name));
        Assert.Empty(store.Seals());

        Flip(position);
        Assert.True(IngestRun.HasItsSources(store, "test", name));
        using var right = IngestRun.Resume(store, "test", name, TimeProvider.System);
        right.Ingest(CancellationToken.None);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_read_of_a_disk_that_is_lost_can_be_sealed_and_the_rest_is_missing(bool isFile)
    {
        using var store = NewStore();
        string name;
        using (var device = isFile ? null : Plug())
        {
            name = Interrupt(store, isFile: isFile);
        }

        var content = File.ReadAllBytes(_scratch["disk"]);
        File.Delete(_scratch[isFile ? "disk" : "by-id"]);
        using (var refused = IngestRun.Resume(store, "test", name, TimeProvider.System))
        {
            Assert.Equal(ErrorCode.SourceMissing, Assert.Throws<AslException>(() => refused.Ingest(CancellationToken.None)).Error.Code);
        }

        using var resumed = IngestRun.Resume(store, "test", name, TimeProvider.System, withoutSource: true);
        resumed.Ingest(CancellationToken.None);
        var result = resumed.Seal(new Dictionary<string, byte[]>());
        Assert.Equal((2L, Size), (result.Snapshot.ProblemCount, result.Snapshot.Sources[0].Image!.Size));
        Assert.Null(result.Snapshot.Sources[0].Image!.Sha256);

        using var index = new ArtifactIndex(store.Backend, result.Snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        var (good, position) = (0L, 0L);
        foreach (var item in tree.Leaves(tree.Roots(result.Snapshot.Root)[0].Content))
        {
            Assert.True(item.Kind == ContentKind.Artifact || (item.Kind == ContentKind.BadRange && item.Detail == 0), $"{item.Kind} at {position}");
            Assert.True(item.Kind == ContentKind.BadRange || item.Key == Digest.Of(content.AsSpan((int)position, (int)item.Length)), $"wrong bytes at {position}");
            (good, position) = (good + (item.Kind == ContentKind.Artifact ? item.Length : 0), position + item.Length);
        }

        Assert.Equal(Size, position);
        Assert.InRange(good, 1, Size - 1);
        Assert.Equal(Size - good, result.Snapshot.Counts.BadBytes);
        Assert.Empty(new StoreVerifier(store, withData: true).Run(2, CancellationToken.None).Errors);
    }

    [Fact]
    public void Samples_that_cannot_be_told_apart_from_what_was_read_speak_for_it_and_others_against_it()
    {
        using var device = ImageDevice.Open(_scratch["disk"]);
        var bytes = File.ReadAllBytes(_scratch["disk"]);
        var (same, hole) = (new ImageSamples(Size, [0]), new ImageSamples(Size, [0, 1 << 20]));
        same.Offer(65536, ContentItem.Artifact(Digest.Of(bytes.AsSpan(65536, 65536)), 65536));
        hole.Offer(0, ContentItem.Hole(2 << 20));

        Assert.Null(same.WhyDifferent(device));
        Assert.Equal("its bytes at 0 are others now", hole.WhyDifferent(device));
    }

    private LoopDevice Plug()
    {
        var device = LoopDevice.Attach(_scratch["disk"]);
        File.Delete(_scratch["by-id"]);
        File.CreateSymbolicLink(_scratch["by-id"], device.Path);
        return device;
    }

    private void Flip(int position)
    {
        using var file = new FileStream(_scratch["disk"], FileMode.Open);
        file.Position = position;
        var old = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(old ^ 1));
    }

    private ArtifactStore NewStore() => ArtifactStore.Create(_scratch["store"], new StoreFormat { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768) });

    private string Interrupt(ArtifactStore store, bool isReversed = false, bool isFile = false)
    {
        var options = Ingests.Of(_scratch[isFile ? "disk" : "by-id"]) with { Image = new() { Reverse = isReversed, FilesAreImages = isFile } };
        using var run = IngestRun.Begin(store, options, TimeProvider.System);

        // Backwards, what is read first is the last stretch, and its end fills the second block.
        Ingests.Interrupt(run, isReversed ? 3 << 20 : 0);
        return run.Name;
    }
}
