using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Tests.Blocks;
using AslRescue.Store.Trees;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Trees;

/// <summary>Contents and sequences, written through a store and read back from it.</summary>
public sealed class ContentTests : IDisposable
{
    private readonly MemoryBackend _backend = new();

    private static StoreFormat Format => new() { BlockBytes = 1 << 20, SegmentBytesMax = 1 << 20 };

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(32, 0)]
    [InlineData(33, 1)]
    [InlineData(10_000, 1)]
    [InlineData(200_000, 2)]
    public void Contents_of_any_number_of_items_read_back(int count, int depth)
    {
        var items = Enumerable.Range(0, count).Select(Item).ToList();
        ContentItem[] content = [];
        using var written = Write(writer => content = AddAll(writer, items));
        Assert.InRange(content.Length, Math.Min(count, 1), 32);
        Assert.Equal(items.Sum(item => item.Length), content.Sum(item => item.Length));
        Assert.Equal(depth, content.Select(item => item.Kind == ContentKind.List ? item.Detail : 0).FirstOrDefault());
        Assert.Equal(items, written.Tree.Leaves(content));
    }

    [Fact]
    public void Lists_are_cut_where_the_format_says()
    {
        ContentItem[] content = [];
        List<int> lengths = [];
        using var written = Write(writer => content = AddAll(writer, Enumerable.Range(0, 200_000).Select(Item)));
        foreach (var list in Lists(written.Tree, content))
        {
            lengths.Add(written.Tree.ReadList(list).Count);
        }

        Assert.All(lengths, length => Assert.InRange(length, 1, 8192));
        Assert.True(lengths.Count(length => length < 64) <= 2, string.Join(' ', lengths));
        Frozen.Is("10010300000 3fcffd6658389e67316d6faa33e6981358d25e3671e8be8fa279e11378b7f853 2", string.Join(' ', content.Select(item => $"{item.Length} {item.Key} {item.Detail}")));
    }

    [Fact]
    public void One_changed_item_of_many_changes_few_lists()
    {
        var items = Enumerable.Range(0, 100_000).Select(Item).ToList();
        ContentItem[] before = [], after = [];
        using var written = Write(writer =>
        {
            before = AddAll(writer, items);
            items[50_000] = ContentItem.Artifact(Digest.Of("another"u8), 12_345);
            after = AddAll(writer, items);
        });
        var lists = Lists(written.Tree, before).Select(list => list.Key).ToHashSet();
        Assert.InRange(Lists(written.Tree, after).Count(list => !lists.Contains(list.Key)), 1, 4);
    }

    [Fact]
    public void Holes_and_bad_ranges_join_however_they_were_read() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 5], Gen.Int[1, 100]).Array[0, 300].Sample(pieces =>
        {
            var whole = pieces.Select(piece => piece.Item1 switch
            {
                0 => ContentItem.Hole(piece.Item3),
                1 => ContentItem.BadRange(piece.Item3, 5),
                2 => ContentItem.BadRange(piece.Item3, 61),
                _ => ContentItem.Artifact(Digest.Of([(byte)piece.Item3]), piece.Item3),
            }).ToList();
            var inPieces = whole.Zip(pieces).SelectMany(pair => Split(pair.First, pair.Second.Item2)).ToList();
            using var backend = new MemoryBackend();
            ContentItem[] fromWhole = [], fromPieces = [];
            using var written = WrittenBlocks.Write(backend, Format, [], writer =>
            {
                fromWhole = AddAll(writer, whole);
                fromPieces = AddAll(writer, inPieces);
                writer.Put("something"u8);
            });
            Assert.Equal(fromWhole, fromPieces);
            var leaves = written.Tree.Leaves(fromWhole).ToList();
            Assert.Equal(whole.Sum(item => item.Length), leaves.Sum(item => item.Length));
            Assert.DoesNotContain(leaves.Zip(leaves.Skip(1)), pair => pair.First.Kind == pair.Second.Kind
                && pair.First.Kind != ContentKind.Artifact && pair.First.Detail == pair.Second.Detail);
        }, iter: 100);

    [Fact]
    public void A_writer_of_contents_can_be_used_again()
    {
        using var written = Write(blocks =>
        {
            var writer = new ContentWriter(blocks.Put);
            ContentItem[] Once(int count)
            {
                for (var index = 0; index < count; index++)
                {
                    writer.Add(Item(index));
                }

                Assert.Equal(Enumerable.Range(0, count).Sum(index => Item(index).Length), writer.Length);
                return writer.Finish();
            }

            var first = Once(5000);
            Assert.Empty(Once(0));
            Once(7);
            Assert.Equal(first, Once(5000));
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void A_folder_of_any_number_of_entries_reads_back(int count)
    {
        Entry folder = new() { Kind = EntryKind.Directory };
        using var written = Write(writer =>
        {
            var sequence = new SequenceWriter(writer.Put);
            for (var index = 0; index < count; index++)
            {
                sequence.Add(NumberedFile(index).Write);
            }

            Assert.Equal(count, sequence.Count);
            folder = folder with { Size = count, Content = sequence.Finish() };
            Assert.Equal(0, sequence.Count);
        });
        var read = 0;
        foreach (var entry in written.Tree.Listing(folder))
        {
            Assert.True(NumberedFile(read).Name.AsSpan().SequenceEqual(entry.Name));
            Assert.Equal(read, entry.Size);
            read++;
        }

        Assert.Equal(count, read);
        Assert.All(written.Tree.Leaves(folder.Content), item => Assert.InRange(item.Length, 1, (256 << 10) + 200));
        Assert.All(written.Tree.Leaves(folder.Content).SkipLast(1), item => Assert.InRange(item.Length, 16 << 10, (256 << 10) + 200));
    }

    [Fact]
    public void One_changed_entry_of_a_large_folder_changes_one_artifact_or_two()
    {
        using var written = Write(writer =>
        {
            var before = Listing(writer, Enumerable.Range(0, 8000).Select(NumberedFile));
            var after = Listing(writer, Enumerable.Range(0, 8000).Select(index => index == 4000 ? NumberedFile(index) with { User = 77 } : NumberedFile(index)));
            Assert.InRange(after.Except(before).Count(), 1, 2);
            Assert.True(before.Length is > 10 and <= 32);
        });
    }

    [Fact]
    public void Files_and_folders_are_found_by_path()
    {
        Entry root = new() { Kind = EntryKind.Directory };
        using var written = Write(writer =>
        {
            var inner = Listing(writer, [Named("deep"u8, EntryKind.Fifo)]);
            root = root with { Content = Listing(writer, [Named("a"u8, EntryKind.Fifo), Named("b"u8, EntryKind.Directory) with { Content = inner }]) };
        });
        Assert.Same(root, written.Tree.Find(root, []));
        Assert.Equal("a"u8.ToArray(), written.Tree.Find(root, "a"u8)?.Name);
        Assert.Equal("deep"u8.ToArray(), written.Tree.Find(root, "/b//deep/"u8)?.Name);
        Assert.Null(written.Tree.Find(root, "b/none"u8));
        Assert.Null(written.Tree.Find(root, "a/below-a-fifo"u8));
    }

    [Fact]
    public void A_listing_that_is_not_ascending_is_malformed()
    {
        foreach (var names in new[] { new[] { "b", "a" }, ["a", "a"], ["b", "a", "c"] })
        {
            Entry folder = new() { Kind = EntryKind.Directory };
            using var written = Write(writer => folder = folder with
            {
                Content = Listing(writer, names.Select(name => Named(System.Text.Encoding.ASCII.GetBytes(name), EntryKind.Fifo))),
            });
            IsMalformed(() => written.Tree.Listing(folder).Count());
        }
    }

    [Fact]
    public void A_listing_with_a_hole_or_without_a_name_is_malformed()
    {
        Entry nameless = new() { Kind = EntryKind.Directory };
        using var written = Write(writer => nameless = nameless with { Content = Listing(writer, [new Entry { Kind = EntryKind.Fifo }]) });
        IsMalformed(() => written.Tree.Listing(nameless).Count());
        IsMalformed(() => written.Tree.Listing(nameless with { Content = [ContentItem.Hole(10)] }).Count());
        IsMalformed(() => written.Tree.Side([ContentItem.BadRange(10, 5)]).Count());
    }

    [Fact]
    public void A_list_that_does_not_fit_what_refers_to_it_is_malformed()
    {
        List<ContentItem> lists = [];
        using var written = Write(writer =>
        {
            lists.Add(List(writer, 9, 1, ContentItem.Hole(10)));
            lists.Add(List(writer, 10, 2, ContentItem.Hole(10)));
            lists.Add(List(writer, 10, 1, new ContentItem(ContentKind.List, 10, default, 1)));
            lists.Add(List(writer, 10, 3, new ContentItem(ContentKind.List, 10, default, 1)));
            lists.Add(List(writer, 10, 1, ContentItem.Hole(long.MaxValue), ContentItem.Hole(long.MaxValue), ContentItem.Hole(12)));
        });
        Assert.All(lists, list => IsMalformed(() => written.Tree.Leaves([list]).Count()));
    }

    [Fact]
    public void Malformed_artifacts_give_errors_of_the_store_and_nothing_else()
    {
        const int seed = 31;
        var random = new Random(seed);
        List<Digest> keys = [];
        using var written = Write(writer =>
        {
            var cbor = CborExtensions.NewWriter();
            for (var index = 0; index < 3; index++)
            {
                (NumberedFile(index) with { Content = [ContentItem.Hole(index)], Attributes = [new("user.x"u8.ToArray(), [1])] }).Write(cbor);
                Item(index).Write(cbor);
            }

            var whole = cbor.Encode();
            for (var round = 0; round < 4000; round++)
            {
                byte[] damaged = round % 4 == 0 ? whole[..random.Next(1, whole.Length)] : [.. whole];
                for (var change = 0; change <= round % 3; change++)
                {
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                }

                keys.Add(writer.Put(damaged));
            }
        });
        var refused = 0;
        foreach (var key in keys)
        {
            ContentItem[] items = [ContentItem.Artifact(key, 1)];
            Action[] reads =
            [
                () => written.Tree.Roots(key),
                () => written.Tree.Listing(new Entry { Kind = EntryKind.Directory, Content = items }).Count(),
                () => written.Tree.Side(items).Count(),
                () => written.Tree.Problems(items).Count(),
                () => written.Tree.Leaves([new ContentItem(ContentKind.List, 5, key, 1)]).Count(),
            ];
            foreach (var read in reads)
            {
                var exception = Record.Exception(read);
                Assert.True(exception is null or AslException { Error.Code: ErrorCode.TreeCorrupt }, $"seed {seed}: {key}: {exception}");
                refused += exception is null ? 0 : 1;
            }
        }

        Assert.True(refused > keys.Count);
    }

    [Fact]
    public void An_artifact_that_is_not_in_the_segments_is_missing()
    {
        using var written = Write(writer => writer.Put("x"u8));
        Assert.Equal(ErrorCode.ArtifactMissing, Assert.Throws<AslException>(() => written.Tree.Roots(Digest.Of("y"u8))).Error.Code);
    }

    [Fact]
    public void An_artifact_of_another_length_than_was_said_is_refused()
    {
        using var written = Write(writer => writer.Put("four"u8));
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<AslException>(() => written.Artifacts.Read(Digest.Of("four"u8), new byte[5])).Error.Code);
    }

    [Fact]
    public void More_blocks_than_are_kept_open_are_read_in_any_order()
    {
        byte[][] artifacts = [.. Enumerable.Range(0, 60).Select(index => SeededBytes.Of((ulong)index, 7000))];
        using var written = WrittenBlocks.Write(_backend, WrittenBlocks.Format, artifacts);
        Assert.Equal(60, written.Blocks.Count);
        for (var step = 0; step < 600; step++)
        {
            var artifact = artifacts[step * 37 % 60];
            Assert.Equal(artifact, written.Artifacts.Read(Digest.Of(artifact)));
        }
    }

    private WrittenBlocks Write(Action<BlockWriter> write) => WrittenBlocks.Write(_backend, Format, [[1]], write);

    private static void IsMalformed(Func<object> read) =>
        Assert.Equal(ErrorCode.TreeCorrupt, Assert.Throws<AslException>(read).Error.Code);

    /// <summary>Some of each kind, no two neighbours that join.</summary>
    private static ContentItem Item(int index) => (index % 10) switch
    {
        3 => ContentItem.Hole(1 + index),
        6 => ContentItem.BadRange(512, 5),
        _ => ContentItem.Artifact(Digest.Of(BitConverter.GetBytes(index)), 1 + (index % 100_000)),
    };

    private static ContentItem[] AddAll(BlockWriter blocks, IEnumerable<ContentItem> items)
    {
        var writer = new ContentWriter(blocks.Put);
        foreach (var item in items)
        {
            writer.Add(item);
        }

        return writer.Finish();
    }

    private static IEnumerable<ContentItem> Split(ContentItem item, int pieces)
    {
        if (item.Kind == ContentKind.Artifact)
        {
            yield return item;
            yield break;
        }

        var left = item.Length;
        for (; pieces > 1 && left > 1; pieces--, left--)
        {
            yield return item with { Length = 1 };
        }

        yield return item with { Length = left };
    }

    private static IEnumerable<ContentItem> Lists(TreeReader tree, IReadOnlyList<ContentItem> items) =>
        items.Where(item => item.Kind == ContentKind.List).SelectMany(list => Lists(tree, tree.ReadList(list)).Prepend(list));

    private static ContentItem List(BlockWriter writer, long length, int depth, params ContentItem[] items)
    {
        var cbor = CborExtensions.NewWriter();
        foreach (var item in items)
        {
            item.Write(cbor);
        }

        return new(ContentKind.List, length, writer.Put(cbor.Encode()), depth);
    }

    private static ContentItem[] Listing(BlockWriter writer, IEnumerable<Entry> entries)
    {
        var sequence = new SequenceWriter(writer.Put);
        foreach (var entry in entries)
        {
            sequence.Add(entry.Write);
        }

        return sequence.Finish();
    }

    private static Entry Named(ReadOnlySpan<byte> name, EntryKind kind) => new() { Name = name.ToArray(), Kind = kind };

    private static Entry NumberedFile(int index) => new()
    {
        Name = System.Text.Encoding.ASCII.GetBytes($"file {index:D9}"),
        Kind = EntryKind.File,
        Size = index,
        Content = index == 0 ? [] : [ContentItem.Hole(index)],
    };
}
