using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Machine;

/// <summary>The gate over everything that can be asked of it. What is expected is computed here, from the words of the contract alone.</summary>
public sealed class EveryTransitionTests
{
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void For_every_state_trigger_and_set_of_evidence_the_gate_does_what_the_contract_says_and_journals_it()
    {
        var names = EvidenceNames.All;
        Assert.Equal(31, ContractText.Rows.Count);
        var counts = new Dictionary<string, int>();
        foreach (var (state, trigger) in IntakeStates.All.SelectMany(state => IntakeTriggers.All.Select(trigger => (state, trigger))))
        {
            GateBench? bench = null;
            for (var subset = 0; subset < 1 << names.Count; subset++)
            {
                string[] given = [.. names.Where((_, bit) => (subset & (1 << bit)) != 0)];
                var (answer, clause, to, missing) = Expected(state.ToString(), trigger.Word(), given);
                bench ??= new GateBench(Shipped, state, KindFor(to));
                var before = bench.Journal.Lines.Count;
                var evidence = bench.Fitting(Enum.Parse<IntakeState>(to), given);
                var made = bench.Journal.Lines.Count - before;
                var objection = bench.Gate.Ask(trigger, evidence, "because", "uid 0");

                counts[answer] = counts.GetValueOrDefault(answer) + 1;
                Assert.Equal(before + made + 1, bench.Journal.Lines.Count);
                var record = bench.Last();
                Assert.Equal(answer, objection?.Word ?? "allowed");
                Assert.Equal(objection is null ? to : state.ToString(), bench.Gate.State.ToString());
                if (objection is null)
                {
                    Assert.Equal(
                        ("transition", state.ToString(), trigger.Word(), to, clause),
                        (record.Kind, record.Text("from"), record.Text("trigger"), record.Text("to"), record.Text("clause")));
                    bench = null; // It has moved.
                }
                else
                {
                    Assert.Equal(
                        ("refused", state.ToString(), trigger.Word(), answer, "uid 0"),
                        (record.Kind, record.Text("state"), record.Text("what"), record.Text("refusal"), record.Text("by")));
                    Assert.Contains(trigger.Word(), answer == "guard-failed" ? trigger.Word() : objection.Reason, StringComparison.Ordinal);
                    Assert.All(missing, name => Assert.Contains(name, objection.Reason, StringComparison.Ordinal));
                    Assert.Equal(objection.Reason, record.Text("reason"));
                }
            }
        }

        Assert.Equal(8 * 17 * 512, counts.Values.Sum());
        Assert.True(counts is { Count: 3 } && counts["allowed"] > 5000 && counts["guard-failed"] > 5000 && counts["no-such-transition"] > 40000);
    }

    [Fact]
    public void For_every_clause_and_every_way_in_which_its_evidence_can_be_wrong_the_guard_fails()
    {
        var tried = 0;
        foreach (var row in ContractText.Rows)
        {
            var (from, to) = (Enum.Parse<IntakeState>(row.From), Enum.Parse<IntakeState>(row.To));
            Assert.True(IntakeTriggers.TryParse(row.Trigger, out var trigger));
            foreach (var variants in Product([.. row.Requires.Select(name => Variants(name, to))]))
            {
                var bench = new GateBench(Shipped, from, KindFor(row.To));
                EvidenceReference[] evidence = [.. variants.Select(variant => variant.Make(bench, to)).OfType<EvidenceReference>()];
                bench.Time.Advance(variants.Any(variant => variant.How == "expired") ? GateBench.Expiry * 2 : TimeSpan.Zero);
                var objection = bench.Gate.Ask(trigger, evidence, "because", "uid 0");
                var isRight = variants.All(variant => variant.How == "right");
                var how = $"{row.Id} with {string.Join(", ", variants.Select(variant => variant.How))}";
                Assert.True(isRight == objection is null, $"{how}: {objection?.Reason ?? "allowed"}");
                Assert.True(objection is null || objection.Kind == ObjectionKind.GuardFailed, how);
                Assert.Equal(objection is null ? to : from, bench.Gate.State);
                tried++;
            }
        }

        Assert.InRange(tried, 250, 5000);
    }

