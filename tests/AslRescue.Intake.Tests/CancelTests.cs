using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

/// <summary>Cancelled after any write of the journal, in any kind of run: it is over, or was over before; nothing is half done.</summary>
public sealed class CancelTests
{
    private static readonly Peer Root = new(0, "tty1");

    [Theory]
    [InlineData("local")]
    [InlineData("remote")]
    [InlineData("operator")]
    [InlineData("retries")]
    [InlineData("exhausted")]
    [InlineData("no decision")]
    public async Task Cancelled_after_any_write_a_run_is_clearly_over_and_gives_everything_back(string kind)
    {
        var last = 0;
        await RunAsync(kind, (write, record) => last = record.Kind == RecordKinds.Stopped ? last : write);
        HashSet<string> cancelledIn = [];
        var tooLate = 0;
        for (var at = 1; at <= last; at++)
        {
            using var bench = Scenarios.New(kind);
            var (outcome, accepted) = await CancelAtAsync(bench, kind, at);
            Audit.Replay(bench.Records(), bench.Contract);
            Assert.Empty(bench.Attach.Imported);
            Assert.False(bench.Backend.IsOpen);
            Assert.Empty(new RunFolders(bench.Paths).Unfinished());
            if (accepted)
            {
                Assert.Equal((IntakeState.Halted, ExitCodes.Halted, ErrorCode.RunCancelled), (outcome.State, outcome.ExitCode, outcome.Error!.Code));
                Assert.Equal("cancelled", Audit.Triggers(bench.Records())[^1]);
                Assert.Empty(bench.Backend.Sealed);
                cancelledIn.Add(bench.Records().Last(record => record.Kind == "transition").Text("from")!);
            }
            else
            {
                // The last step was done when the request came: then all of it is there.
                Assert.Equal(IntakeState.Sealed, outcome.State);
                Assert.Single(bench.Backend.Sealed);
                tooLate++;
            }
        }

        Assert.InRange(tooLate, 0, 10);
        Assert.Superset(Scenarios.StatesOf(kind).ToHashSet(), cancelledIn);
        Assert.Equal(Scenarios.StatesOf(kind).Order(), cancelledIn.Order());
    }

    [Fact]
    public async Task What_comes_after_the_end_is_answered()
    {
        using var bench = new Bench();
        var commands = bench.WithCommands();
        var late = new OperatorCommand(OperatorVerb.Cancel, "", Root);
        bench.OnWritten = (_, record) => Send(record.Text("to") == "Sealed", commands, late);
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Equal("the run is over", (await late.Answer)!.Why);
    }

    private static async Task<(IntakeOutcome Outcome, bool Accepted)> CancelAtAsync(Bench bench, string kind, int at)
    {
        var commands = bench.WithCommands();
        Scenarios.Script(bench, kind, commands);
        var cancel = new OperatorCommand(OperatorVerb.Cancel, "", Root);
        bench.OnWritten = (write, _) => Send(write == at, commands, cancel);
        var outcome = await bench.RunAsync();
        return (outcome, await cancel.Answer is null);
    }

    private static void Send(bool isNow, Channel<OperatorCommand> commands, OperatorCommand command)
    {
        if (isNow)
        {
            Assert.True(commands.Writer.TryWrite(command));
        }
    }

    private static async Task RunAsync(string kind, Action<int, Shared.Journal.JournalRecord> onWritten)
    {
        using var bench = Scenarios.New(kind);
        Scenarios.Script(bench, kind, bench.WithCommands());
        bench.OnWritten = onWritten;
        bench.Change = parts => parts with { LeavesWhenAsked = kind == "no decision" };
        await bench.RunAsync();
    }
}
