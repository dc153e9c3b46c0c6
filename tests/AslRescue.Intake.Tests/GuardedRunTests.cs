using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Tests;

/// <summary>What the machine does with the guard's word.</summary>
public sealed class GuardedRunTests
{
    [Fact]
    public async Task A_state_folder_that_leads_elsewhere_stops_the_run_before_anything_is_written()
    {
        using var bench = new Bench();
        bench.Guard.RefusesWrites = new AslError(ErrorCode.WriteRefused, "no") { Fix = "x" };
        var error = (await Assert.ThrowsAsync<AslException>(bench.RunAsync)).Error;
        Assert.Equal(ErrorCode.WriteRefused, error.Code);
        Assert.False(Directory.Exists(bench.Paths.State));
        Assert.False(Directory.Exists(bench.Paths.Volatile));
    }

    [Fact]
    public async Task A_refused_source_halts_the_run_and_nothing_is_attached()
    {
        using var bench = new Bench();
        bench.Guard.RefusesSources = new AslError(ErrorCode.SourceRefused, "the source is refused") { Why = "/dev/sda → /mnt holds the store", Fix = "x" };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Halted, outcome.State);
        Assert.Contains("/dev/sda → /mnt holds the store", outcome.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("attach", bench.Attach.Calls);
        Assert.Equal(["decided", "approved-local", "gave-up"], Audit.Triggers(bench.Records()));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task A_source_in_use_is_tried_again_and_then_somebody_is_asked()
    {
        using var bench = new Bench();
        bench.Guard.RefusesSources = new AslError(ErrorCode.SourceInUse, "the source is refused") { Fix = "x", IsPermanent = false };
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.AwaitingApproval, outcome.State);
        Assert.Equal("exhausted", Audit.Triggers(bench.Records())[^1]);
        Assert.DoesNotContain("attach", bench.Attach.Calls);
    }

    [Fact]
    public async Task What_the_guard_saw_stands_in_the_journal()
    {
        using var bench = new Bench();
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        var lines = File.ReadAllText(Path.Combine(Directory.GetDirectories(bench.Paths.Runtime).Single(), "journal"), Encoding.UTF8);
        Assert.Contains("\"guard\"", lines, StringComparison.Ordinal);
        Assert.Contains("/dev/sda", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_outside_of_contract_and_approval_is_refused_journalled_and_fails_the_step()
    {
        using var bench = new Bench();
        var stray = Path.Combine(bench.Root, "stray");
        var bounds = Bounded(bench);
        bench.Backend = new FakeBackend { OnPiece = _ => Created(bounds, stray) ? Task.CompletedTask : throw new AslException(new AslError(ErrorCode.StoreIo, "cannot create an object") { Fix = "x" }) };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Halted, outcome.State);
        Assert.False(File.Exists(stray));
        var refused = Assert.Single(bench.Records(), record => record.Kind == RecordKinds.Refused);
        Assert.Equal("write", refused.Text("what"));
        Assert.Contains(stray, refused.Text("reason"), StringComparison.Ordinal);
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task The_backend_is_within_bounds_from_its_approval_until_it_is_given_back()
    {
        using var bench = new Bench();
        var bounds = Bounded(bench);
        List<bool> during = [];
        bench.Backend = new FakeBackend { OnPiece = _ => { during.Add(Created(bounds, Path.Combine(bench.Store, $"object-{during.Count}"))); return Task.CompletedTask; } };
        Assert.False(Created(bounds, Path.Combine(bench.Store, "before")));
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.All(during, Assert.True);
        Assert.NotEmpty(during);
        Assert.False(Created(bounds, Path.Combine(bench.Store, "after")));
    }

    private static BoundedCalls Bounded(Bench bench)
    {
        var bounds = new BoundedCalls(FileCalls.Kernel, new LivePaths());
        bounds.Allow(bench.Paths.State);
        bounds.Allow(bench.Paths.Volatile);
        bench.Change = parts => parts with { Files = bounds, Bounds = bounds };
        return bounds;
    }

    private static bool Created(BoundedCalls bounds, string path)
    {
        var file = bounds.Create(Encoding.UTF8.GetBytes(path), OpenFlags.WriteOnly, 0x180);
        if (file >= 0)
        {
            Posix.Own(file).Dispose();
        }

        return file >= 0;
    }
}
