using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using CsCheck;

namespace AslRescue.Intake.Tests.Machine;

public sealed class TransitionGateTests
{
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void Each_transition_of_the_contract_happens_and_is_journalled_with_its_clause()
    {
        foreach (var clause in Shipped.Clauses)
        {
            using var bench = new GateBench(Shipped, clause.From, KindFor(clause));
            Assert.Null(bench.Gate.Take(clause.Trigger, [.. clause.Requires.Select(name => bench.Evidence[name])], "because"));
            Assert.Equal(clause.To, bench.Gate.State);
            var record = bench.Last();
            Assert.Equal(
                (clause.From.ToString(), clause.Trigger.Word(), clause.To.ToString(), clause.Id, "because"),
                (record.Text("from"), record.Text("trigger"), record.Text("to"), record.Text("clause"), record.Text("reason")));
            Assert.Equal(clause.Requires.Select(name => bench.Evidence[name].ToString()), record.Texts("evidence"));
        }
    }

    [Fact]
    public void In_every_state_exactly_the_triggers_of_the_contract_can_be_asked_for_and_refusals_are_journalled()
    {
        foreach (var (state, trigger) in IntakeStates.All.SelectMany(state => IntakeTriggers.All.Select(trigger => (state, trigger))))
        {
            var clause = Shipped.Clauses.SingleOrDefault(one => one.From == state && one.Trigger == trigger);
            var isHalt = trigger == IntakeTrigger.Violated && !state.IsTerminal();
            using var bench = new GateBench(Shipped, state, clause is null ? BackendKinds.LocalDirectory : KindFor(clause));
            var objection = bench.Gate.Ask(trigger, bench.All, "because", "uid 0");
            Assert.Equal(clause is not null || isHalt, objection is null);
            Assert.Equal(clause?.To ?? (isHalt ? IntakeState.Halted : state), bench.Gate.State);
            Assert.Equal(objection is null ? "transition" : "refused", bench.Last().Kind);
        }
    }

    [Fact]
    public void What_the_machine_itself_may_not_do_halts_it_under_the_clause_that_is_built_in()
    {
        foreach (var (state, trigger) in IntakeStates.All.SelectMany(state => IntakeTriggers.All.Select(trigger => (state, trigger))))
        {
            if (state.IsTerminal() || Shipped.Clauses.Any(one => one.From == state && one.Trigger == trigger))
            {
                continue;
            }

            using var bench = new GateBench(Shipped, state);
            bench.Gate.Take(trigger, bench.All, "because");
            Assert.Equal((IntakeState.Halted, "IN-00"), (bench.Gate.State, bench.Last().Text("clause")));
        }
    }

    [Fact]
    public void Without_its_clause_the_machine_halts_there_and_the_journal_says_so()
    {
        foreach (var clause in Shipped.Clauses)
        {
            using var bench = new GateBench(ContractTests.Without(clause), clause.From, KindFor(clause));
            Assert.NotNull(bench.Gate.Take(clause.Trigger, bench.All, "because"));
            var record = bench.Last();
            Assert.Equal((IntakeState.Halted, "Halted", "IN-00"), (bench.Gate.State, record.Text("to"), record.Text("clause")));
            Assert.Equal($"'{clause.Trigger.Word()}' in {clause.From}: no clause allows '{clause.Trigger.Word()}' in {clause.From}", record.Text("reason"));
        }
    }

    [Fact]
    public void Each_missing_piece_of_evidence_stops_the_machine()
    {
        foreach (var (clause, missing) in Shipped.Clauses.SelectMany(clause => clause.Requires.Select(name => (clause, name))))
        {
            using var bench = new GateBench(Shipped, clause.From, KindFor(clause));
            var objection = bench.Gate.Take(
                clause.Trigger, [.. clause.Requires.Where(name => name != missing).Select(name => bench.Evidence[name])], "because");
            Assert.Equal($"{clause.Id} requires evidence that is missing: {missing}", objection);
            Assert.Equal(IntakeState.Halted, bench.Gate.State);
        }
    }

