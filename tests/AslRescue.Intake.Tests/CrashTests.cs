using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests;

/// <summary>The process is killed around every single write of the journal, and in every step; what comes after must reach the same end.</summary>
public sealed class CrashTests
{
    public enum Moment
    {
        BeforeTheWrite,
        AfterTheWrite,
    }

    [Theory]
    [InlineData(Moment.BeforeTheWrite, false)]
    [InlineData(Moment.BeforeTheWrite, true)]
    [InlineData(Moment.AfterTheWrite, false)]
    [InlineData(Moment.AfterTheWrite, true)]
    public async Task Killed_at_any_write_a_run_reaches_the_same_end(Moment moment, bool fails)
    {
        var last = await CountWritesAsync(fails);
        Assert.InRange(last, 15, 200);
        for (var write = 1; write <= last; write++)
        {
            using var bench = NewBench(fails);
            var killer = new Killer(write, moment);
            bench.Change = parts => parts with { WrapSink = killer.Wrap };
            await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
            await ResumeAndCheckAsync(bench);
        }
    }

    [Theory]
    [InlineData("attach")]
    [InlineData("prepare")]
    [InlineData("ingest")]
    [InlineData("piece")]
    [InlineData("seal")]
    public async Task Killed_inside_a_step_a_run_reaches_the_same_end(string where)
    {
        using var bench = NewBench(fails: false);
        if (where == "attach")
        {
            bench.Attach.Faults.Enqueue(new KilledException());
        }
        else
        {
            bench.Backend.Faults.Enqueue((where, new KilledException()));
        }

        await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
        await ResumeAndCheckAsync(bench);
    }

    [Fact]
    public async Task Killed_again_and_again_a_run_still_gets_there()
    {
        using var bench = NewBench(fails: true);
        var lives = 0;
        while (true)
        {
            // Each life writes three records and dies at the fourth.
            var killer = new Killer(4, Moment.BeforeTheWrite);
            bench.Change = parts => parts with { WrapSink = killer.Wrap };
            try
            {
                var outcome = await bench.RunAsync();
                Assert.Equal(IntakeState.Sealed, outcome.State);
                Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
                Assert.InRange(lives, 5, 100);
                return;
            }
            catch (KilledException)
            {
                lives++;
                bench.Backend.Die();
            }
        }
    }

    [Fact]
    public async Task A_lost_answer_of_the_backend_does_not_fork_the_journal()
    {
        for (var after = 0; after < 8; after++)
        {
            using var bench = new Bench();
            var pieces = 0;
            bench.Backend.OnPiece = _ =>
            {
                if (++pieces == 2)
                {
                    bench.Backend.Faults.Enqueue(("answer", Failures.Passing("the answer is lost")));
                }

                return Task.CompletedTask;
            };
            var outcome = await bench.RunAsync();
            Assert.Equal(IntakeState.Sealed, outcome.State);
            Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
        }
    }

