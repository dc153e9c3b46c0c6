using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Tests.Blocks;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Trees;

/// <summary>Any part of a content, against the bytes that it was made of.</summary>
public sealed class ContentReaderTests : IDisposable
{
    private const int Seed = 77;
    private readonly MemoryBackend _backend = new();

    private static StoreFormat Format => new() { BlockBytes = 1 << 20, SegmentBytesMax = 1 << 20 };

    public void Dispose() => _backend.Dispose();

    /// <summary>Inline items, one level of lists, two levels.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(5_000)]
    [InlineData(120_000)]
    public void Every_part_of_a_content_reads_as_it_was_written(int count)
    {
        var random = new Random(Seed + count);
        using var written = Write(random, count, withBad: false, out var content, out var expected, out _);
        var reader = new ContentReader(written.Artifacts, content);
        Assert.Equal(expected.Length, reader.Map.Length);
        for (var round = 0; round < 2000; round++)
        {
            var (offset, length) = (random.Next(expected.Length + 2), random.Next(round % 10 == 0 ? 20_000 : 300));
            var buffer = new byte[length];
            var read = reader.Read(offset, buffer, out var bad);
            Assert.Null(bad);
            Assert.Equal(Math.Clamp(expected.Length - offset, 0, length), read);
            Assert.True(expected.AsSpan(Math.Min(offset, expected.Length), read).SequenceEqual(buffer.AsSpan(0, read)), $"seed {Seed}, round {round}: {length} bytes from {offset}");
        }
    }

    [Fact]
    public void A_bad_range_ends_what_is_read_and_is_told_whole_wherever_it_is_met()
    {
        var random = new Random(Seed);
        using var written = Write(random, 4_000, withBad: true, out var content, out var expected, out var badRanges);
        var reader = new ContentReader(written.Artifacts, content);
        Assert.True(badRanges.Count > 200);
        for (var offset = 0L; offset < expected.Length;)
        {
            var buffer = new byte[random.Next(1, 5000)];
            Array.Fill(buffer, (byte)0xee);
            var read = reader.Read(offset, buffer, out var bad);
            Assert.True(expected.AsSpan((int)offset, read).SequenceEqual(buffer.AsSpan(0, read)));
            offset += read;
            if (bad is { } range)
            {
                Assert.Contains(range, badRanges);
                Assert.Equal(range.Start, offset);
                var inside = range.Start + random.NextInt64(range.Item.Length);
                Assert.Equal(0, reader.Read(inside, new byte[1], out var again));
                Assert.Equal(range, again);
                offset = range.End;
            }
            else
            {
                Assert.True(read == buffer.Length || offset == expected.Length);
                Assert.DoesNotContain(badRanges, range => range.Start < offset && offset < range.End);
            }
        }
    }

    [Fact]
    public void The_map_lists_every_leaf_once_from_any_offset_on()
    {
        var random = new Random(Seed);
        using var written = Write(random, 20_000, withBad: true, out var content, out var expected, out _);
        var leaves = written.Tree.Leaves(content).ToList();
        var map = new ContentMap(written.Tree, content);
        Assert.Equal(leaves, map.From(0).Select(extent => extent.Item));
        Assert.Equal(expected.Length, map.From(0).Last().End);
        for (var round = 0; round < 100; round++)
        {
            var offset = random.Next(expected.Length);
            var first = map.From(offset).First();
            Assert.True(first.Start <= offset && offset < first.End);
        }

        Assert.Empty(map.From(expected.Length));
    }

    [Fact]
    public void Reading_in_small_pieces_reads_each_artifact_from_the_store_once()
    {
        var bytes = SeededBytes.Of(5, 100_000);
        using var written = WrittenBlocks.Write(_backend, Format, [bytes]);
        var reader = new ContentReader(written.Artifacts, [ContentItem.Artifact(Digest.Of(bytes), bytes.Length)]);
        reader.Read(0, new byte[10], out _);
        var before = _backend.Reads;
        for (var offset = 0; offset < bytes.Length; offset += 10)
        {
            reader.Read(offset, new byte[10], out _);
        }

        Assert.Equal(before, _backend.Reads);
    }

    [Fact]
    public void Damage_in_the_store_gives_what_lies_before_it_and_then_its_error()
    {
        byte[][] chunks = [SeededBytes.Of(1, 6000), SeededBytes.Of(2, 6000)];
        using var written = WrittenBlocks.Write(_backend, WrittenBlocks.Format, chunks);
        Assert.Equal(2, written.Blocks.Count);
        var block = _backend.Paths.Single(path => path.EndsWith(written.Blocks[1].Name.ToString(), StringComparison.Ordinal));
        _backend[block] = [.. _backend[block].Select((value, index) => index == 100 ? (byte)(value ^ 1) : value)];
        var reader = new ContentReader(written.Artifacts, [.. chunks.Select(chunk => ContentItem.Artifact(Digest.Of(chunk), chunk.Length))]);
        var buffer = new byte[12_000];
        Assert.Equal(6000, reader.Read(0, buffer, out _));
        Assert.Equal(chunks[0], buffer[..6000]);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<AslException>(() => reader.Read(6000, buffer, out _)).Error.Code);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<AslException>(() => reader.Read(11_999, buffer.AsSpan(0, 1), out _)).Error.Code);
        Assert.Equal(1, reader.Read(5999, buffer.AsSpan(0, 1), out _));
    }

    [Fact]
    public void A_list_of_more_items_than_any_writer_makes_is_malformed()
    {
        ContentItem list = default;
        using var written = Write(writer =>
        {
            var cbor = CborExtensions.NewWriter();
            for (var index = 0; index < 8193; index++)
            {
                ContentItem.Hole(1).Write(cbor);
            }

            list = new(ContentKind.List, 8193, writer.Put(cbor.Encode()), 1);
        });
        Assert.Equal(ErrorCode.TreeCorrupt, Assert.Throws<AslException>(() => written.Tree.ReadList(list)).Error.Code);
    }

    private WrittenBlocks Write(Action<BlockWriter> write) => WrittenBlocks.Write(_backend, Format, [[1]], write);

    /// <summary>Random items; what they read as, with 0xbd where nobody knows.</summary>
    private WrittenBlocks Write(Random random, int count, bool withBad, out ContentItem[] content, out byte[] expected, out List<ContentExtent> bad)
    {
        using var bytes = new MemoryStream();
        ContentItem[] items = [];
        var written = Write(writer =>
        {
            var contents = new ContentWriter(writer.Put);
            for (var index = 0; index < count; index++)
            {
                var kind = random.Next(withBad ? 3 : 2) == 2 && index % 2 == 1 ? 2 : index % 2;
                var length = random.Next(1, 60);
                var chunk = new byte[length];
                if (kind == 0)
                {
                    random.NextBytes(chunk);
                    writer.Append(Digest.Of(chunk), chunk);
                }
                else if (kind == 2)
                {
                    Array.Fill(chunk, (byte)0xbd);
                }

                contents.Add(kind switch { 0 => ContentItem.Artifact(Digest.Of(chunk), length), 1 => ContentItem.Hole(length), _ => ContentItem.BadRange(length, 5) });
                bytes.Write(chunk);
            }

            items = contents.Finish();
        });
        (content, expected) = (items, bytes.ToArray());
        bad = [.. new ContentMap(written.Tree, items).From(0).Where(extent => extent.Item.Kind == ContentKind.BadRange)];
        return written;
    }
}
