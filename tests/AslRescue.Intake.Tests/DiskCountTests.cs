using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Tests;

/// <summary>The write counters of disks in a run's journal and snapshot, and what a counter that moved does to its end.</summary>
public sealed class DiskCountTests
{
    private static readonly DiskCount Source = new("sda", "8:0", 100) { Appearance = 3, Serial = "A1", Sources = ["/mnt/crashed"], IsQuiet = true };
    private static readonly DiskCount Bystander = new("sdb", "8:16", 50) { Appearance = 4 };

    [Fact]
    public async Task Disks_are_counted_when_a_run_begins_before_it_reads_and_before_it_seals()
    {
        using var bench = new Bench();
        bench.Guard.Disks = () => [Source, Bystander];
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);

        Assert.Equal([DiskMoments.Begun, DiskMoments.Reading, DiskMoments.Sealing], Documents(bench).Select(document => document.When));
        Assert.All(Documents(bench), document => Assert.Equal(("boot-1", 2), (document.Boot, document.Disks.Count)));
        var kinds = bench.Records().Select(record => record.Text("name") == EvidenceNames.Disks ? "disks" : record.Kind).ToList();
        Assert.True(kinds.IndexOf("disks") < kinds.IndexOf(RecordKinds.Transition));
        Assert.True(kinds.LastIndexOf("disks") > kinds.LastIndexOf("checkpoint"));
        Assert.True(kinds.LastIndexOf("disks") < kinds.IndexOf("sealing"));

        // They are evidence as any other, so the snapshot has them too.
        Assert.Equal(3, bench.Backend.Evidence.Count(item => item.Name.StartsWith("disks-", StringComparison.Ordinal)));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task A_machine_that_shows_no_disks_leaves_no_counters()
    {
        using var bench = new Bench();
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Empty(Documents(bench));
    }

    [Fact]
    public async Task A_run_that_is_stopped_and_goes_on_in_the_same_boot_keeps_its_first_counters()
    {
        using var bench = new Bench();
        bench.Guard.Disks = () => [Source];
        await StopAtFirstPieceAsync(bench);
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Equal([DiskMoments.Begun, DiskMoments.Reading, DiskMoments.Stopped, DiskMoments.Sealing], Documents(bench).Select(document => document.When));
    }

    [Theory]
    [InlineData(true, false)] // a counter of another boot says nothing of this one
    [InlineData(false, true)] // a disk that was plugged in anew counts from where it began
    public async Task In_another_boot_and_for_another_disk_counting_begins_anew(bool isRebooted, bool isPluggedIn)
    {
        using var bench = new Bench();
        bench.Guard.Disks = () => [Source];
        await StopAtFirstPieceAsync(bench);
        if (isRebooted)
        {
            bench.Boot = "boot-2";
            bench.Decisions = new FakeDecisions(bench.Boot);
        }

        bench.Guard.Disks = () => [Source with { Appearance = isPluggedIn ? 9 : Source.Appearance }];
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Equal(
            [DiskMoments.Begun, DiskMoments.Reading, DiskMoments.Stopped, DiskMoments.Begun, DiskMoments.Reading, DiskMoments.Sealing], Documents(bench).Select(document => document.When));
    }

    [Theory]
    [InlineData(100, 50, true, ExitCodes.Done)]
    [InlineData(108, 50, true, ExitCodes.SourceWritten)]
    [InlineData(108, 50, false, ExitCodes.Done)] // something on it may be written to, so it is only recorded
    [InlineData(100, 58, true, ExitCodes.Done)] // nobody reads the bystander
    public async Task A_tree_whose_disk_was_written_to_seals_flagged_where_nobody_should_have_written(long source, long bystander, bool isQuiet, int exit)
    {
        using var bench = new Bench();
        var tree = Directory.CreateDirectory(Path.Combine(bench.Root, "crashed")).FullName;
        await File.WriteAllTextAsync(Path.Combine(tree, "letter"), "dear all", TestContext.Current.CancellationToken);
        bench.Settings = bench.Settings with { Sources = [new IntakeSource(tree, true)] };
        using var ingest = new StoreIngest(new IngestOptions { Sources = [], Domain = "test", Program = "test" }, TimeProvider.System);
        bench.Change = parts => parts with { Ingest = ingest, Seal = ingest };
        var counted = 0;
        var before = Source with { Sources = [tree], IsQuiet = isQuiet };
        bench.Guard.Disks = () => ++counted < 3 ? [before, Bystander] : [before with { Written = source }, Bystander with { Written = bystander }];

        var outcome = await bench.RunAsync();

        Assert.Equal((IntakeState.Sealed, exit), (outcome.State, outcome.ExitCode));
        Assert.Equal(exit == ExitCodes.SourceWritten, outcome.Snapshot!.WasWritten);
        using var store = ArtifactStore.Open(bench.Store);
        var snapshot = SnapshotCodec.Load(store.Backend, Assert.Single(store.Seals()).Seal.Snapshot);
        Assert.Equal(exit == ExitCodes.SourceWritten, SnapshotDisks.WasWritten(snapshot));
        var writes = SnapshotDisks.Writes(snapshot);
        Assert.Equal([source - 100, bystander - 50], writes.OrderBy(write => write.Before.Name, StringComparer.Ordinal).Select(write => write.Sectors));
        Assert.Equal(exit == ExitCodes.SourceWritten ? ["sda"] : [], SnapshotDisks.Below(snapshot.Sources[0], writes).Select(write => write.Before.Name));
    }

    private static async Task StopAtFirstPieceAsync(Bench bench)
    {
        using var stop = new CancellationTokenSource();
        bench.Backend.OnPiece = _ => stop.CancelAsync();
        Assert.Equal(IntakeState.Ingesting, (await bench.RunUntilAsync(stop.Token)).State);
        bench.Backend.OnPiece = null;
    }

    private static List<DiskCounts> Documents(Bench bench) =>
    [
        .. bench.Records().Where(record => record.Kind == RecordKinds.Evidence && record.Text("name") == EvidenceNames.Disks)
            .Select(record => DiskCounts.TryParse(System.Text.Encoding.UTF8.GetBytes(record.Text("text")!))!),
    ];
}
