using System.Text;
using AslRescue.Shared;
using AslRescue.Store;
using AslRescue.Store.Chunking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class DeterminismTests : IDisposable
{
    /// <summary>Small blocks and chunks, so that a small tree makes many.</summary>
    private static readonly StoreFormat Small = new() { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768), SegmentBytesMax = 16384 };

    private readonly ScratchFolder _scratch = new();

    public DeterminismTests() => SampleTree.Make(_scratch["tree"], seed: 1, files: 120, bytesMax: 200_000);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Any_number_of_workers_makes_the_same_blocks_segments_and_root(int workers)
    {
        using var one = ArtifactStore.Create(_scratch["one"], Small);
        using var many = ArtifactStore.Create(_scratch["many"], Small);
        var expected = Ingests.Names(Ingests.Run(one, Ingests.Of(_scratch["tree"], 1)));
        Assert.True(expected.Length > 10, "the tree is too small to show anything");
        Assert.Equal(expected, Ingests.Names(Ingests.Run(many, Ingests.Of(_scratch["tree"], workers))));
    }

    [Fact]
    public void The_root_is_the_same_in_a_store_that_holds_other_things()
    {
        using var empty = ArtifactStore.Create(_scratch["empty"], Small);
        using var used = ArtifactStore.Create(_scratch["used"], Small);
        SampleTree.Make(_scratch["other"], seed: 2, files: 40, bytesMax: 100_000);
        Ingests.Run(used, Ingests.Of(_scratch["other"]));
        Assert.Equal(
            Ingests.Run(empty, Ingests.Of(_scratch["tree"])).Snapshot.Root,
            Ingests.Run(used, Ingests.Of(_scratch["tree"])).Snapshot.Root);
    }

    [Fact]
    public void The_root_is_the_same_wherever_the_tree_lies_and_whatever_the_store_compresses()
    {
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        var here = Ingests.Run(store, Ingests.Of(_scratch["tree"]));
        Directory.Move(_scratch["tree"], _scratch["moved"]);
        var there = Ingests.Run(store, Ingests.Of(_scratch["moved"]));
        Assert.Equal(here.Snapshot.Root, there.Snapshot.Root);
        Assert.NotEqual(here.Snapshot.Sources[0].Path, there.Snapshot.Sources[0].Path);
    }

    [Fact]
    public void An_unchanged_tree_is_not_read_again_and_adds_nothing()
    {
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        var clock = new AheadClock();
        Ingests.Run(store, Ingests.Of(_scratch["tree"]), clock);
        var second = Ingests.Run(store, Ingests.Of(_scratch["tree"]));
        Assert.Equal(0, second.Snapshot.Counts.ReadBytes);
        Assert.Equal(120, second.Snapshot.Counts.UnchangedFiles);
        Assert.Empty(second.Snapshot.Blocks);
    }

    [Fact]
    public void A_file_that_changed_at_the_last_moment_before_a_run_is_read_again()
    {
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        DateTimeOffset began;
        do
        {
            began = DateTimeOffset.UtcNow;
            Array.ForEach(Directory.GetFiles(_scratch["tree"], "*", SearchOption.AllDirectories), file => File.SetLastWriteTimeUtc(file, DateTime.UtcNow));
        }
        while (DateTimeOffset.UtcNow - began >= TimeSpan.FromSeconds(1));
        Ingests.Run(store, Ingests.Of(_scratch["tree"]), new StoppedClock(began.AddSeconds(1)));
        var second = Ingests.Run(store, Ingests.Of(_scratch["tree"]));
        Assert.True(second.Snapshot.Counts.ReadBytes > 0, "files made within the clock's slack must not be trusted");
    }

    [Fact]
    public void Long_runs_of_zeros_have_the_keys_of_their_bytes()
    {
        var most = Small.Chunks.BytesMax;
        byte[] content = [.. new byte[(5 * most) + 77], .. SeededBytes.Of(3, most), .. new byte[3 * most]];
        content[(2 * most) - 1] = 1; // The last byte of a chunk that would be one of zeros.
        var folder = Path.Combine(_scratch["zeros"], "folder");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "written"), content);
        File.WriteAllBytes(Path.Combine(folder, "zeros"), new byte[2 * most]);
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        var result = Ingests.Run(store, Ingests.Of(folder));
        using var index = new ArtifactIndex(store.Backend, result.Snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        foreach (var (name, bytes) in new[] { ("written", content), ("zeros", new byte[2 * most]) })
        {
            var position = 0;
            foreach (var item in tree.Leaves(tree.Find(tree.Roots(result.Snapshot.Root)[0], Encoding.UTF8.GetBytes(name))!.Content))
            {
                Assert.Equal(ContentItem.Artifact(Digest.Of(bytes.AsSpan(position, (int)item.Length)), item.Length), item);
                position += (int)item.Length;
            }

            Assert.Equal(bytes.Length, position);
        }
    }

    /// <summary>Ten seconds ahead, as if the files had been made long before the run.</summary>
    private sealed class AheadClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddSeconds(10);
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
