using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

/// <summary>/var/lib/asl is full: nothing can be journalled, so nothing is done, and somebody is told.</summary>
public sealed class RoomTests
{
    [Fact]
    public async Task The_service_waits_for_room_with_the_reason_on_its_screen_and_then_begins()
    {
        using var bench = new Bench();
        var refused = 0;
        var disk = new FullDisk { IsFull = true };
        disk.OnRefused = () => disk.IsFull = ++refused < 5;
        bench.Change = parts => parts with { Files = disk };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, 5), (outcome.State, refused));
        var waiting = bench.Statuses.First(status => status.Error is not null);
        Assert.Contains("waiting for room", waiting.Detail, StringComparison.Ordinal);
        Assert.Contains("No space left on device", waiting.Detail, StringComparison.Ordinal);
        Assert.Equal(("Detecting", "ASL7020"), (waiting.State, waiting.Error!.Code));
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    [Fact]
    public async Task Whoever_asks_for_something_meanwhile_is_told_why_it_cannot_be()
    {
        using var bench = new Bench();
        var disk = new FullDisk { IsFull = true };
        bench.Change = parts => parts with { Files = disk };
        var commands = bench.WithCommands();
        var cancel = new OperatorCommand(OperatorVerb.Cancel, "", new(0, "tty1"));
        commands.Writer.TryWrite(cancel);
        disk.OnRefused = () => disk.IsFull = !cancel.Answer.IsCompleted;
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Contains("No space left on device", (await cancel.Answer)!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_leaves_the_run_to_the_operator_and_can_be_typed_again()
    {
        using var bench = new Bench();
        var disk = new FullDisk { IsFull = true };
        bench.Change = parts => parts with { Files = disk, LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal((13, ErrorCode.ApprovalAwaited), (outcome.ExitCode, outcome.Error!.Code));
        Assert.Contains("No space left on device", outcome.Error.Why, StringComparison.Ordinal);
        Assert.Contains("type the command again", outcome.Error.Fix, StringComparison.Ordinal);
        disk.IsFull = false;
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
    }

    [Fact]
    public async Task Full_here_and_at_the_backend_in_the_middle_the_run_waits_and_goes_on_where_it_was()
    {
        using var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        var disk = new FullDisk { Reserves = false };
        var refused = 0;
        disk.OnRefused = () => disk.IsFull = ++refused < 5;
        bench.Change = parts => parts with { Files = disk };
        var pieces = 0;
        bench.Backend.OnPiece = _ =>
        {
            if (++pieces == 2)
            {
                disk.IsFull = true;
                bench.Backend.Faults.Enqueue(("append", Failures.Full()));
                bench.Backend.Faults.Enqueue(("append", Failures.Full()));
            }

            return Task.CompletedTask;
        };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Assert.True(refused >= 5);
        Assert.Contains(bench.Statuses, status => status.State == "Ingesting" && status.Detail?.StartsWith("waiting for room", StringComparison.Ordinal) == true);
        Assert.Empty(bench.Attach.Imported);
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    [Fact]
    public async Task Sealed_is_sealed_also_when_that_cannot_be_noted_here()
    {
        using var bench = new Bench();
        var disk = new FullDisk();
        bench.Change = parts => parts with
        {
            Files = disk,
            OnStatus = status => disk.IsFull = status.State == "Sealed",
        };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, ErrorCode.RuntimeUnwritable, 3), (outcome.State, outcome.Leftover!.Code, outcome.ExitCode));
        disk.IsFull = false;
        bench.Change = parts => parts with { Files = disk };
        Assert.Equal(outcome.Run, (await bench.RunAsync()).Run);
        Assert.Empty(new RunFolders(bench.Paths).Unfinished());
        Assert.Single(bench.Backend.Sealed);
    }
}
