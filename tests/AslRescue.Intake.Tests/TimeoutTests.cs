using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

/// <summary>Every wait has an end that is configured, is journalled under a clause, and leads to no backend.</summary>
public sealed class TimeoutTests
{
    [Fact]
    public async Task A_decision_that_does_not_come_in_time_halts_the_run_with_the_reason()
    {
        using var bench = new Bench { Decisions = new FakeDecisions("boot-1") { Reading = DecisionReading.Waiting("no disk was found") } };
        bench.Settings = bench.Settings with { DecisionTimeout = TimeSpan.FromMinutes(5) };
        var outcome = await bench.RunAsync();
        AssertEnded(bench, outcome, "IN-03", "no decision came within 00:05:00 (intake.decision-timeout): no disk was found");
        Assert.InRange(bench.Time.Now - TimeSpan.FromHours(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6));
    }

    [Fact]
    public async Task A_request_that_nobody_answers_in_time_halts_the_run_with_the_reason()
    {
        using var bench = new Bench(approve: "nobody");
        bench.Settings = bench.Settings with { ApprovalTimeout = TimeSpan.FromMinutes(90) };
        var outcome = await bench.RunAsync();
        AssertEnded(bench, outcome, "IN-10", "nobody approved within 01:30:00 (intake.approval-timeout)");
        Assert.InRange(bench.Time.Now - TimeSpan.FromHours(1), TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(91));
    }

    [Fact]
    public async Task The_time_for_an_approval_goes_on_when_the_process_is_killed_meanwhile()
    {
        using var bench = new Bench(approve: "nobody");
        bench.Settings = bench.Settings with { ApprovalTimeout = TimeSpan.FromMinutes(90) };
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        await bench.RunAsync();
        bench.Time.Advance(TimeSpan.FromMinutes(89));
        bench.Change = parts => parts;
        AssertEnded(bench, await bench.RunAsync(), "IN-10", "nobody approved within 01:30:00 (intake.approval-timeout)");
        Assert.InRange(bench.Time.Now - TimeSpan.FromHours(1), TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(91));
    }

    [Theory]
    [InlineData("decision")]
    [InlineData("approval")]
    public async Task With_never_it_is_waited_for_as_long_as_it_takes(string what)
    {
        using var bench = new Bench(approve: "nobody");
        bench.Decisions = what == "decision" ? new FakeDecisions("boot-1") { Reading = DecisionReading.Waiting("nothing yet") } : bench.Decisions;
        Assert.Null(bench.Settings.DecisionTimeout);
        Assert.Null(bench.Settings.ApprovalTimeout);
        using var stop = new CancellationTokenSource();
        using var watch = new Timer(_ => StopAfter(TimeSpan.FromDays(3), bench, stop), null, 0, 5);
        var outcome = await bench.RunUntilAsync(stop.Token);
        Assert.Equal((what == "decision" ? IntakeState.Detecting : IntakeState.AwaitingApproval, ExitCodes.Interrupted), (outcome.State, outcome.ExitCode));
        Assert.All(bench.Statuses, status => Assert.Null(status.Request?.SecondsLeft));
    }

    [Theory]
    [InlineData("local")]
    [InlineData("remote")]
    public async Task An_attach_that_hangs_is_given_up_in_time_tried_again_and_then_given_to_the_operator(string mode)
    {
        using var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        bench.Decisions.Reading = new DecisionReading(mode == "local" ? FakeDecisions.Local("boot-1") : FakeDecisions.Remote("boot-1"), "");
        var timeout = AslRescue.Testing.ManualTime.PauseMax / 2;
        bench.Settings = bench.Settings with { AttachTimeout = timeout, Retry = new RetrySettings { AttemptsMax = 3, Budget = TimeSpan.FromHours(2) } };
        bench.Attach.OnAttach = stop => Task.Delay(Timeout.InfiniteTimeSpan, stop);
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();

        Assert.Equal((IntakeState.AwaitingApproval, ExitCodes.Waiting), (outcome.State, outcome.ExitCode));
        Assert.Contains("it took longer than intake.attach-timeout, 300 s", outcome.Reason, StringComparison.Ordinal);
        string retry = "retry-" + mode;
        Assert.Equal(["decided", "approved-" + mode, "failed", retry, "failed", retry, "failed", "exhausted"], Audit.Triggers(bench.Records()));
        Audit.Replay(bench.Records(), bench.Contract);
        Assert.True(bench.Time.Now - TimeSpan.FromHours(1) >= 3 * timeout);
    }

