using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Store.Faults;
using AslRescue.Store.Format;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>
/// Every single call by which an ingest, a resumed ingest and a seal write into the store fails once in each way. What is left must be
/// whole, the run must go on to the same end, and a power cut after that must take nothing away.
/// </summary>
public sealed class FaultLoopTests : IDisposable
{
    private static readonly StoreFormat Small = new() { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768) };

    // Dead when the first block is sealed; and when the record that a seal begins is the last thing written.
    private const int KillInIngest = 30;
    private const int KillBeforeEnd = 16;
    private readonly string _folder = Scratch.NewFolder("asl-faults-");
    private readonly string[] _expected;
    private readonly int _calls;

    public FaultLoopTests()
    {
        SampleTree.Make(In("before"), seed: 3, files: 3, bytesMax: 40_000);
        SampleTree.Make(In("tree"), seed: 5, files: 9, bytesMax: 400_000);
        using (var store = ArtifactStore.Create(In("base"), Small))
        {
            Ingests.Run(store, Ingests.Of(In("before")));
        }

        using var fresh = NewDisk();
        _expected = Finish(fresh);
        _calls = fresh.Files.Calls;
    }

    public enum Part
    {
        Ingest,
        Resume,
        Seal,
    }

    public static TheoryData<Part, DiskFault> All =>
        [.. from part in Enum.GetValues<Part>() from fault in Enum.GetValues<DiskFault>() select (part, fault)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(All))]
    public void Whichever_call_fails_the_store_stays_whole_and_the_run_ends_as_undisturbed(Part part, DiskFault fault)
    {
        var points = 0;
        while (FailAt(part, fault, points + 1))
        {
            points++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{part}, {fault}: {points} crash points");

        // docs/architecture.md has these numbers.
        Assert.InRange(points, part switch { Part.Ingest => 87, Part.Resume => 71, _ => 25 }, 200);
    }

    /// <summary>False when that part was over before the call.</summary>
    private bool FailAt(Part part, DiskFault fault, int call)
    {
        using var disk = NewDisk();
        if (part != Part.Ingest)
        {
            disk.Files.Arm(DiskFault.Kill, part == Part.Resume ? KillInIngest : _calls - KillBeforeEnd);
            Work(disk);
        }

        disk.Files.Arm(fault, call);
        Work(disk, mustSeal: part == Part.Seal);
        if (!disk.Files.HasFailed)
        {
            return false;
        }

        if (fault is DiskFault.PowerCut or DiskFault.PowerCutTorn)
        {
            disk.Files.CutPower(fault == DiskFault.PowerCutTorn);
        }

        disk.Files.Arm(fault, 0);
        CheckWhole(disk);
        Assert.Equal(_expected, Finish(disk));
        disk.Files.CutPower();
        CheckWhole(disk);
        using var store = disk.Open();
        Assert.Equal(2, store.Seals().Count());
        return true;
    }

    /// <summary>Begins or resumes, ingests and seals, as far as it gets.</summary>
    private void Work(Disk disk, bool mustSeal = false)
    {
        try
        {
            Finish(disk, mustSeal);
        }
        catch (AslException failure)
        {
            Assert.Equal((ErrorCode.StoreIo, false), (failure.Error.Code, failure.Error.IsPermanent));
        }
    }

    private string[] Finish(Disk disk, bool mustSeal = false)
    {
        using var store = disk.Open();
        if (store.Seals().Skip(1).SingleOrDefault() is { Seal: { } seal })
        {
            return Ingests.Names(IngestRun.FindSealed(store, "test", seal.Run)!);
        }

        using var run = OpenRun(store);
        Assert.True(run.IsSealing || !mustSeal);
        if (!run.IsSealing)
        {
            run.Ingest(CancellationToken.None);
        }

        return Ingests.Names(run.Seal(new Dictionary<string, byte[]>()));
    }

    private IngestRun OpenRun(ArtifactStore store) => IngestRun.ListUnsealed(store, "test") is [var run]
        ? IngestRun.Resume(store, "test", run, TimeProvider.System)
        : IngestRun.Begin(store, Ingests.Of(In("tree")), TimeProvider.System);

    /// <summary>Every name holds a whole object, and every seal a whole snapshot.</summary>
    private static void CheckWhole(Disk disk)
    {
        using var store = disk.Open();
        Assert.Empty(new StoreVerifier(store, withData: true).Run(1, CancellationToken.None).Errors);
        Assert.InRange(store.Seals().Count(), 1, 2);
    }

    private Disk NewDisk() => new(In("base"), In("disk"));

    private string In(string name) => Path.Combine(_folder, name);

    /// <summary>A store with one sealed snapshot, on a disk that can fail.</summary>
    private sealed class Disk : IDisposable
    {
        private readonly string _store;
        private readonly string _folder;

        internal Disk(string from, string folder)
        {
            (_folder, _store) = (folder, Path.Combine(folder, "store"));
            Directory.CreateDirectory(Path.Combine(folder, "spare"));
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(_store, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            Files = new(Path.Combine(folder, "spare"));
        }

        internal CrashingFileSystem Files { get; }

        public void Dispose()
        {
            Files.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        internal ArtifactStore Open() => ArtifactStore.Open(new DirectoryBackend(_store, Files));
    }
}