    [Fact]
    public void Evidence_that_is_not_in_the_journal_is_none()
    {
        using var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        var invented = new EvidenceReference(EvidenceNames.Approval, Shared.Digest.Of("invented"u8));
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [bench.Evidence[EvidenceNames.Request], invented], "because", "test");
        Assert.Contains("is not in the journal", objection, StringComparison.Ordinal);
        Assert.Equal(IntakeState.AwaitingApproval, bench.Gate.State);
    }

    [Theory]
    [InlineData("wrong", "the approval is for request")]
    [InlineData("boot", "given in another boot")]
    [InlineData("expired", "has expired")]
    public void An_approval_that_does_not_fit_does_not_open_the_gate(string how, string why)
    {
        using var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        var approval = how switch
        {
            "wrong" => bench.Approve(GateBench.NewRequest(nonce: "01").Id().ToString()),
            "boot" => bench.Approve(bench.Request.Id().ToString(), "boot-0"),
            _ => bench.Evidence[EvidenceNames.Approval],
        };
        bench.Time.Advance(how == "expired" ? TimeSpan.FromHours(2) : TimeSpan.Zero);
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [bench.Evidence[EvidenceNames.Request], approval], "because", "test");
        Assert.Contains(why, objection, StringComparison.Ordinal);
        Assert.Equal((IntakeState.AwaitingApproval, "refused"), (bench.Gate.State, bench.Last().Kind));
    }

    [Fact]
    public void An_approval_that_was_used_does_not_expire_within_its_run_and_boot()
    {
        using var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        Assert.Null(bench.Gate.Take(IntakeTrigger.ApprovedLocal, Of(bench, "request", "approval"), "because"));
        bench.Time.Advance(TimeSpan.FromDays(3));
        Assert.Null(bench.Gate.Take(IntakeTrigger.Failed, Of(bench, "failure"), "because"));
        Assert.Null(bench.Gate.Take(IntakeTrigger.RetryLocal, Of(bench, "approval", "failure"), "because"));
    }

    [Fact]
    public void A_local_approval_never_opens_the_way_to_an_endpoint_nor_the_reverse()
    {
        using var local = new GateBench(Shipped, IntakeState.AwaitingApproval, BackendKinds.LocalDirectory);
        Assert.Contains("which AttachingRemote is not", local.Gate.Take(IntakeTrigger.ApprovedRemote, Of(local, "request", "approval"), "x"), StringComparison.Ordinal);
        Assert.Equal(IntakeState.Halted, local.Gate.State);
        using var remote = new GateBench(Shipped, IntakeState.Retrying, BackendKinds.Remote);
        Assert.Contains("which AttachingLocal is not", remote.Gate.Take(IntakeTrigger.RetryLocal, Of(remote, "approval", "failure"), "x"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_approval_of_the_past_does_not_fit_the_request_of_now()
    {
        using var bench = new GateBench(Shipped, IntakeState.AttachingLocal);
        var anew = bench.Journal.Record(EvidenceNames.Request, (bench.Request with { Nonce = "02" }).Bytes());
        Assert.Null(bench.Gate.Take(IntakeTrigger.Unapproved, [anew], "because"));
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [anew, bench.Evidence[EvidenceNames.Approval]], "because", "test");
        Assert.Contains("the approval is for request", objection, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_walks_never_leave_the_contract_and_leave_a_record_for_each_step()
    {
        var walks = Gen.Select(
            Gen.Int[0, IntakeTriggers.All.Count - 1], Gen.Int[0, (1 << EvidenceNames.All.Count) - 1], Gen.Bool).Array[1, 60];
        walks.Sample(Walk, iter: 150, threads: 2);
    }

    private static void Walk((int Trigger, int Evidence, bool Asks)[] steps)
    {
        using var bench = new GateBench(Shipped, IntakeState.Detecting);
        var before = bench.Records().Count;
        foreach (var (index, subset, asks) in steps)
        {
            var (trigger, state) = (IntakeTriggers.All[index], bench.Gate.State);

            // Half of the time all evidence, or walks would hardly ever get anywhere.
            EvidenceReference[] evidence = [.. EvidenceNames.All.Where((_, bit) => subset % 2 == 0 || (subset & (1 << bit)) != 0).Select(name => bench.Evidence[name])];
            var objection = asks ? bench.Gate.Ask(trigger, evidence, "walk", "test") : bench.Gate.Take(trigger, evidence, "walk");
            if (objection is not null)
            {
                Assert.Equal(asks || state.IsTerminal() ? state : IntakeState.Halted, bench.Gate.State);
            }
        }

        var records = bench.Records();
        var taken = steps.Count(step => step.Asks);
        Assert.InRange(records.Count - before, taken > 0 ? 1 : 0, steps.Length);
        var (at, history) = (IntakeState.Detecting, records.Skip(before).Where(record => record.Kind == "transition"));
        foreach (var record in history)
        {
            Assert.Equal(at.ToString(), record.Text("from"));
            Assert.True(IntakeTriggers.TryParse(record.Text("trigger"), out var trigger));
            var verdict = Shipped.Check(at, trigger, [.. record.Texts("evidence").Select(text => text.Split(':')[0])]);
            at = Assert.IsType<Verdict.Allowed>(verdict).To;
        }

        Assert.Equal(at, bench.Gate.State);
    }

    private static IReadOnlyList<EvidenceReference> Of(GateBench bench, params string[] names) => [.. names.Select(name => bench.Evidence[name])];

    private static string KindFor(Clause clause) => clause.To == IntakeState.AttachingRemote ? BackendKinds.Remote : BackendKinds.LocalDirectory;
}
