using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Blocks;

public sealed class BlockWriterTests
{
    /// <summary>Artifacts of which some are equal, some compress, and some almost fill a block.</summary>
    private static readonly Gen<byte[][]> Artifacts =
        Gen.Select(Gen.ULong[0, 30], Gen.OneOf(Gen.Int[1, 300], Gen.Int[1, 8000]), Gen.Bool)
            .Select((seed, length, isText) => isText ? SeededBytes.Text(seed, length) : SeededBytes.Of(seed, length)).Array[1, 40];

    [Fact]
    public void Every_artifact_reads_back() => Gen.Select(Artifacts, Artifacts).Sample((chunks, metadata) =>
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks, writer => PutAll(writer, metadata));
        Assert.All(chunks.Concat(metadata), artifact => Assert.Equal(artifact, written.Artifacts.Read(Digest.Of(artifact))));
        foreach (var artifact in chunks.Concat(metadata))
        {
            var raw = new byte[artifact.Length];
            written.Artifacts.Read(Digest.Of(artifact), raw);
            Assert.Equal(artifact, raw);
        }
    }, iter: 100);

    [Fact]
    public void An_artifact_is_stored_once_whatever_stream_it_comes_in() => Artifacts.Sample(artifacts =>
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, artifacts.Concat(artifacts), writer => PutAll(writer, artifacts));
        var keys = written.Blocks.SelectMany(block => BlockFooter.Read(backend, block.Name).Entries).Select(entry => entry.Key).ToList();
        Assert.Equal(artifacts.Select(artifact => Digest.Of(artifact)).Distinct().Order(), keys.Order());
        Assert.Equal(keys.Order(), written.Entries.Select(entry => entry.Key));
    }, iter: 100);

    [Fact]
    public void An_artifact_of_the_base_is_not_stored_again()
    {
        using var backend = new MemoryBackend();
        using var first = WrittenBlocks.Write(backend, WrittenBlocks.Format, [SeededBytes.Of(1, 1000)]);
        using var index = new ArtifactIndex(backend, first.Groups);
        using var writer = new BlockWriter(backend, WrittenBlocks.Format, index, [], () => null, _ => { });
        Assert.True(writer.Contains(Digest.Of(SeededBytes.Of(1, 1000))));
        writer.Append(Digest.Of(SeededBytes.Of(1, 1000)), SeededBytes.Of(1, 1000));
        writer.Put(SeededBytes.Of(1, 1000));
        var (blocks, entries) = writer.Finish();
        Assert.Empty(blocks);
        Assert.Empty(entries);
        Assert.Equal(0, writer.AddedArtifacts);
    }

    [Fact]
    public void What_was_added_is_counted()
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(backend, WrittenBlocks.Format, nothing, [], () => null, _ => { });
        PutAll(writer, [SeededBytes.Of(1, 500), SeededBytes.Of(1, 500), SeededBytes.Text(2, 500)]);
        var (blocks, entries) = writer.Finish();
        Assert.Equal((2, 1000), (writer.AddedArtifacts, writer.AddedRawBytes));
        Assert.Equal(entries.Sum(entry => entry.Location.StoredLength), writer.AddedStoredBytes);
        Assert.Equal(blocks.Sum(block => block.FileLength), writer.AddedStoredBytes + BlockFooter.HeaderBytes + BlockFooter.BytesFor(2));
    }

    [Fact]
    public void The_same_calls_make_the_same_blocks() => Gen.Select(Artifacts, Artifacts).Sample((chunks, metadata) =>
    {
        Assert.Equal(Names(chunks, metadata), Names(chunks, metadata));

        static IReadOnlyList<string> Names(byte[][] chunks, byte[][] metadata)
        {
            using var backend = new MemoryBackend();
            using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks, writer => PutAll(writer, metadata));
            Assert.Equal(backend.Paths.Where(path => path.StartsWith("blocks/", StringComparison.Ordinal)),
                written.Blocks.Select(block => ObjectName.Block(block.Name).Path).Order(StringComparer.Ordinal));
            return [.. written.Blocks.Select(block => block.ToString())];
        }
    }, iter: 50);

    [Fact]
    public void No_block_is_longer_than_it_may_be_and_each_is_as_full_as_it_can_be()
    {
        using var backend = new MemoryBackend();
        var artifacts = Enumerable.Range(0, 300).Select(index => SeededBytes.Of((ulong)index, 1 + (index * 37 % 700))).ToArray();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, artifacts[..200], writer => PutAll(writer, artifacts[200..]));
        foreach (var (content, bytesMax) in new[] { (BlockContent.Chunks, 8192), (BlockContent.Metadata, 1024) })
        {
            var footers = written.Blocks.Where(block => block.Content == content).Select(block => BlockFooter.Read(backend, block.Name)).ToList();
            Assert.True(footers.Count > 5);
            Assert.All(footers, footer => Assert.InRange(footer.FileLength, 1, bytesMax));
            Assert.All(footers.Zip(footers.Skip(1)), pair =>
                Assert.True(pair.First.FileLength + pair.Second.Entries[0].StoredLength + BlockEntry.Bytes > bytesMax));
        }
    }

    [Fact]
    public void A_long_piece_of_metadata_gets_a_block_of_its_own()
    {
        using var backend = new MemoryBackend();
        byte[][] metadata = [SeededBytes.Of(1, 100), SeededBytes.Of(2, 300_000), SeededBytes.Of(3, 100), SeededBytes.Of(4, 100)];
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, [], writer => PutAll(writer, metadata));
        Assert.All(metadata, artifact => Assert.Equal(artifact, written.Artifacts.Read(Digest.Of(artifact))));
        Assert.Equal([1, 1, 2], written.Blocks.Select(block => BlockFooter.Read(backend, block.Name).Entries.Count));
    }

    [Fact]
    public void After_a_long_piece_the_blocks_are_as_short_as_before()
    {
        byte[][] metadata = [SeededBytes.Of(0, 20_000), .. Enumerable.Range(1, 60).Select(seed => SeededBytes.Of((ulong)seed, 300)), SeededBytes.Of(99, 20_000)];
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, [], writer => PutAll(writer, metadata));
        Assert.Equal(2, written.Blocks.Count(block => block.FileLength > 1024));
    }

    [Fact]
    public void The_empty_artifact_reads_back()
    {
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, [SeededBytes.Of(1, 10)], writer => PutAll(writer, [[], SeededBytes.Of(2, 10)]));
        Assert.Empty(written.Artifacts.Read(Digest.Of([])));
    }

    [Fact]
    public void The_longest_artifact_reads_back()
    {
        using var backend = new MemoryBackend();
        var longest = SeededBytes.Text(1, StoreFormat.ArtifactBytesMax);
        using var written = WrittenBlocks.Write(backend, new StoreFormat(), [], writer => PutAll(writer, [longest]));
        Assert.Equal(Digest.Of(longest), Digest.Of(written.Artifacts.Read(Digest.Of(longest))));
    }

    [Fact]
    public void A_run_that_goes_on_after_any_number_of_blocks_ends_with_the_same_blocks() => Gen.Select(Artifacts, Artifacts).Sample((chunks, metadata) =>
    {
        using var backend = new MemoryBackend();
        using var whole = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks, writer => PutAll(writer, metadata));
        for (var count = 0; count <= whole.Blocks.Count; count++)
        {
            using var interrupted = new MemoryBackend();
            foreach (var block in whole.Blocks.Take(count))
            {
                interrupted[ObjectName.Block(block.Name).Path] = backend[ObjectName.Block(block.Name).Path];
            }

            using var resumed = WrittenBlocks.Write(interrupted, WrittenBlocks.Format, chunks, writer => PutAll(writer, metadata),
                [.. whole.Blocks.Take(count).Select(block => block.Name)]);
            Assert.Equal(whole.Blocks, resumed.Blocks);
            Assert.Equal(whole.Entries, resumed.Entries);
            Assert.Equal(backend.Paths, interrupted.Paths);
        }
    }, iter: 20);

    [Fact]
    public void A_run_does_not_go_on_after_a_damaged_block()
    {
        using var backend = new MemoryBackend();
        using var whole = WrittenBlocks.Write(backend, WrittenBlocks.Format, [SeededBytes.Of(1, 100)]);
        backend[ObjectName.Block(whole.Blocks[0].Name).Path][^20] ^= 1;
        var error = Assert.Throws<AslException>(() => WrittenBlocks.Write(backend, WrittenBlocks.Format, [], earlier: [whole.Blocks[0].Name])).Error;
        Assert.Equal(ErrorCode.BlockCorrupt, error.Code);
    }

    [Fact]
    public void A_block_is_reported_with_its_mark_once_it_is_there_and_in_the_order_of_closing()
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        byte marks = 0;
        List<SealedBlock> reported = [];
        using var writer = new BlockWriter(backend, WrittenBlocks.Format, nothing, [], () => [++marks], block =>
        {
            using var file = backend.OpenExisting(ObjectName.Block(block.Block.Name));
            reported.Add(block);
        });
        for (var seed = 0; seed < 200; seed++)
        {
            var chunk = SeededBytes.Of((ulong)seed, 200);
            writer.Append(Digest.Of(chunk), chunk);
            writer.Put(SeededBytes.Of((ulong)seed + 1000, 50));
        }

        var (blocks, _) = writer.Finish();
        Assert.Equal(blocks, reported.Select(block => block.Block));
        Assert.Equal(Enumerable.Range(1, marks).Select(mark => (byte)mark),
            reported.Where(block => block.Block.Content == BlockContent.Chunks).SelectMany(block => block.Mark!));
        Assert.All(reported.Where(block => block.Block.Content == BlockContent.Metadata), block => Assert.Null(block.Mark));
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(300)]
    public void What_a_thread_is_told_to_be_there_is_there(int indexedInMemory)
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(
            backend, new StoreFormat { BlockBytes = 1 << 20 }, nothing, [], () => null, _ => { }, indexedInMemory: indexedInMemory);
        var keys = Enumerable.Range(0, 40_000).Select(index => BitConverter.GetBytes(index)).ToArray();
        var appended = 0;
        var wrong = new int[2];
        var readers = Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            var random = new Random(number);
            while (Volatile.Read(ref appended) < keys.Length)
            {
                var before = Volatile.Read(ref appended);
                var index = random.Next(keys.Length);
                var isThere = writer.Contains(Digest.Of(keys[index]));

                // The very latest one may be missed; what was never appended must not be found.
                wrong[number] += (index < before - 1 && !isThere) || (isThere && index > Volatile.Read(ref appended)) ? 1 : 0;
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        foreach (var key in keys)
        {
            writer.Put(key);
            Interlocked.Increment(ref appended);
        }

        readers.ForEach(reader => reader.Join());
        Assert.Equal([0, 0], wrong);
        Assert.Equal(keys.Length, writer.Finish().Entries.Count);
    }

    [Fact]
    public void A_block_that_reads_back_otherwise_than_it_was_written_is_an_error()
    {
        using var storage = new MemoryBackend();
        using var backend = new LyingBackend(storage);
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(backend, WrittenBlocks.Format, nothing, [], () => null, _ => Assert.Fail("reported as sealed"));
        writer.Put(SeededBytes.Of(1, 500));
        var error = Assert.Throws<AslException>(() => writer.Finish()).Error;
        Assert.Equal(ErrorCode.BlockCorrupt, error.Code);
        Assert.Contains("right after it was written", error.What, StringComparison.Ordinal);
    }

    private static void PutAll(BlockWriter writer, IEnumerable<byte[]> artifacts)
    {
        foreach (var artifact in artifacts)
        {
            Assert.Equal(Digest.Of(artifact), writer.Put(artifact));
        }
    }

    /// <summary>A medium that keeps one bit wrong.</summary>
    private sealed class LyingBackend(MemoryBackend storage) : IBackend
    {
        public string Location => storage.Location;

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
        {
            var kept = content.ToArray();
            kept[BlockFooter.HeaderBytes + 7] ^= 4;
            return storage.TryCreate(name, kept);
        }

        public IStoredObject? Open(ObjectName name, bool pastCache = false) => storage.Open(name);

        public IEnumerable<FolderItem> List(string folder) => storage.List(folder);

        public IDisposable? TryLease(string domain, string run) => storage.TryLease(domain, run);

        public void Dispose()
        {
        }
    }
}