    /// <summary>The two answers are told apart, and each can be read.</summary>
    [Fact]
    public void A_guard_that_failed_and_a_transition_that_is_not_there_are_two_different_answers()
    {
        var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
        Assert.Equal(
            Objection.NoTransition("the machine has no 'sealed' in AwaitingApproval"),
            bench.Gate.Ask(IntakeTrigger.Sealed, bench.Fitting(IntakeState.Sealed, EvidenceNames.All), "x", "uid 0"));
        Assert.Equal(
            Objection.Guard("IN-05 requires evidence that is missing: approval"),
            bench.Gate.Ask(IntakeTrigger.ApprovedLocal, bench.Fitting(IntakeState.AttachingLocal, ["request"]), "x", "uid 0"));
        var before = new GateBench(ContractTests.Without(Shipped.Clauses.Single(clause => clause.Id == "IN-09")), IntakeState.AwaitingApproval);
        Assert.Equal(
            Objection.NoTransition("no clause allows 'denied' in AwaitingApproval"),
            before.Gate.Ask(IntakeTrigger.Denied, before.Fitting(IntakeState.Halted, ["request", "denial"]), "x", "uid 0"));
    }

    private static (string Answer, string Clause, string To, IReadOnlyList<string> Missing) Expected(string state, string trigger, string[] given)
    {
        var isEnd = state is "Sealed" or "Halted";
        if (trigger == "violated" && !isEnd)
        {
            return ("allowed", "IN-00", "Halted", []);
        }

        if (ContractText.Find(state, trigger) is not { } row)
        {
            return ("no-such-transition", "", state, []);
        }

        string[] missing = [.. row.Requires.Except(given)];
        return (missing.Length == 0 ? "allowed" : "guard-failed", row.Id, row.To, missing);
    }

    private static string KindFor(string to) => to == "AttachingRemote" ? BackendKinds.Remote : BackendKinds.LocalDirectory;

    private static List<Variant> Variants(string name, IntakeState to)
    {
        List<Variant> variants =
        [
            new("right", (bench, _) => bench.Fitting(to, [name])[0]),
            new("absent", (_, _) => null),
            new("not in the journal", (_, _) => new EvidenceReference(name, Shared.Digest.Of("invented"u8))),
        ];
        switch (name)
        {
            case EvidenceNames.Request when to == IntakeState.AwaitingApproval:
                variants.Add(new("asked before", (bench, _) => bench.Evidence[name]));
                variants.Add(new("of another run", (bench, _) => bench.Journal.Record(name, (bench.Request with { Run = "other", Nonce = "77" }).Bytes())));
                variants.Add(new("no request", (bench, _) => bench.Journal.Record(name, "[]"u8.ToArray())));
                break;
            case EvidenceNames.Request:
                variants.Add(new("not the one that stands", (bench, _) => bench.Anew()));
                break;
            case EvidenceNames.Approval:
                variants.Add(new("of another request", (bench, _) => bench.Journal.Approve(GateBench.NewRequest(bench.Request.Kind, "01").Id().ToString())));
                variants.Add(new("of another boot", (bench, _) => bench.Journal.Approve(bench.Request.Id().ToString(), "boot-0")));
                variants.Add(new("expired", (bench, _) => bench.Evidence[name]));
                variants.Add(new("no approval", (bench, _) => bench.Journal.Record(name, "{}"u8.ToArray())));
                break;
            case EvidenceNames.Denial:
                variants.Add(new("of another request", (bench, _) => bench.Journal.Record(name, GateBench.Document(name, GateBench.NewRequest(nonce: "01")))));
                break;
            case EvidenceNames.Attach:
                variants.Add(new("another backend", (bench, _) => bench.Journal.Record(name, (GateBench.NewAttached(bench.Request) with { Location = "/other" }).Bytes())));
                variants.Add(new("another kind", (bench, _) => bench.Journal.Record(name, (GateBench.NewAttached(bench.Request) with { Kind = "local-zfs" }).Bytes())));
                break;
            case EvidenceNames.Decision:
                variants.Add(new("another decision", (bench, _) => bench.Journal.Record(name, "{\"decision\":2}"u8.ToArray())));
                break;
            default:
                break;
        }

        return variants;
    }

    private static IEnumerable<IReadOnlyList<Variant>> Product(IReadOnlyList<IReadOnlyList<Variant>> choices) => choices.Count == 0
        ? [[]]
        : from first in choices[0] from rest in Product([.. choices.Skip(1)]) select (IReadOnlyList<Variant>)[first, .. rest];

    private sealed record Variant(string How, Func<GateBench, IntakeState, EvidenceReference?> Make);
}
