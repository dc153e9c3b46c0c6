using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Blocks;

/// <summary>Several artifacts in one frame, and several threads that compress.</summary>
public sealed class FrameTests
{
    private static readonly StoreFormat Format = WrittenBlocks.Format with { FrameBytes = 2000, BlockBytes = 16 << 10 };

    private static readonly Gen<byte[][]> Artifacts =
        Gen.Select(Gen.ULong[0, 500], Gen.OneOf(Gen.Int[0, 400], Gen.Int[0, 5000]), Gen.Bool)
            .Select((seed, length, isText) => isText ? SeededBytes.Text(seed, length) : SeededBytes.Of(seed, length)).Array[1, 60];

    [Fact]
    public void Every_artifact_reads_back_in_any_order() => Gen.Select(Artifacts, Gen.Int).Sample((artifacts, seed) =>
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, Format, artifacts);
        new Random(seed).Shuffle(artifacts);
        Assert.All(artifacts, artifact => Assert.Equal(artifact, written.Artifacts.Read(Digest.Of(artifact))));
        Assert.All(written.Blocks, block => Assert.Empty(BlockCheck.Run(backend, block.Name, new ArtifactDecoder()).Errors));
    }, iter: 200);

    [Fact]
    public void Neighbours_that_compress_share_a_frame_and_its_footer_entries_say_where_each_starts()
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, Format, [SeededBytes.Text(1, 700), SeededBytes.Text(2, 600), SeededBytes.Text(3, 800), SeededBytes.Of(4, 50)]);
        var entries = BlockFooter.Read(backend, Assert.Single(written.Blocks).Name).Entries;
        Assert.Equal([0, 700, 0, 800], entries.Select(entry => entry.Position));
        Assert.Equal(entries[0] with { Key = entries[1].Key, RawLength = 600, Position = 700 }, entries[1]);
        Assert.Equal(entries[0].Offset + entries[0].StoredLength, entries[2].Offset);
    }

    [Fact]
    public void The_blocks_are_the_same_for_any_number_of_threads() => Artifacts.Sample(artifacts =>
    {
        var alone = Names(artifacts, 1);
        Assert.Equal(alone, Names(artifacts, 2));
        Assert.Equal(alone, Names(artifacts, 7));
    }, iter: 60);

    [Fact]
    public void A_mark_comes_with_the_block_that_holds_all_that_was_appended_before_it_was_asked_for() => Artifacts.Sample(artifacts =>
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        var appended = 0;
        HashSet<Digest> reached = [];
        using (var writer = new BlockWriter(backend, Format, nothing, [], () => BitConverter.GetBytes(appended), Sealed, workers: 3))
        {
            foreach (var artifact in artifacts)
            {
                writer.Append(Digest.Of(artifact), artifact);
                appended++;
            }

            writer.Finish();
        }

        void Sealed(SealedBlock block)
        {
            reached.UnionWith(BlockFooter.Read(backend, block.Block.Name).Entries.Select(entry => entry.Key));
            var mark = BitConverter.ToInt32(block.Mark.AsSpan(^4..));
            Assert.All(artifacts.Take(mark), artifact => Assert.Contains(Digest.Of(artifact), reached));
        }
    }, iter: 60);

    [Fact]
    public void A_checkpoint_closes_the_block_and_is_told_alone_when_there_is_none()
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        List<string> told = [];
        byte marks = 0;
        using var writer = new BlockWriter(backend, Format, nothing, [], () => [++marks],
            block => told.Add($"block {string.Join(',', block.Mark!)}"), mark => told.Add($"mark {mark[0]}"));
        writer.Append(Digest.Of("a"u8), "a"u8);
        writer.Checkpoint();
        writer.Checkpoint();
        foreach (var seed in Enumerable.Range(0, 3))
        {
            writer.Append(Digest.Of(SeededBytes.Of((ulong)seed, 1500)), SeededBytes.Of((ulong)seed, 1500));
        }

        writer.Checkpoint();
        writer.Finish();
        Assert.Equal(["block 1", "mark 2", "block 3,4,5"], told);
    }

    [Fact]
    public void A_footer_whose_frames_do_not_fit_together_is_refused()
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, Format, [SeededBytes.Text(1, 700), SeededBytes.Text(2, 600)]);
        var whole = backend[ObjectName.Block(Assert.Single(written.Blocks).Name).Path];
        var footer = BlockFooter.Read(backend, written.Blocks[0].Name).Offset;
        for (var place = footer + 56 + 64 + 32; place < footer + 56 + 128; place++)
        {
            byte[] forged = [.. whole];
            forged[place] ^= 1;
            var name = Digest.Of(forged.AsSpan(footer));
            backend[ObjectName.Block(name).Path] = forged;
            var found = Record.Exception(() => Assert.NotEmpty(BlockCheck.Run(backend, name, new ArtifactDecoder()).Errors));
            Assert.True(found is null or Shared.Errors.AslException, $"byte {place - footer}: {found}");
        }
    }

    private static List<string> Names(byte[][] artifacts, int workers)
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(backend, Format, nothing, [], () => null, _ => { }, workers: workers);
        foreach (var artifact in artifacts)
        {
            writer.Append(Digest.Of(artifact), artifact);
            writer.Put(artifact.AsSpan(0, artifact.Length / 2));
        }

        return [.. writer.Finish().Blocks.Select(block => block.ToString())];
    }
}
