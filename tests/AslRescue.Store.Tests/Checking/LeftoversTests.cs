using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Checking;

public sealed class LeftoversTests
{
    private const int Runs = 2;

    [Fact]
    public void A_store_whose_runs_are_all_sealed_has_no_leftovers()
    {
        using var backend = SmallStore.Create(Runs);

        Assert.Empty(Leftovers.Of(backend).Find());
    }

    [Fact]
    public void Wherever_a_run_is_stopped_all_that_it_left_is_explained_and_gc_check_agrees()
    {
        using var whole = SmallStore.Create(Runs);
        using var before = SmallStore.Create(Runs - 1);
        var written = 0;
        for (var stopAfter = 0; stopAfter < 40; stopAfter++)
        {
            using var backend = before.Copy();
            using var faulty = new StoppingBackend(backend, stopAfter);
            if (Stops(() => SmallStore.Run(faulty, Runs)))
            {
                CheckExplained(backend, before);
                written = stopAfter;
            }
        }

        Assert.True(written > 8, $"the run wrote only {written} objects before its seal");
        Assert.True(whole.Paths.Count > before.Paths.Count + written);
    }

    [Fact]
    public void What_can_be_read_of_an_unsealed_run_is_told()
    {
        using var backend = SmallStore.Create(Runs);
        backend.Remove(ObjectName.Seal(SmallStore.Domain, Runs).Path);

        var run = Assert.Single(Leftovers.Of(backend).Find(), leftover => leftover.Kind == LeftoverKind.Run).Run!;

        Assert.Equal((SmallStore.RunName(Runs), 4, 0, "sealing", true), (run.Run, run.Records, run.DamagedRecords, run.LastKind, run.IsSealing));
        Assert.Equal(["/source"], run.Sources);
    }

    [Fact]
    public void Nothing_is_called_an_orphan_for_sure_when_a_seal_cannot_be_read()
    {
        using var backend = SmallStore.Create(Runs);
        var seal = ObjectName.Seal(SmallStore.Domain, 1).Path;
        backend[seal] = [.. backend[seal], (byte)'x'];

        var leftovers = Leftovers.Of(backend);

        Assert.NotEmpty(leftovers.Errors);
        Assert.All(leftovers.Find().Where(leftover => leftover.Kind == LeftoverKind.Block), block => Assert.Contains("not for sure", block.Why, StringComparison.Ordinal));
    }

    [Fact]
    public void Files_signatures_and_objects_that_belong_to_nothing_are_told_from_each_other()
    {
        using var backend = SmallStore.Create(1);
        var name = new string('a', 64);
        backend[$"blocks/aa/{name}.0123-1.unsealed"] = [1, 2, 3];
        backend[$"signatures/{new string('b', 64)}/{name}"] = new byte[SnapshotSignature.Bytes];
        backend["notes.txt"] = [];
        backend[$"snapshots/{name}"] = [1];
        backend[ObjectName.RunObject(SmallStore.Domain, SmallStore.RunName(1), "draft-other").Path] = [1];

        Assert.Equal(
            [LeftoverKind.UnsealedFile, LeftoverKind.Snapshot, LeftoverKind.Signature, LeftoverKind.RunObject, LeftoverKind.Foreign],
            Leftovers.Of(backend).Find().Select(leftover => leftover.Kind));
    }

    private static void CheckExplained(MemoryBackend backend, MemoryBackend before)
    {
        var found = Leftovers.Of(backend).Find().ToList();
        var explained = found.Select(leftover => leftover.Path).ToHashSet();
        var journals = found.Where(leftover => leftover.Kind == LeftoverKind.Run).Select(leftover => leftover.Path + "/").ToList();
        Assert.All(backend.Paths.Except(before.Paths), path =>
            Assert.True(explained.Contains(path) || journals.Any(journal => path.StartsWith(journal, StringComparison.Ordinal)), $"nobody explains {path}"));

        var gc = GcCheck.Run(ArtifactStore.Open(backend));
        Assert.Equal(gc.UnreferencedBlocks.Select(item => item.Name), Names(LeftoverKind.Block));
        Assert.Equal(gc.UnreferencedSegments.Select(item => item.Name), Names(LeftoverKind.Segment));
        Assert.Equal(gc.UnsealedRuns, Names(LeftoverKind.Run));

        IEnumerable<string> Names(LeftoverKind kind) => found.Where(leftover => leftover.Kind == kind).Select(leftover => leftover.Path[(leftover.Path.LastIndexOf('/') + 1)..]);
    }

    private static bool Stops(Action run)
    {
        try
        {
            run();
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (AggregateException)
        {
            return true;
        }
    }

    /// <summary>Whoever writes through it is gone after some objects.</summary>
    private sealed class StoppingBackend(MemoryBackend inner, int objects) : IBackend
    {
        private int _created;

        public string Location => inner.Location;

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) =>
            name != ObjectName.Format && Interlocked.Increment(ref _created) > objects ? throw new OperationCanceledException() : inner.TryCreate(name, content);

        public IStoredObject? Open(ObjectName name, bool pastCache = false) => inner.Open(name, pastCache);

        public IEnumerable<FolderItem> List(string folder) => inner.List(folder);

        public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

        public void Dispose()
        {
        }
    }
}
