using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Tests.Blocks;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Segments;

public sealed class GroupMergeTests : IDisposable
{
    private readonly MemoryBackend _backend = new();

    private static StoreFormat Format => new() { SegmentBytesMax = 32_768 };

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void After_hundreds_of_runs_the_list_is_short_and_every_key_is_found()
    {
        const int seed = 1;
        var random = new Random(seed);
        List<SegmentEntry> all = [];
        IReadOnlyList<SegmentGroup> groups = [];
        for (var run = 0; run < 200; run++)
        {
            var rows = Rows.Sorted(run, random.Next(10) == 0 ? random.Next(1, 3000) : random.Next(1, 60));
            groups = GroupMerge.Run(_backend, Format, groups, Name(run), rows).Groups;
            all.AddRange(rows);
            Assert.InRange(groups.Count, 1, Math.Log2(all.Count) + 1);
            Assert.All(groups.Zip(groups.Skip(1)), pair => Assert.True(pair.First.Count > 2 * pair.Second.Count));
        }

        Assert.Equal(Enumerable.Range(0, 200).Select(Name), groups.SelectMany(group => group.Runs));
        Assert.Equal(all.Count, groups.Sum(group => group.Count));
        using var index = new ArtifactIndex(_backend, groups);
        Assert.All(all, row => Assert.True(index.TryFind(row.Key, out var location) && location == row.Location));
    }

    [Fact]
    public void The_outcome_is_a_function_of_base_and_rows() => Gen.Int[1, 400].Array[1, 12].Sample(sizes =>
    {
        using var first = new MemoryBackend();
        using var second = new MemoryBackend();
        Assert.Equal(Names(Run(first, sizes)), Names(Run(second, sizes)));
        Assert.Equal(first.Paths, second.Paths);

        static IReadOnlyList<SegmentGroup> Run(MemoryBackend backend, int[] sizes) => sizes.Index()
            .Aggregate((IReadOnlyList<SegmentGroup>)[], (groups, run) =>
                GroupMerge.Run(backend, Format, groups, Name(run.Index), Rows.Sorted(run.Index, run.Item)).Groups);
    }, iter: 50);

    [Fact]
    public void A_run_that_added_nothing_leaves_the_groups_alone()
    {
        var groups = GroupMerge.Run(_backend, Format, [], "first", Rows.Sorted(1, 10)).Groups;
        var (after, written) = GroupMerge.Run(_backend, Format, groups, "second", []);
        Assert.Same(groups, after);
        Assert.Empty(written);
    }

    [Fact]
    public void A_group_half_as_large_as_the_next_is_merged_and_a_smaller_one_is_not()
    {
        var large = GroupMerge.Run(_backend, Format, [], "large", Rows.Sorted(1, 100)).Groups;
        Assert.Equal([100, 49], GroupMerge.Run(_backend, Format, large, "small", Rows.Sorted(2, 49)).Groups.Select(group => group.Count));
        Assert.Equal([150], GroupMerge.Run(_backend, Format, large, "half", Rows.Sorted(3, 50)).Groups.Select(group => group.Count));
    }

    [Fact]
    public void Of_a_key_in_several_blocks_the_smallest_name_and_offset_win() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 5], Gen.Int[0, 3]).Array[1, 200].Array[1, 4].Sample(runs =>
        {
            var sequences = runs.Select(run => run.Select(row => Duplicate(row.Item1, row.Item2, row.Item3)).Distinct().Order().ToList()).ToList();
            using var backend = new MemoryBackend();
            var group = new SegmentGroup(["run"], SegmentGroupWriter.Write(SegmentGroupWriter.Merge([.. sequences]), Format, backend));
            var expected = sequences.SelectMany(rows => rows).GroupBy(row => row.Key).Select(same => same.Min()).Order();
            Assert.Equal(expected, GroupMerge.Rows(backend, group));
        }, iter: 200);

    [Fact]
    public void Merging_step_by_step_and_at_once_makes_the_same_segments()
    {
        var runs = Enumerable.Range(0, 4).Select(run => Enumerable.Range(0, 300).Select(index => Duplicate(index * (run + 1) % 500, run, index)).Order().ToList()).ToList();
        var stepwise = runs.Index().Aggregate((IReadOnlyList<SegmentGroup>)[], (groups, run) =>
            GroupMerge.Run(_backend, Format, groups, Name(run.Index), run.Item).Groups);
        var atOnce = SegmentGroupWriter.Write(runs.SelectMany(rows => rows).Order(), Format, _backend);
        Assert.Equal(atOnce, Assert.Single(stepwise).Segments);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1 << 20)]
    public void Groups_are_made_again_from_the_footers_of_the_blocks_name_for_name_however_few_rows_are_in_memory(int rowsInMemoryMax)
    {
        IReadOnlyList<SegmentGroup> groups = [];
        var rebuild = new GroupRebuild(_backend, Format, rowsInMemoryMax);
        for (var run = 0; run < 6; run++)
        {
            using var written = WrittenBlocks.Write(_backend, WrittenBlocks.Format with { SegmentBytesMax = Format.SegmentBytesMax },
                Enumerable.Range(run * 20, 30).Select(index => SeededBytes.Of((ulong)index, 300)));
            groups = GroupMerge.Run(_backend, Format, groups, Name(run), written.Entries).Groups;
            rebuild.Add(ExampleSnapshot.Full with { Run = Name(run), Blocks = written.Blocks });
        }

        Assert.All(groups, group => Assert.Equal(group.Segments, rebuild.Render(group, (_, _) => { })));
    }

    private static string Name(int run) => $"run {run}";

    private static List<string> Names(IReadOnlyList<SegmentGroup> groups) =>
        [.. groups.Select(group => string.Join(' ', group.Runs.Concat(group.Segments.Select(segment => segment.ToString()))))];

    private static SegmentEntry Duplicate(int key, int block, int offset) =>
        new(Digest.Of(BitConverter.GetBytes(key)), new(Digest.Of(BitConverter.GetBytes(block + 100_000)), 32 + offset, 10, 10, Codec.Stored, 0));
}
