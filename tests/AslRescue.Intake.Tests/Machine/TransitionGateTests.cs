using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Machine;

public sealed class TransitionGateTests
{
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void Each_transition_of_the_contract_happens_and_is_journalled_with_its_clause()
    {
        foreach (var clause in Shipped.Clauses)
        {
            var bench = new GateBench(Shipped, clause.From, KindFor(clause));
            var evidence = bench.Fitting(clause.To, clause.Requires);
            Assert.Null(bench.Gate.Take(clause.Trigger, evidence, "because"));
            Assert.Equal(clause.To, bench.Gate.State);
            var record = bench.Last();
            Assert.Equal(
                (clause.From.ToString(), clause.Trigger.Word(), clause.To.ToString(), clause.Id, "because"),
                (record.Text("from"), record.Text("trigger"), record.Text("to"), record.Text("clause"), record.Text("reason")));
            Assert.Equal(evidence.Select(one => one.ToString()), record.Texts("evidence"));
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

            var bench = new GateBench(Shipped, state);
            bench.Gate.Take(trigger, bench.Fitting(state, EvidenceNames.All), "because");
            Assert.Equal((IntakeState.Halted, "IN-00"), (bench.Gate.State, bench.Last().Text("clause")));
        }
    }

    [Fact]
    public void Without_its_clause_the_machine_halts_there_and_the_journal_says_so()
    {
        foreach (var clause in Shipped.Clauses)
        {
            var bench = new GateBench(ContractTests.Without(clause), clause.From, KindFor(clause));
            Assert.NotNull(bench.Gate.Take(clause.Trigger, bench.Fitting(clause.To, EvidenceNames.All), "because"));
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
            var bench = new GateBench(Shipped, clause.From, KindFor(clause));
            var objection = bench.Gate.Take(
                clause.Trigger, bench.Fitting(clause.To, clause.Requires.Where(name => name != missing)), "because");
            Assert.Equal(Objection.Guard($"{clause.Id} requires evidence that is missing: {missing}"), objection);
            Assert.Equal(IntakeState.Halted, bench.Gate.State);
        }
    }

    [Fact]
    public void Evidence_that_is_not_in_the_journal_is_none()
    {
        var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        var invented = new EvidenceReference(EvidenceNames.Approval, Shared.Digest.Of("invented"u8));
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [bench.Evidence[EvidenceNames.Request], invented], "because", "test");
        Assert.Contains("is not in the journal", objection?.Reason, StringComparison.Ordinal);
        Assert.Equal(IntakeState.AwaitingApproval, bench.Gate.State);
    }

    [Theory]
    [InlineData("wrong", "the approval is for request")]
    [InlineData("boot", "given in another boot")]
    [InlineData("expired", "has expired")]
    public void An_approval_that_does_not_fit_does_not_open_the_gate(string how, string why)
    {
        var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        var approval = how switch
        {
            "wrong" => bench.Journal.Approve(GateBench.NewRequest(nonce: "01").Id().ToString()),
            "boot" => bench.Journal.Approve(bench.Request.Id().ToString(), "boot-0"),
            _ => bench.Evidence[EvidenceNames.Approval],
        };
        bench.Time.Advance(how == "expired" ? TimeSpan.FromHours(2) : TimeSpan.Zero);
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [bench.Evidence[EvidenceNames.Request], approval], "because", "test");
        Assert.Contains(why, objection?.Reason, StringComparison.Ordinal);
        Assert.Equal((IntakeState.AwaitingApproval, "refused"), (bench.Gate.State, bench.Last().Kind));
    }

    [Fact]
    public void An_approval_that_was_used_does_not_expire_within_its_run_and_boot()
    {
        var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        Assert.Null(bench.Gate.Take(IntakeTrigger.ApprovedLocal, Of(bench, "request", "approval"), "because"));
        bench.Time.Advance(TimeSpan.FromDays(3));
        Assert.Null(bench.Gate.Take(IntakeTrigger.Failed, Of(bench, "failure"), "because"));
        Assert.Null(bench.Gate.Take(IntakeTrigger.RetryLocal, Of(bench, "approval", "failure"), "because"));
    }

    [Fact]
    public void A_local_approval_never_opens_the_way_to_an_endpoint_nor_the_reverse()
    {
        var local = new GateBench(Shipped, IntakeState.AwaitingApproval, BackendKinds.LocalDirectory);
        Assert.Contains("which AttachingRemote is not", local.Gate.Take(IntakeTrigger.ApprovedRemote, Of(local, "request", "approval"), "x")!.Reason, StringComparison.Ordinal);
        Assert.Equal(IntakeState.Halted, local.Gate.State);
        var remote = new GateBench(Shipped, IntakeState.Retrying, BackendKinds.Remote);
        Assert.Contains("which AttachingLocal is not", remote.Gate.Take(IntakeTrigger.RetryLocal, Of(remote, "approval", "failure"), "x")!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_approval_of_the_past_does_not_fit_the_request_of_now()
    {
        var bench = new GateBench(Shipped, IntakeState.AttachingLocal);
        var anew = bench.Journal.Record(EvidenceNames.Request, (bench.Request with { Nonce = "02" }).Bytes());
        Assert.Null(bench.Gate.Take(IntakeTrigger.Unapproved, [anew], "because"));
        var objection = bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [anew, bench.Evidence[EvidenceNames.Approval]], "because", "test");
        Assert.Contains("the approval is for request", objection?.Reason, StringComparison.Ordinal);
    }

    private static IReadOnlyList<EvidenceReference> Of(GateBench bench, params string[] names) => [.. names.Select(name => bench.Evidence[name])];

    private static string KindFor(Clause clause) => clause.To == IntakeState.AttachingRemote ? BackendKinds.Remote : BackendKinds.LocalDirectory;
}
