using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Machine;

/// <summary>
/// Every single call by which a run writes into /var/lib/asl fails once in each way: while it ingests, after a kill, while it seals, and
/// when its journal is made shorter. It must end sealed, once, with a journal that replays, and a power cut after that must take nothing away.
/// </summary>
public sealed class LocalJournalFaultTests : IDisposable
{
    private readonly string _root = Scratch.NewFolder("asl-journal-faults-");
    private readonly ManualTime _time = new();

    public enum Part
    {
        Ingest,
        Resume,
        Seal,
    }

    public static TheoryData<Part, DiskFault> All =>
        [.. from part in Enum.GetValues<Part>() from fault in Enum.GetValues<DiskFault>() select (part, fault)];

    public static TheoryData<DiskFault> Faults => [.. Enum.GetValues<DiskFault>()];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(All))]
    public async Task Whichever_call_fails_the_run_is_sealed_once_and_its_journal_replays(Part part, DiskFault fault)
    {
        var points = 0;
        while (await FailAtAsync(part, fault, points + 1))
        {
            points++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{part}, {fault}: {points} crash points");

        Assert.InRange(points, 15, 200);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Whichever_call_fails_a_journal_that_is_made_shorter_keeps_what_the_machine_wrote(DiskFault fault)
    {
        var points = 0;
        while (ShortenAt(fault, points + 1))
        {
            points++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"shorter, {fault}: {points} crash points");
        Assert.InRange(points, 40, 200);
    }

    /// <summary>False when that part was over before the call.</summary>
    private async Task<bool> FailAtAsync(Part part, DiskFault fault, int call)
    {
        using var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        Directory.CreateDirectory(Path.Combine(bench.Root, "spare"));
        using var disk = new CrashingFileSystem(Path.Combine(bench.Root, "spare"));
        var isDeath = fault >= DiskFault.Kill;
        bench.Change = parts => parts with { Files = disk, LeavesWhenAsked = isDeath };
        bench.Backend.IsDead = () => isDeath && disk.HasFailed;
        if (part != Part.Ingest)
        {
            bench.Backend.Faults.Enqueue((part == Part.Resume ? "piece" : "seal", new KilledException()));
            await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
            bench.Backend.Die();
        }

        disk.Arm(fault, call);
        var outcome = await LiveAsync(bench);
        if (!disk.HasFailed)
        {
            return false;
        }

        disk.Arm(fault, 0);
        if (fault is DiskFault.PowerCut or DiskFault.PowerCutTorn)
        {
            disk.CutPower(fault == DiskFault.PowerCutTorn);
            Reboot(bench);
        }

        Assert.True(isDeath || outcome?.State == IntakeState.Sealed, $"call {call}: {outcome}");
        if (bench.Backend.Sealed.Count == 0 || new RunFolders(bench.Paths).Unfinished().Count > 0)
        {
            bench.Backend.Die();
            outcome = await bench.RunAsync();
            Assert.True(outcome.State == IntakeState.Sealed, $"call {call}: {outcome}");
        }

        CheckSealed(bench, call);
        disk.CutPower();
        if (new RunFolders(bench.Paths).Unfinished() is [var unmarked])
        {
            // The mark lost its name, of which somebody was told who was not killed. Sealed it is all the same, and marked now.
            Assert.True(outcome is null or { Leftover: not null }, $"call {call}: {outcome}");
            bench.Backend.Die();
            outcome = await bench.RunAsync();
            Assert.Equal((IntakeState.Sealed, unmarked, null), (outcome.State, outcome.Run, outcome.Leftover));
            disk.CutPower();
        }

        CheckSealed(bench, call);
        return true;
    }

    private static async Task<IntakeOutcome?> LiveAsync(Bench bench)
    {
        try
        {
            return await bench.RunAsync();
        }
        catch (KilledException)
        {
            return null;
        }
    }

    private static void Reboot(Bench bench)
    {
        bench.Boot = "boot-2";
        bench.Decisions = new FakeDecisions(bench.Boot);
        bench.Attach.Imported.Clear();
    }

    private static void CheckSealed(Bench bench, int call)
    {
        Assert.True(bench.Backend.Sealed.Count == 1, $"call {call}: {bench.Backend.Sealed.Count} snapshots");
        Assert.Empty(bench.Attach.Imported);
        Assert.Empty(new RunFolders(bench.Paths).Unfinished());
        Audit.Replay(bench.Backend.Records(bench.Backend.Sealed.Keys.Single()), bench.Contract);
    }

    /// <summary>A journal of a hundred kilobytes a record, so that it is made shorter on the way. False when it was over before the call.</summary>
    private bool ShortenAt(DiskFault fault, int call)
    {
        var folder = Path.Combine(_root, $"{fault}-{call}");
        Directory.CreateDirectory(Path.Combine(folder, "spare"));
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        using var disk = new CrashingFileSystem(Path.Combine(folder, "spare"));
        var backend = new DyingSink(() => fault >= DiskFault.Kill && disk.HasFailed);
        var run = Path.Combine(folder, "state/runtime/run");
        disk.Arm(fault, call);
        Write(disk, run, backend);
        if (!disk.HasFailed)
        {
            return false;
        }

        disk.Arm(fault, 0);
        if (fault is DiskFault.PowerCut or DiskFault.PowerCutTorn)
        {
            disk.CutPower(fault == DiskFault.PowerCutTorn);
        }

        Write(disk, run, backend);
        disk.CutPower();
        var theirs = new JournalReader("run").Read("backend", backend.Bytes);
        using var again = MachineJournal.Open(run, "run", "boot", _time, calls: disk);
        Assert.Equal(theirs[^1].Sequence, again.Writer.Head.Sequence);
        var own = LocalJournal.Read(run, "run").Select(record => record.Sequence).ToHashSet();
        Assert.All(theirs.Where(record => RecordKinds.IsMachines(record.Kind)), record => Assert.Contains(record.Sequence, own));
        Directory.Delete(folder, recursive: true);
        return true;
    }

    private void Write(CrashingFileSystem disk, string folder, DyingSink backend)
    {
        try
        {
            using var journal = LocalJournal.Exists(folder)
                ? MachineJournal.Open(folder, "run", "boot", _time, calls: disk)
                : MachineJournal.Begin(folder, "run", "boot", _time, calls: disk);
            journal.AttachTo(backend, backend.Bytes);
            for (var record = 0; record < 12; record++)
            {
                journal.Writer.Append(new JournalEntry("checkpoint") { Fields = [new("blocks", new string('b', 100_000))] });
                journal.Append(new JournalEntry(RecordKinds.Waiting) { Fields = [new("reason", "why not")] });
            }
        }
        catch (Exception failure) when (failure is KilledException or AslException { Error: { Code: ErrorCode.RuntimeUnwritable, IsPermanent: false } })
        {
        }
    }

    private sealed class DyingSink(Func<bool> isDead) : IJournalSink
    {
        private readonly SortedDictionary<long, byte[]> _lines = [];

        public byte[] Bytes => [.. _lines.Values.SelectMany(line => line)];

        public void Append(long firstSequence, ReadOnlySpan<byte> lines)
        {
            if (isDead())
            {
                throw new KilledException();
            }

            var rest = lines;
            for (var sequence = firstSequence; !rest.IsEmpty; sequence++)
            {
                var end = rest.IndexOf((byte)'\n') + 1;
                _lines[sequence] = rest[..end].ToArray();
                rest = rest[end..];
            }
        }
    }
}
