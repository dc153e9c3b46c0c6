using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Faults;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Tests.Checking;

public sealed class SnapshotCheckTests
{
    [Fact]
    public void An_error_of_the_storage_is_never_a_fault_of_the_snapshot()
    {
        using var backend = SmallStore.Create(2);
        using var store = ArtifactStore.Open(backend);
        var snapshot = SnapshotCodec.Load(backend, new SealLog(backend, SmallStore.Domain).Read()[^1].Snapshot);
        var failed = 0;
        for (var failAt = 1; ; failAt++)
        {
            using var faulty = new FaultyBackend(backend, failAt);
            try
            {
                Assert.Null(SnapshotCheck.Run(faulty, store.Format, snapshot, (_, _) => true, TestContext.Current.CancellationToken));
            }
            catch (AslException failure)
            {
                Assert.Equal(ErrorCode.StoreIo, failure.Error.Code);
                failed++;
            }

            if (!faulty.HasFailed)
            {
                break;
            }
        }

        Assert.InRange(failed, 20, 10_000);
    }

    [Fact]
    public void Every_sealed_snapshot_passes_and_none_under_another_runs_journal()
    {
        using var backend = SmallStore.Create(3);
        using var store = ArtifactStore.Open(backend);
        foreach (var seal in new SealLog(backend, SmallStore.Domain).Read())
        {
            var snapshot = SnapshotCodec.Load(backend, seal.Snapshot);
            Assert.Null(SnapshotCheck.Run(backend, store.Format, snapshot, (_, _) => true, TestContext.Current.CancellationToken));
            var other = snapshot with { Run = SmallStore.RunName(seal.Number == 1 ? 2 : 1) };
            Assert.Contains("journal", SnapshotCheck.Run(backend, store.Format, other, (_, _) => true, TestContext.Current.CancellationToken)?.Why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_walking_the_trees_has_an_end_that_is_not_for_good()
    {
        using var backend = SmallStore.Create(1);
        using var store = ArtifactStore.Open(backend);
        var snapshot = SnapshotCodec.Load(backend, new SealLog(backend, SmallStore.Domain).Read()[^1].Snapshot);
        AslError? Run(bool mayName, TimeSpan walkTimeMax) =>
            SnapshotCheck.Run(backend, store.Format, snapshot, (_, _) => mayName, walkTimeMax, TestContext.Current.CancellationToken);
        Assert.Null(Run(true, TimeSpan.FromMinutes(10)));
        Assert.False(Run(true, TimeSpan.Zero)?.IsPermanent);
        Assert.True(Run(false, TimeSpan.Zero)?.IsPermanent);
    }

    [Fact]
    public void A_segment_that_rotted_is_never_a_fault_of_the_snapshot()
    {
        using var backend = SmallStore.Create(1);
        using var store = ArtifactStore.Open(backend);
        var taken = SnapshotCodec.Load(backend, new SealLog(backend, SmallStore.Domain).Read()[^1].Snapshot);
        var real = GroupMerge.Rows(backend, taken.Groups[0]).ToList();

        // More rows than are read at once, all in one segment.
        List<SegmentEntry> rows = [.. real.Concat(Enumerable.Range(0, 100_000).Select(number => real[0] with { Key = Digest.Of(BitConverter.GetBytes(number)) })).OrderBy(row => row.Key)];
        var (name, summary) = (default(ObjectName), default(SegmentSummary));
        SegmentGroupWriter.Write(rows, 64 << 20, (written, bytes) =>
        {
            (name, summary) = (ObjectName.Segment(written.Name), written);
            backend.CreateSealed(name, bytes);
        });
        var snapshot = Sealed(backend, taken with { Groups = [taken.Groups[0] with { Segments = [summary!] }] });
        var whole = backend[name.Path];
        Assert.InRange(whole.Length, (4 << 20) + 1, 64 << 20);
        Assert.Null(Run());
        foreach (var key in new[] { rows[0].Key, rows[^1].Key, taken.Root, real[^1].Key })
        {
            byte[] rotten = [.. whole];
            var offset = rotten.AsSpan().IndexOf(key.Span);
            rotten[offset + 31] ^= 1;
            backend[name.Path] = rotten;
            Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(Run).Error.Code);
        }

        AslError? Run() => SnapshotCheck.Run(backend, store.Format, snapshot, (_, _) => true, TestContext.Current.CancellationToken);
    }

    /// <summary>The same snapshot, sealed by the journal of a run of its own.</summary>
    private static Snapshot Sealed(IBackend backend, Snapshot snapshot)
    {
        var draft = snapshot with { Run = "another", Journal = null };
        var record = new JournalWriter(draft.Run, "boot", new RunLog(backend, draft.Domain, draft.Run), TimeProvider.System).Append(
            new JournalEntry("sealing") { Fields = [new("digest", Digest.Of(SnapshotCodec.Encode(draft)))] });
        return draft with { Journal = (record.Sequence, record.Hash) };
    }
}
