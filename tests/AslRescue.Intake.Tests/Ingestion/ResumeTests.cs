using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class ResumeTests : IDisposable
{
    private static readonly StoreFormat Small = new() { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768) };
    private readonly ScratchFolder _scratch = new();

    public ResumeTests() => SampleTree.Make(_scratch["tree"], seed: 5, files: 60, bytesMax: 300_000);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_run_that_stops_after_any_object_it_creates_ends_as_the_uninterrupted_one()
    {
        using var whole = ArtifactStore.Create(_scratch["whole"], Small);
        var expected = Ingests.Names(Ingests.Run(whole, Ingests.Of(_scratch["tree"])));
        for (var count = 0; ; count++)
        {
            var folder = _scratch[$"store-{count}"];
            ArtifactStore.Create(folder, Small).Dispose();
            if (RunUntil(folder, count))
            {
                Assert.True(count > 15, $"only {count} objects were created");
                return;
            }

            Assert.Equal(expected, Finish(folder));
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_resumed_run_does_not_read_again_what_is_in_sealed_blocks()
    {
        var folder = _scratch["store"];
        ArtifactStore.Create(folder, Small).Dispose();
        Assert.False(RunUntil(folder, 10));
        using var store = ArtifactStore.Open(folder);
        using var run = IngestRun.Resume(store, "test", IngestRun.ListUnsealed(store, "test").Single(), TimeProvider.System);
        run.Ingest(CancellationToken.None);
        var counts = run.Seal(new Dictionary<string, byte[]>()).Snapshot.Counts;
        Assert.InRange(counts.ReadBytes, 1, counts.SourceBytes * 9 / 10);
    }

    [Fact]
    public void Two_processes_cannot_work_on_one_run()
    {
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        using var run = IngestRun.Begin(store, Ingests.Of(_scratch["tree"]), TimeProvider.System);
        var error = Assert.Throws<AslException>(() => IngestRun.Resume(store, "test", run.Name, TimeProvider.System)).Error;
        Assert.Equal(ErrorCode.RunBusy, error.Code);
    }

    [Fact]
    public void A_seal_in_a_runs_name_that_its_journal_knows_nothing_of_does_not_pass_for_its_own()
    {
        using var store = ArtifactStore.Create(_scratch["store"], Small);
        using var run = IngestRun.Begin(store, Ingests.Of(_scratch["tree"]), TimeProvider.System);
        var other = Ingests.Run(store, Ingests.Of(_scratch["tree"]));
        var file = SnapshotCodec.Encode(other.Snapshot with { Run = run.Name });
        store.Backend.CreateSealed(ObjectName.Snapshot(Digest.Of(file)), file);
        new SealLog(store.Backend, "test").Append(Digest.Of(file), run.Name, DateTimeOffset.UnixEpoch);
        Assert.Null(IngestRun.FindSealed(store, "test", run.Name));
        Assert.True(IngestRun.IsUnsealed(store, "test", run.Name));
        run.Ingest(CancellationToken.None);
        var own = run.Seal(new Dictionary<string, byte[]>());
        Assert.False(IngestRun.IsUnsealed(store, "test", run.Name));
        Assert.Equal(own.Name, IngestRun.FindSealed(store, "test", run.Name)?.Name);
        Assert.Equal(other.Name, IngestRun.FindSealed(store, "test", other.Seal.Run)?.Name);
    }

    [Fact]
    public void A_source_that_holds_the_store_is_refused()
    {
        using var store = ArtifactStore.Create(_scratch["tree/store"], Small);
        var error = Assert.Throws<AslException>(() => IngestRun.Begin(store, Ingests.Of(_scratch["tree"]), TimeProvider.System)).Error;
        Assert.Equal(ErrorCode.SourceRefused, error.Code);
    }

    /// <summary>True when the run was over before it had created that many objects.</summary>
    private bool RunUntil(string folder, int objects)
    {
        using var backend = new StoppingBackend(new DirectoryBackend(folder), objects);
        using var store = ArtifactStore.Open(backend);
        try
        {
            Ingests.Run(store, Ingests.Of(_scratch["tree"]));
            return true;
        }
        catch (StoppedException)
        {
            return false;
        }
    }

    private string[] Finish(string folder)
    {
        using var store = ArtifactStore.Open(folder);
        var unsealed = IngestRun.ListUnsealed(store, "test");
        if (unsealed.Count == 0)
        {
            // Stopped before the first record, or after the seal.
            var seals = store.Seals().ToList();
            return seals.Count == 0
                ? Ingests.Names(Ingests.Run(store, Ingests.Of(_scratch["tree"])))
                : Ingests.Names(new(seals[0].Seal.Snapshot, store.Find("latest").Snapshot, seals[0].Seal));
        }

        using var run = IngestRun.Resume(store, "test", unsealed.Single(), TimeProvider.System);
        if (!run.IsSealing)
        {
            run.Ingest(CancellationToken.None);
        }

        var names = Ingests.Names(run.Seal(new Dictionary<string, byte[]>()));
        Assert.Empty(new StoreVerifier(store, withData: true).Run(2, CancellationToken.None).Errors);
        return names;
    }

    private sealed class StoppedException : Exception;

    /// <summary>Lets a number of objects be created and then nothing more, as a process that was killed.</summary>
    private sealed class StoppingBackend(IBackend inner, int objects) : IBackend
    {
        private int _left = objects;

        public string Location => inner.Location;

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) =>
            Interlocked.Decrement(ref _left) >= 0 ? inner.TryCreate(name, content) : throw new StoppedException();

        public IStoredObject? Open(ObjectName name, bool pastCache = false) => inner.Open(name, pastCache);

        public IEnumerable<FolderItem> List(string folder) => inner.List(folder);

        public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

        public void Dispose() => inner.Dispose();
    }
}
