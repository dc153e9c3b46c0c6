using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Checking;

public sealed class StoreVerifierTests
{
    [Fact]
    public void A_whole_store_has_no_errors_and_is_counted()
    {
        using var backend = SmallStore.Create(3);
        var report = Verify(backend);
        Assert.Empty(report.Errors);
        Assert.Empty(report.Notes);
        Assert.Equal(3, report.Snapshots);
        Assert.Equal(backend.Paths.Count(path => path.StartsWith("blocks/", StringComparison.Ordinal)), report.Blocks);
        Assert.Equal(backend.Paths.Where(path => path.StartsWith("blocks/", StringComparison.Ordinal)).Sum(path => backend[path].Length), report.DataBytes);
        Assert.True(report.Segments > 0 && report.Artifacts > 10);
    }

    /// <summary>Every byte of a store of one run, and some of each object where runs rest on each other.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 11)]
    public void A_flip_of_any_byte_of_a_store_is_found_and_its_file_named(int runs, int stride)
    {
        using var whole = SmallStore.Create(runs);
        var positions = whole.Paths
            .SelectMany(path => Enumerable.Range(0, whole[path].Length).Where(offset => offset % stride == 0).Select(offset => (path, offset))).ToList();
        var missed = new ConcurrentBag<string>();
        Parallel.ForEach(Partitioner.Create(0, positions.Count, 200), range =>
        {
            using var backend = whole.Copy();
            for (var index = range.Item1; index < range.Item2; index++)
            {
                var (path, offset) = positions[index];
                var flip = (byte)(1 << (index % 8));
                backend[path][offset] ^= flip;
                if (!Errors(backend).Any(error => error.Where?.Contains(path, StringComparison.Ordinal) == true && error.Where.Contains("offset", StringComparison.Ordinal)))
                {
                    missed.Add($"{path}, offset {offset}, bit {index % 8}");
                }

                backend[path][offset] ^= flip;
            }
        });
        Assert.Empty(missed);
    }

    [Fact]
    public void An_object_that_is_gone_or_cut_short_is_found()
    {
        using var whole = SmallStore.Create(3);
        foreach (var path in whole.Paths)
        {
            using var cut = whole.Copy();
            cut[path] = cut[path][..^1];
            Assert.True(Errors(cut).Count > 0, $"{path} was cut short");

            // The newest seal is not missed by the store itself: the log then ends earlier.
            if (path != ObjectName.Seal(SmallStore.Domain, 3).Path)
            {
                using var without = whole.Copy();
                without.Remove(path);
                Assert.True(Errors(without).Count > 0, $"{path} is gone");
            }
        }
    }

    [Fact]
    public void Without_the_damaged_object_the_rest_of_the_store_is_still_checked()
    {
        using var whole = SmallStore.Create(3);
        var block = whole.Paths.First(path => path.StartsWith("blocks/", StringComparison.Ordinal));
        foreach (var path in whole.Paths.Where(path => path.StartsWith("logs/", StringComparison.Ordinal)))
        {
            using var backend = whole.Copy();
            backend[path][backend[path].Length / 2] ^= 1;
            backend[block][40] ^= 1;
            var errors = Errors(backend);
            Assert.Contains(errors, error => error.Where!.Contains(path, StringComparison.Ordinal));
            Assert.True(errors.Any(error => error.Where!.Contains(block, StringComparison.Ordinal)), $"with {path} damaged");
        }
    }

    [Fact]
    public void One_damaged_snapshot_casts_no_doubt_on_segments_that_are_whole()
    {
        using var whole = SmallStore.Create(3);
        foreach (var path in whole.Paths.Where(path => path.StartsWith("snapshots/", StringComparison.Ordinal)))
        {
            using var backend = whole.Copy();
            backend[path][50] ^= 1;
            Assert.DoesNotContain(Errors(backend), error => error.Code == ErrorCode.SegmentCorrupt);
        }
    }

