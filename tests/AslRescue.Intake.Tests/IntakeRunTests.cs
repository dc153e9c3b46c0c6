using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

public sealed class IntakeRunTests
{
    [Fact]
    public async Task A_configured_approval_leads_to_a_sealed_snapshot_without_a_keypress()
    {
        using var bench = new Bench();
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, 0), (outcome.State, outcome.ExitCode));
        Assert.Equal("snapshot-of-" + outcome.Run, outcome.Snapshot!.Snapshot);
        var records = bench.Backend.Records(outcome.Run);
        Audit.Replay(records, bench.Contract);
        Assert.Equal(["decided", "approved-local", "attached", "sealed"], Audit.Triggers(records));
        Assert.Equal(["/mnt/crashed"], bench.Backend.Sources);
    }

    [Fact]
    public async Task The_snapshot_carries_decision_table_contract_request_and_approval_in_full()
    {
        using var bench = new Bench();
        await bench.RunAsync();
        var sealedEvidence = bench.Backend.Evidence.ToDictionary(item => item.Name, item => item.Content);
        Assert.Equal(File.ReadAllBytes(bench.Paths.Contract), sealedEvidence["contract"]);
        Assert.Equal("table"u8, sealedEvidence["table"]);
        Assert.Equal(bench.Decisions.Read().Decision!.Record, sealedEvidence["decision"]);
        Assert.Superset(new HashSet<string> { "request", "approval", "attach", "contract-proof" }, sealedEvidence.Keys.ToHashSet());
    }

    [Fact]
    public async Task Problems_of_the_sources_have_an_exit_code_of_their_own()
    {
        using var bench = new Bench { Backend = new FakeBackend { Problems = 2 } };
        Assert.Equal(ExitCodes.DoneWithProblems, (await bench.RunAsync()).ExitCode);
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again()
    {
        using var bench = new Bench();
        bench.Attach.Faults.Enqueue(Failures.Passing());
        bench.Backend.Faults.Enqueue(("piece", Failures.Passing()));
        bench.Backend.Faults.Enqueue(("seal", Failures.Passing()));
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        var records = bench.Backend.Records(outcome.Run);
        Audit.Replay(records, bench.Contract);
        Assert.Equal(
            ["decided", "approved-local", "failed", "retry-local", "attached", "failed", "retry-local", "attached", "failed", "retry-local", "attached", "sealed"],
            Audit.Triggers(records));
    }

    [Fact]
    public async Task A_failure_that_lasts_halts_with_its_own_exit_code()
    {
        using var bench = new Bench();
        bench.Backend.Faults.Enqueue(("ingest", Failures.Lasting()));
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Halted, ExitCodes.SourceUnusable), (outcome.State, outcome.ExitCode));
        Assert.Equal("take another", outcome.Error!.Fix);
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    [Fact]
    public async Task When_attempts_are_used_up_the_operator_is_asked_and_the_configuration_does_not_answer_again()
    {
        using var bench = new Bench();
        for (var failure = 0; failure < 20; failure++)
        {
            bench.Attach.Faults.Enqueue(Failures.Passing("endpoint not reachable: refused"));
        }

        using var stop = new CancellationTokenSource();
        bench.Change = parts => parts with
        {
            OnStatus = status => StopWhen(status.State == "AwaitingApproval" && status.Failures > 0 && status.Request?.WhyNotByConfiguration is not null, stop),
        };
        var outcome = await bench.RunUntilAsync(stop.Token);
        Assert.Equal((IntakeState.AwaitingApproval, ExitCodes.Interrupted), (outcome.State, outcome.ExitCode));
        Assert.Contains("endpoint not reachable: refused", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(6, Audit.Triggers(bench.Records()).Count(trigger => trigger == "failed"));
        Assert.Equal("exhausted", Audit.Triggers(bench.Records())[^1]);
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task Failures_between_which_the_ingest_gets_further_are_not_counted_together()
    {
        using var bench = new Bench { Backend = new FakeBackend { Pieces = 20 } };
        var pieces = 0;
        bench.Backend.OnPiece = _ => ++pieces % 2 == 0 ? throw Failures.Passing() : Task.CompletedTask;
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Assert.True(Audit.Triggers(bench.Backend.Records(outcome.Run)).Count(trigger => trigger == "failed") > 10);
    }

    [Fact]
    public async Task A_full_backend_leads_to_the_operator_with_the_reason_and_loses_no_record()
    {
        using var bench = new Bench();
        for (var failure = 0; failure < 100; failure++)
        {
            bench.Backend.Faults.Enqueue(("append", Failures.Full()));
        }

        bench.Change = parts => parts with { LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.AwaitingApproval, ExitCodes.Waiting), (outcome.State, outcome.ExitCode));
        Assert.Contains("the backend is full", outcome.Reason, StringComparison.Ordinal);
        Audit.Replay(bench.Records(), bench.Contract);

        bench.Backend.Faults.Clear();
        bench.Backend.Die();
        bench.Boot = "boot-2";
        bench.Decisions = new FakeDecisions(bench.Boot);
        outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
        Assert.Contains("exhausted", Audit.Triggers(bench.Backend.Records(outcome.Run)));
    }

    [Fact]
    public async Task What_was_imported_is_given_back_after_sealing()
    {
        using var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Assert.Empty(bench.Attach.Imported);
        Assert.Equal("detached", bench.Records()[^1].Kind);
        Assert.False(bench.Backend.IsOpen);
    }

    [Fact]
    public async Task What_the_operator_imported_stays()
    {
        using var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        bench.Attach.Imported.Add("import:42");
        await bench.RunAsync();
        Assert.Equal(["import:42"], bench.Attach.Imported);
        Assert.DoesNotContain("detach", bench.Attach.Calls);
    }

    [Theory]
    [InlineData("boot-1")]
    [InlineData("boot-2")]
    public async Task A_run_whose_pool_was_given_back_when_it_was_interrupted_is_resumed_by_attaching_it_again_under_an_approval(string boot)
    {
        using var bench = new Bench(approve: "nobody") { Attach = new FakeAttach { Holds = "import:42" } };
        bench.Change = parts => parts with { Commander = new Peer(0, "tty1"), LeavesWhenAsked = true };
        using var stop = new CancellationTokenSource();
        var pieces = 0;
        bench.Backend.OnPiece = _ =>
        {
            StopWhen(++pieces == 2, stop);
            return Task.CompletedTask;
        };
        var stopped = await bench.RunUntilAsync(stop.Token);
        Assert.Equal((IntakeState.Ingesting, ExitCodes.Interrupted), (stopped.State, stopped.ExitCode));
        Assert.Empty(bench.Attach.Imported);

        // What `resume` does where no store is mounted.
        (bench.Boot, bench.Decisions, bench.Backend.OnPiece) = (boot, new FakeDecisions(boot), null);
        bench.Change = parts => parts with { Commander = new Peer(0, "tty2"), LeavesWhenAsked = true, Choice = RunChoice.Resume, Run = stopped.Run };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, stopped.Run), (outcome.State, outcome.Run));
        Assert.Empty(bench.Attach.Imported);
        var records = bench.Backend.Records(outcome.Run);
        Audit.Replay(records, bench.Contract);
        Assert.Equal(boot == "boot-1" ? 1 : 2, Audit.Triggers(records).Count(trigger => trigger == "approved-local"));
    }

    [Fact]
    public async Task After_all_attempts_are_used_up_typing_the_command_again_goes_on_in_the_same_boot()
    {
        using var bench = new Bench(approve: "nobody");
        var isFull = true;
        bench.Backend.OnPiece = _ => isFull ? throw Failures.Passing("No space left on device") : Task.CompletedTask;
        bench.Change = parts => parts with { Commander = new Peer(0, "tty1"), LeavesWhenAsked = true };
        var waiting = await bench.RunAsync();
        Assert.Equal((IntakeState.AwaitingApproval, ExitCodes.Waiting), (waiting.State, waiting.ExitCode));
        Assert.Equal(1, Audit.Triggers(bench.Records()).Count(trigger => trigger == "approved-local"));

        // Somebody has made room.
        isFull = false;
        bench.Change = parts => parts with { Commander = new Peer(0, "tty1"), LeavesWhenAsked = true, Choice = RunChoice.Resume, Run = waiting.Run };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, waiting.Run), (outcome.State, outcome.Run));
        var records = bench.Backend.Records(outcome.Run);
        Audit.Replay(records, bench.Contract);
        Assert.Equal(2, Audit.Triggers(records).Count(trigger => trigger == "approved-local"));
    }

    [Fact]
    public async Task A_command_approves_itself_and_its_user_is_recorded()
    {
        using var bench = new Bench(approve: "nobody");
        bench.Change = parts => parts with { Commander = new Peer(1000, "pts/7"), LeavesWhenAsked = true };
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        var approval = Approval.Parse(bench.Backend.Evidence.Single(item => item.Name == "approval").Content);
        Assert.Equal(("command", 1000u, "pts/7"), (approval.By, approval.Uid, approval.Tty));
    }

    [Fact]
    public async Task A_second_intake_on_the_machine_is_refused_with_exit_code_10()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            var refused = await Assert.ThrowsAsync<AslException>(() => bench.RunAsync());
            Assert.Equal((ErrorCode.IntakeBusy, 10), (refused.Error.Code, ExitCodes.For(refused.Error.Code)));
        }

        await stop.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, (await run).ExitCode);
    }

    [Fact]
    public async Task Without_a_decision_the_machine_stays_in_detecting_and_says_why_once()
    {
        using var bench = new Bench { Decisions = new FakeDecisions("boot-1") { Reading = DecisionReading.Waiting("no disk was found") } };
        bench.Settings = bench.Settings with { DecisionTimeout = TimeSpan.FromMinutes(5) };
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Halted, ExitCodes.Waiting), (outcome.State, outcome.ExitCode));
        Assert.Equal("no disk was found", Assert.Single(bench.Records(), record => record.Kind == "waiting").Text("reason"));
        Assert.Empty(bench.Attach.Calls);
    }

    [Fact]
    public async Task A_new_decision_withdraws_the_request_made_from_the_old_one()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            var first = await WaitFor(client, "AwaitingApproval");
            bench.Decisions.Reading = new DecisionReading(FakeDecisions.Remote("boot-1"), "");
            IntakeStatusOf(await WaitForRequest(client, other: first, () => bench.Time.Advance(TimeSpan.FromSeconds(2))), "endpoint https://asl-backend.example/");
        }

        await stop.CancelAsync();
        await run;
        Assert.Equal(["decided", "redecided", "decided"], Audit.Triggers(bench.Records()).Take(3));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    internal static async Task<string> WaitFor(ControlClient client, string state)
    {
        while (true)
        {
            var status = await client.StatusAsync(TestContext.Current.CancellationToken);
            if (status.State == state && (state != "AwaitingApproval" || status.Request is not null))
            {
                return status.Request?.Id ?? "";
            }

            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<IntakeStatus> WaitForRequest(ControlClient client, string other, Action wait)
    {
        while (true)
        {
            var status = await client.StatusAsync(TestContext.Current.CancellationToken);
            if (status.Request is { } request && request.Id != other)
            {
                return status;
            }

            wait();
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static void IntakeStatusOf(IntakeStatus status, string backend) => Assert.Equal(backend, status.Request!.Backend);

    private static void StopWhen(bool condition, CancellationTokenSource stop)
    {
        if (condition)
        {
            stop.Cancel();
        }
    }
}