    [Fact]
    public async Task Attaching_again_after_a_restart_is_limited_too()
    {
        using var bench = new Bench();
        bench.Backend.Faults.Enqueue(("piece", new KilledException()));
        await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
        bench.Backend.Die();
        bench.Settings = bench.Settings with { AttachTimeout = TimeSpan.FromMinutes(2), Retry = new RetrySettings { AttemptsMax = 1 } };
        bench.Attach.OnAttach = stop => Task.Delay(Timeout.InfiniteTimeSpan, stop);
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.AwaitingApproval, outcome.State);
        Assert.Equal("IN-23", bench.Records().Last(record => record.Text("trigger") == "failed").Text("clause"));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task The_time_for_retries_ends_with_the_operator()
    {
        using var bench = new Bench();
        bench.Settings = bench.Settings with { Retry = new RetrySettings { AttemptsMax = 1000, Budget = TimeSpan.FromMinutes(10) } };
        Enumerable.Range(0, 1000).ToList().ForEach(_ => bench.Attach.Faults.Enqueue(Failures.Passing()));
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.AwaitingApproval, outcome.State);
        Assert.Contains("the time for retries, 00:10:00, is used up", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal("IN-29", bench.Records().Last(record => record.Kind == "transition").Text("clause"));
        Assert.InRange(bench.Time.Now - TimeSpan.FromHours(1), TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task An_approval_that_lay_too_long_is_refused_once_in_the_journal_and_another_one_is_taken()
    {
        using var bench = new Bench(approve: "nobody");

        // The approval is written, and the process is killed before it takes effect.
        var commands = bench.WithCommands();
        bench.OnRequest = id => commands.Writer.TryWrite(new OperatorCommand(OperatorVerb.Approve, id, new Peer(0, "tty1")));
        bench.KillAt = record => record.Text("trigger") == "approved-local";
        await Assert.ThrowsAsync<KilledException>(bench.RunAsync);

        bench.Time.Advance(bench.Settings.ApprovalExpiry + TimeSpan.FromSeconds(1));
        (bench.KillAt, bench.OnRequest) = (null, null);
        bench.Change = parts => parts with { LeavesWhenAsked = true };
        Assert.Equal(IntakeState.AwaitingApproval, (await bench.RunAsync()).State);
        var refused = Assert.Single(bench.Records(), record => record.Kind == "refused");
        Assert.Equal(("guard-failed", "the approval has expired", "operator"), (refused.Text("refusal"), refused.Text("reason"), refused.Text("by")));
        Assert.Empty(bench.Attach.Calls);

        bench.Change = parts => parts;
        commands = bench.WithCommands();
        bench.OnRequest = id => commands.Writer.TryWrite(new OperatorCommand(OperatorVerb.Approve, id, new Peer(0, "tty1")));
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    private static void AssertEnded(Bench bench, IntakeOutcome outcome, string clause, string reason)
    {
        Assert.Equal((IntakeState.Halted, ExitCodes.Waiting, reason), (outcome.State, outcome.ExitCode, outcome.Reason));
        Assert.Equal(clause, bench.Records().Last(record => record.Kind == "transition").Text("clause"));
        Assert.Empty(bench.Attach.Calls);
        Assert.Empty(new RunFolders(bench.Paths).Unfinished());
        Audit.Replay(bench.Records(), bench.Contract);
    }

    private static void StopAfter(TimeSpan time, Bench bench, CancellationTokenSource stop)
    {
        if (bench.Time.Now > TimeSpan.FromHours(1) + time)
        {
            stop.Cancel();
        }
    }
}
