using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Store.Faults;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>Which part of a run meets the fault.</summary>
public enum FaultedPart
{
    Ingest,
    Resume,
    Seal,
}

/// <summary>What a <see cref="FaultLoop"/> takes in.</summary>
internal sealed record FaultedSource
{
    /// <summary>Sealed in the store before, undisturbed.</summary>
    internal required IngestOptions Before { get; init; }

    /// <summary>Ingested while calls fail.</summary>
    internal required IngestOptions Options { get; init; }

    /// <summary>The call of an undisturbed run with which it is killed when it is to be resumed.</summary>
    internal required int KillInIngest { get; init; }

    /// <summary>What must be as it is after an undisturbed run.</summary>
    internal required Func<SealedSnapshot, string[]> Outcome { get; init; }

    /// <summary>How its images are read.</summary>
    internal Func<ImageDevice, DamagedReader.ReadAt> Reading { get; init; } = device => device.Read;
}

/// <summary>
/// Every single call by which an ingest, a resumed ingest and a seal write into the store fails once in each way. What is left must be
/// whole and have all that was acknowledged, the run must go on to the same end, and a power cut after that must take nothing away.
/// </summary>
internal sealed class FaultLoop
{
    internal static readonly StoreFormat Small = new() { BlockBytes = 1 << 20, FrameBytes = 1 << 17, Chunks = new(1024, 4096, 32768) };

    // The record that a seal begins is the last thing written.
    private const int KillBeforeEnd = 16;
    private readonly string _folder;
    private readonly FaultedSource _source;
    private readonly ManualTime _time = new(); // A failing image has a checkpoint every ten seconds: calls would depend on the machine.
    private readonly string[] _expected;
    private readonly int _calls;

    /// <param name="folder">Where stores may lie; the caller deletes it.</param>
    /// <param name="source">What is taken in.</param>
    internal FaultLoop(string folder, FaultedSource source)
    {
        (_folder, _source) = (folder, source);
        using (var store = ArtifactStore.Create(In("base"), Small))
        {
            Ingests.Run(store, source.Before, _time);
        }

        using var fresh = NewDisk();
        _expected = Finish(fresh);
        _calls = fresh.Files.Calls;
    }

    public static TheoryData<FaultedPart, DiskFault> All =>
        [.. from part in Enum.GetValues<FaultedPart>() from fault in Enum.GetValues<DiskFault>() select (part, fault)];

    /// <summary>Goes through the calls of a part of the run.</summary>
    /// <param name="part">Which.</param>
    /// <param name="fault">How each of them fails.</param>
    /// <param name="calls">How many there are; docs/architecture.md has these numbers.</param>
    /// <param name="step">1: all of them; more: each so-manieth, from another one on for each way.</param>
    internal void Run(FaultedPart part, DiskFault fault, int calls, int step = 1)
    {
        var first = 1 + ((int)fault % step);
        var next = first;
        while (FailAt(part, fault, next))
        {
            next += step;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{part}, {fault}: {(next - first) / step} crash points");

        // The name of a block with a side table depends on inode numbers. Where it shares its folder with another one, that is made and flushed once only.
        Assert.InRange(next - 1, calls - 2, 200 + step);
    }

    /// <summary>False when that part was over before the call.</summary>
    private bool FailAt(FaultedPart part, DiskFault fault, int call)
    {
        using var disk = NewDisk();
        if (part != FaultedPart.Ingest)
        {
            disk.Files.Arm(DiskFault.Kill, part == FaultedPart.Resume ? _source.KillInIngest : _calls - KillBeforeEnd);
            Work(disk);
        }

        disk.Files.Arm(fault, call);
        Work(disk, mustSeal: part == FaultedPart.Seal);
        if (!disk.Files.HasFailed)
        {
            return false;
        }

        if (fault is DiskFault.PowerCut or DiskFault.PowerCutTorn || disk.IsSealed)
        {
            disk.Files.CutPower(fault == DiskFault.PowerCutTorn);
        }

        disk.Files.Arm(fault, 0);
        CheckWhole(disk);
        Assert.Equal(_expected, Finish(disk));
        disk.Files.CutPower();
        CheckWhole(disk);
        Assert.True(disk.IsSealed);
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
        var done = store.Seals().Skip(1).SingleOrDefault() is { Seal: { } seal } ? IngestRun.FindSealed(store, "test", seal.Run)! : Go(disk, store, mustSeal);
        disk.IsSealed = true;
        return _source.Outcome(done);
    }

    private SealedSnapshot Go(Disk disk, ArtifactStore store, bool mustSeal)
    {
        var run = OpenRun(store);
        try
        {
            Assert.True(run.IsSealing || !mustSeal);
            if (!run.IsSealing)
            {
                run.Ingest(CancellationToken.None);
            }

            return run.Seal(new Dictionary<string, byte[]>());
        }
        finally
        {
            run.Dispose();
            disk.AcknowledgedBytes += run.Progress.SealedBytes;
        }
    }

    private IngestRun OpenRun(ArtifactStore store)
    {
        var run = IngestRun.ListUnsealed(store, "test") is [var name]
            ? IngestRun.Resume(store, "test", name, _time)
            : IngestRun.Begin(store, _source.Options, _time);
        run.Reading = _source.Reading;
        return run;
    }

    /// <summary>Every name holds a whole object, every seal a whole snapshot, and what was acknowledged is there.</summary>
    private static void CheckWhole(Disk disk)
    {
        using var store = disk.Open();
        Assert.Empty(new StoreVerifier(store, withData: true).Run(1, CancellationToken.None).Errors);
        Assert.InRange(store.Seals().Count(), disk.IsSealed ? 2 : 1, 2);
        Assert.InRange(BytesOfBlocks(store), disk.AcknowledgedBytes, long.MaxValue);
    }

    /// <summary>Bytes of blocks that the run can rely on.</summary>
    private static long BytesOfBlocks(ArtifactStore store)
    {
        var run = store.Seals().Skip(1).SingleOrDefault().Seal?.Run ?? IngestRun.ListUnsealed(store, "test").SingleOrDefault();
        return run is null ? 0 : RunJournal.Peek(new RunLog(store.Backend, "test", run))!.Blocks.Sum(name =>
        {
            using var block = store.Backend.Open(ObjectName.Block(name));
            return block!.Length;
        });
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

        /// <summary>Bytes of blocks that runs on it called safe.</summary>
        internal long AcknowledgedBytes { get; set; }

        /// <summary>Whether a run on it called its seal safe.</summary>
        internal bool IsSealed { get; set; }

        public void Dispose()
        {
            Files.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        internal ArtifactStore Open() => ArtifactStore.Open(new DirectoryBackend(_store, Files));
    }
}