    [Fact]
    public void A_damaged_segment_is_found_although_the_snapshot_of_its_run_is_damaged_too()
    {
        using var whole = SmallStore.Create(3);
        using var store = ArtifactStore.Open(whole);
        var newest = store.Find("latest").Snapshot;
        var segments = newest.Groups.SelectMany(group => group.Segments).Select(segment => ObjectName.Segment(segment.Name).Path).ToList();
        foreach (var seal in new SealLog(whole, SmallStore.Domain).Read().SkipLast(1))
        {
            foreach (var segment in segments)
            {
                using var backend = whole.Copy();
                backend[ObjectName.Snapshot(seal.Snapshot).Path][50] ^= 1;
                backend[segment][100] ^= 1;
                Assert.Contains(Errors(backend), error => error.Where!.Contains(segment, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void A_segment_that_the_blocks_do_not_make_is_found()
    {
        using var backend = SmallStore.Create(1);
        using var store = ArtifactStore.Open(backend);
        var (_, snapshot) = store.Find("latest");
        var row = new SegmentEntry(Digest.Of("z"u8), new(snapshot.Blocks[0].Name, 32, 10, 10, Codec.Stored, 0));
        var more = SegmentGroupWriter.Write([row], store.Format, backend);
        Seal(backend, snapshot with { Groups = [snapshot.Groups[0] with { Segments = [.. snapshot.Groups[0].Segments, .. more] }] });
        Assert.Contains(Errors(backend), error => error.Code == ErrorCode.SegmentCorrupt && error.Where!.Contains(more[0].Name.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_snapshot_with_more_roots_than_sources_is_an_error_of_its_tree()
    {
        using var backend = SmallStore.Create(1);
        using var store = ArtifactStore.Open(backend);
        Seal(backend, store.Find("latest").Snapshot with { Sources = [] });
        Assert.Contains(Errors(backend), error => error.Code == ErrorCode.TreeCorrupt);
    }

    [Fact]
    public void Another_format_than_the_snapshots_were_made_with_is_found()
    {
        using var backend = SmallStore.Create(1);
        backend[ObjectName.Format.Path] = (SmallStore.Format with { SegmentBytesMax = 8192 }).ToBytes();
        Assert.Contains(Errors(backend), error => error.Code == ErrorCode.FormatCorrupt && error.Where!.Contains("format.toml", StringComparison.Ordinal));
    }

    [Fact]
    public void Leftovers_of_runs_without_a_seal_are_notes_and_no_errors()
    {
        using var backend = SmallStore.Create(2);
        backend.Remove(ObjectName.Seal(SmallStore.Domain, 2).Path);
        var report = Verify(backend);
        Assert.Empty(report.Errors);
        Assert.Contains(report.Notes, note => note.StartsWith("1 run(s) without a seal", StringComparison.Ordinal));
        Assert.Contains(report.Notes, note => note.Contains("block(s) belong to no sealed snapshot", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_data_the_footers_and_the_trees_are_checked_all_the_same()
    {
        using var whole = SmallStore.Create(2);
        using var store = ArtifactStore.Open(whole);
        var blocks = store.Find("latest").Snapshot.Blocks;
        foreach (var block in blocks)
        {
            using var backend = whole.Copy();
            backend[ObjectName.Block(block.Name).Path][^30] ^= 1;
            Assert.NotEmpty(new StoreVerifier(ArtifactStore.Open(backend), withData: false).Run(1, TestContext.Current.CancellationToken).Errors);
        }
    }

    [Fact]
    public void Several_workers_find_what_one_does()
    {
        using var backend = SmallStore.Create(3);
        foreach (var path in backend.Paths.Where(path => path.StartsWith("blocks/", StringComparison.Ordinal)))
        {
            backend[path][35] ^= 1;
        }

        using var store = ArtifactStore.Open(backend);
        var one = new StoreVerifier(store, withData: true).Run(1, TestContext.Current.CancellationToken).Errors;
        var four = new StoreVerifier(store, withData: true).Run(4, TestContext.Current.CancellationToken).Errors;
        Assert.Equal(one.Select(error => error.ToString()).Order(), four.Select(error => error.ToString()).Order());
    }

    [Fact]
    public void Segments_that_are_gone_are_made_again_from_the_blocks()
    {
        using var backend = SmallStore.Create(3);
        using var store = ArtifactStore.Open(backend);
        var rebuild = new GroupRebuild(backend, store.Format);
        var snapshots = store.Seals().Select(item => SnapshotCodec.Load(backend, item.Seal.Snapshot)).ToList();
        var stored = backend.Paths.Where(path => path.StartsWith("segments/", StringComparison.Ordinal)).ToDictionary(path => path, path => backend[path]);
        stored.Keys.ToList().ForEach(backend.Remove);
        foreach (var snapshot in snapshots)
        {
            rebuild.Add(snapshot);
            foreach (var group in snapshot.Groups)
            {
                rebuild.Render(group, (summary, file) => backend.CreateSealed(ObjectName.Segment(summary.Name), file));
            }
        }

        Assert.All(stored, segment => Assert.Equal(segment.Value, backend[segment.Key]));
        Assert.Empty(Errors(backend));
    }

    private static void Seal(MemoryBackend backend, Snapshot snapshot)
    {
        var file = SnapshotCodec.Encode(snapshot);
        backend.CreateSealed(ObjectName.Snapshot(Digest.Of(file)), file);
        new SealLog(backend, SmallStore.Domain).Append(Digest.Of(file), "forged", DateTimeOffset.UnixEpoch);
    }

    private static VerifyReport Verify(MemoryBackend backend)
    {
        using var store = ArtifactStore.Open(backend);
        return new StoreVerifier(store, withData: true).Run(1, TestContext.Current.CancellationToken);
    }

    private static IReadOnlyList<AslError> Errors(MemoryBackend backend)
    {
        try
        {
            return Verify(backend).Errors;
        }
        catch (AslException exception)
        {
            // Opening the store already says what is wrong with format.toml.
            return [exception.Error];
        }
    }
}