    [Fact]
    public async Task After_a_power_cut_the_run_in_the_backend_goes_on_under_its_own_name()
    {
        using var bench = NewBench(fails: false);
        bench.Backend.Faults.Enqueue(("piece", new KilledException()));
        await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
        var first = Directory.GetDirectories(bench.Paths.Runtime).Select(Path.GetFileName).Single()!;

        PowerCut(bench);
        bench.Backend.Offers = first;
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Sealed, first), (outcome.State, outcome.Run));
        var records = bench.Backend.Records(first);
        Audit.Replay(records, bench.Contract);
        var carried = Approval.Parse(bench.Backend.Evidence.Last(item => item.Name.StartsWith("approval", StringComparison.Ordinal)
            && item.Content.AsSpan().IndexOf("carried"u8) >= 0).Content);
        Assert.Equal(bench.Boot, carried.Boot);
        Assert.Contains(bench.Backend.Evidence, item => item.Name.StartsWith("journal-", StringComparison.Ordinal));
        Assert.Empty(bench.Attach.Imported);
        Assert.Empty(new RunFolders(bench.Paths).Unfinished());

        // The run that only found it has a later name, and is not what an operator wants to hear of.
        Directory.Move(Directory.GetDirectories(bench.Paths.Runtime).Single(folder => Path.GetFileName(folder) != first), bench.Paths.Run("99991231T000000Z-00000000"));
        var absent = AbsentStatus.Read(bench.Paths, bench.Boot, []);
        Assert.Equal(first, absent.Run);
        Assert.Contains("it is Sealed", absent.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_over_run_survives_a_kill_at_any_write_too()
    {
        for (var write = 1; write < 45; write++)
        {
            using var bench = NewBench(fails: false);
            bench.Backend.Faults.Enqueue(("piece", new KilledException()));
            await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
            var first = Directory.GetDirectories(bench.Paths.Runtime).Select(Path.GetFileName).Single()!;
            PowerCut(bench);
            bench.Backend.Offers = first;
            var killer = new Killer(write, Moment.AfterTheWrite);
            bench.Change = parts => parts with { WrapSink = killer.Wrap };
            IntakeOutcome outcome;
            try
            {
                outcome = await bench.RunAsync();
            }
            catch (KilledException)
            {
                bench.Backend.Die();
                bench.Change = parts => parts;
                outcome = await bench.RunAsync();
            }

            Assert.Equal((IntakeState.Sealed, first), (outcome.State, outcome.Run));
            Audit.Replay(bench.Backend.Records(first), bench.Contract);
        }
    }

    [Theory]
    [InlineData("local", "boot")]
    [InlineData("remote", "boot")]
    [InlineData("operator", "boot")]
    [InlineData("retries", "boot")]
    [InlineData("exhausted", "boot")]
    [InlineData("local", "reboot")]
    [InlineData("remote", "reboot")]
    [InlineData("operator", "reboot")]
    [InlineData("retries", "reboot")]
    [InlineData("exhausted", "reboot")]
    public async Task Killed_between_any_two_writes_in_any_state_a_run_goes_on_from_there_and_asks_again_after_a_reboot(string kind, string until)
    {
        var last = 0;
        using (var whole = Scenarios.New(kind))
        {
            Scenarios.Script(whole, kind, whole.WithCommands());
            whole.OnWritten = (write, _) => last = write;
            Assert.Equal(IntakeState.Sealed, (await whole.RunAsync()).State);
        }

        HashSet<string> killedIn = [];
        for (var at = 1; at <= last; at++)
        {
            using var bench = Scenarios.New(kind);
            Scenarios.Script(bench, kind, bench.WithCommands());
            bench.OnWritten = (write, _) => KillWhen(write == at);
            await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
            var before = bench.Records();
            killedIn.Add(Scenarios.StateOf(before));

            bench.OnWritten = null;
            bench.Backend.Die();
            var attached = bench.Attach.Calls.Count;
            if (until == "reboot")
            {
                // This machine's journal is on a disk here; what was imported is not imported any more.
                (bench.Boot, bench.Decisions) = ("boot-2", new FakeDecisions("boot-2") { Reading = new DecisionReading(Redecided(bench), "") });
                bench.Attach.Imported.Clear();
            }

            Scenarios.Script(bench, kind, bench.WithCommands());
            var outcome = await bench.RunAsync();
            Assert.Equal((IntakeState.Sealed, before[0].Run), (outcome.State, outcome.Run));
            Assert.Single(bench.Backend.Sealed);
            Assert.Empty(bench.Attach.Imported);
            Assert.Empty(new RunFolders(bench.Paths).Unfinished());
            var records = bench.Backend.Records(outcome.Run);
            Audit.Replay(records, bench.Contract);
            AssertAskedAgain(until, records, bench.Attach.Calls.Count > attached);
        }

        Assert.Superset(Scenarios.StatesOf(kind).Append("Sealed").ToHashSet(), killedIn);
    }

    private static Decision Redecided(Bench bench) =>
        bench.Decisions.Read().Decision!.Mode == DecidedMode.Remote ? FakeDecisions.Remote("boot-2") : FakeDecisions.Local("boot-2");

    /// <summary>An approval of the boot before opens nothing: whatever was attached after the reboot has one of this boot.</summary>
    private static void AssertAskedAgain(string until, IReadOnlyList<JournalRecord> records, bool isAttached)
    {
        if (until == "reboot" && isAttached)
        {
            Assert.Contains(records, record => record.Boot == "boot-2" && record.Text("trigger") is "approved-local" or "approved-remote");
        }
    }

    private static void KillWhen(bool isNow)
    {
        if (isNow)
        {
            throw new KilledException();
        }
    }

    [Theory]
    [InlineData("deny")]
    [InlineData("cancel")]
    [InlineData("expire")]
    [InlineData("redecide")]
    public async Task Killed_at_any_write_of_a_run_that_ends_otherwise_it_ends_in_the_same_way(string how)
    {
        var last = 0;
        using (var whole = Otherwise(how))
        {
            whole.OnWritten = (write, _) => last = write;
            await whole.RunAsync();
        }

        Assert.InRange(last, 5, 40);
        for (var at = 1; at <= last; at++)
        {
            using var bench = Otherwise(how);
            bench.OnWritten = (write, _) => KillWhen(write == at);
            await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
            bench.OnWritten = null;
            Script(bench, how);
            var outcome = await bench.RunAsync();
            Assert.Equal(how == "redecide" ? IntakeState.Sealed : IntakeState.Halted, outcome.State);
            Assert.Equal(how != "redecide", bench.Attach.Calls.Count == 0);
            Assert.Empty(new RunFolders(bench.Paths).Unfinished());
            Audit.Replay(bench.Records(), bench.Contract);
        }
    }

    private static Bench Otherwise(string how)
    {
        var bench = new Bench("nobody");
        bench.Settings = bench.Settings with { ApprovalTimeout = how == "expire" ? TimeSpan.FromMinutes(3) : null };
        Script(bench, how);
        return bench;
    }

    private static void Script(Bench bench, string how)
    {
        var commands = bench.WithCommands();
        var verb = how switch { "deny" => OperatorVerb.Deny, "cancel" => OperatorVerb.Cancel, _ => OperatorVerb.Approve };
        bench.OnRequest = how == "expire" ? null : id =>
        {
            if (how == "redecide" && bench.Decisions.Read().Decision!.Because == "a directory is configured")
            {
                bench.Decisions.Reading = new DecisionReading(FakeDecisions.Local("boot-1", "another table"), "");
            }
            else
            {
                commands.Writer.TryWrite(new OperatorCommand(verb, id, new Peer(0, "tty1")));
            }
        };
    }

    private static async Task ResumeAndCheckAsync(Bench bench)
    {
        bench.Backend.Die();
        bench.Change = parts => parts;
        var outcome = await bench.RunAsync();
        Assert.Equal(IntakeState.Sealed, outcome.State);
        Assert.Equal("snapshot-of-" + outcome.Run, outcome.Snapshot!.Snapshot);
        Assert.Single(bench.Backend.Sealed);
        Assert.Empty(bench.Attach.Imported);
        Assert.Empty(new RunFolders(bench.Paths).Unfinished());
        var records = bench.Backend.Records(outcome.Run);
        Audit.Replay(records, bench.Contract);
        Assert.Single(Audit.Triggers(records), trigger => trigger == "sealed");
    }

    private static Bench NewBench(bool fails)
    {
        var bench = new Bench { Attach = new FakeAttach { Holds = "import:42" } };
        if (fails)
        {
            bench.Attach.Faults.Enqueue(Failures.Passing());
            bench.Backend.Faults.Enqueue(("seal", Failures.Passing()));
        }

        return bench;
    }

    private static async Task<int> CountWritesAsync(bool fails)
    {
        using var bench = NewBench(fails);
        var counter = new Killer(int.MaxValue, Moment.BeforeTheWrite);
        bench.Change = parts => parts with { WrapSink = counter.Wrap };
        await bench.RunAsync();
        return counter.Writes;
    }

    /// <summary>Memory is gone: this machine's journals, and what was imported. The backend stays.</summary>
    private static void PowerCut(Bench bench)
    {
        Directory.Delete(bench.Paths.Runtime, recursive: true);
        bench.Boot = "boot-2";
        bench.Decisions = new FakeDecisions(bench.Boot);
        bench.Attach.Imported.Clear();
        bench.Backend.Die();
        bench.Time = new AslRescue.Testing.ManualTime { RunsByItself = true };
    }

    private sealed class Killer(int write, Moment moment)
    {
        private int _writes;

        public int Writes => _writes;

        public IJournalSink Wrap(IJournalSink sink) => new Sink(this, sink);

        private sealed class Sink(Killer killer, IJournalSink inner) : IJournalSink
        {
            public void Append(long firstSequence, ReadOnlySpan<byte> lines)
            {
                var isLast = ++killer._writes == killer.Target;
                if (isLast && killer.At == Moment.BeforeTheWrite)
                {
                    throw new KilledException();
                }

                inner.Append(firstSequence, lines);
                if (isLast)
                {
                    throw new KilledException();
                }
            }
        }

        private int Target { get; } = write;

        private Moment At { get; } = moment;
    }
}
