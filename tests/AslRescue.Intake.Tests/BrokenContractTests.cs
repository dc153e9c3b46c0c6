using System.Text.RegularExpressions;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

public sealed class BrokenContractTests
{
    [Theory]
    [InlineData("missing", "cannot be read")]
    [InlineData("malformed", "malformed")]
    [InlineData("unproved", "M6: IN-22")]
    public async Task Without_a_proved_contract_the_machine_does_not_get_beyond_detecting(string how, string why)
    {
        using var bench = new Bench();
        Spoil(bench, how);
        var outcome = await bench.RunAsync();
        Assert.Equal((IntakeState.Halted, ExitCodes.RulesUnproved), (outcome.State, outcome.ExitCode));
        Assert.Contains(why, outcome.Reason, StringComparison.Ordinal);
        var halt = Assert.Single(bench.Records(), record => record.Kind == "transition");
        Assert.Equal(("Detecting", "violated", "IN-00"), (halt.Text("from"), halt.Text("trigger"), halt.Text("clause")));
        Assert.Empty(bench.Attach.Calls);
    }

    [Fact]
    public async Task A_run_that_has_begun_waits_until_the_contract_is_right_again()
    {
        using var bench = new Bench();
        bench.Backend.Faults.Enqueue(("piece", new KilledException()));
        await Assert.ThrowsAsync<KilledException>(bench.RunAsync);
        bench.Backend.Die();
        Spoil(bench, "malformed");
        Assert.Equal(ErrorCode.ContractUnproved, (await Assert.ThrowsAsync<AslException>(bench.RunAsync)).Error.Code);
        File.Copy(Repository.ContractPath, bench.Paths.Contract, overwrite: true);
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
    }

    /// <summary>Those whose absence the proof does not mind: the machine halts where it would have needed them.</summary>
    [Fact]
    public async Task With_any_clause_removed_the_run_is_refused_by_the_proof_or_halts_at_that_place()
    {
        Dictionary<string, string> outcomes = [];
        foreach (var clause in ContractFile.Load(Repository.ContractPath).Clauses)
        {
            using var bench = new Bench();
            Remove(bench.Paths.Contract, clause.Id);
            ArrangeFor(bench, clause);
            var outcome = await bench.RunAsync();
            outcomes[clause.Id] = outcome.ExitCode == ExitCodes.RulesUnproved ? "proof" : outcome.State.ToString();
            if (outcome.ExitCode == ExitCodes.Halted)
            {
                Assert.Contains($"no clause allows '{clause.Trigger.Word()}' in {clause.From}", outcome.Reason, StringComparison.Ordinal);
                Audit.Replay(bench.Records(), bench.Contract);
            }
            else
            {
                // Removed, but this scenario has no use for it: operators' requests (tested at the gate) and the remote half.
                Assert.True(outcome.ExitCode == ExitCodes.RulesUnproved || IsElsewhere(clause), $"{clause.Id} is not missed: {outcome.State}");
            }
        }

        Assert.Contains("proof", outcomes.Values);
        Assert.Contains("Halted", outcomes.Values);
    }

    private static void ArrangeFor(Bench bench, Clause clause)
    {
        switch (clause.From, clause.Trigger)
        {
            case (IntakeState.Detecting, IntakeTrigger.Expired):
                bench.Decisions.Reading = Intake.Approvals.DecisionReading.Waiting("nothing");
                bench.Settings = bench.Settings with { DecisionTimeout = TimeSpan.FromMinutes(1) };
                break;
            case (IntakeState.AwaitingApproval, IntakeTrigger.Expired):
                bench.Settings = bench.Settings with { Local = bench.Settings.Local with { ApproveImport = null } };
                break;
            case (IntakeState.AwaitingApproval, IntakeTrigger.Redecided):
                bench.Settings = bench.Settings with { Local = bench.Settings.Local with { ApproveImport = null } };
                var decided = bench.Decisions.Reading;
                bench.Change = parts => parts with
                {
                    OnStatus = status => bench.Decisions.Reading = status.Request is null ? decided : new(FakeDecisions.Remote("boot-1"), ""),
                };
                break;
            case (IntakeState.AttachingLocal, IntakeTrigger.Failed) or (IntakeState.Retrying, IntakeTrigger.RetryLocal):
                bench.Attach.Faults.Enqueue(Failures.Passing());
                break;
            case (IntakeState.AttachingLocal, IntakeTrigger.GaveUp):
                bench.Attach.Faults.Enqueue(Failures.Lasting());
                break;
            case (IntakeState.Ingesting, IntakeTrigger.Failed):
                bench.Backend.Faults.Enqueue(("ingest", Failures.Passing()));
                break;
            case (IntakeState.Ingesting, IntakeTrigger.GaveUp):
                bench.Backend.Faults.Enqueue(("ingest", Failures.Lasting()));
                break;
            case (IntakeState.Retrying, IntakeTrigger.Exhausted):
                Enumerable.Range(0, 20).ToList().ForEach(_ => bench.Attach.Faults.Enqueue(Failures.Passing()));
                break;
            default:
                break;
        }
    }

    private static bool IsElsewhere(Clause clause) =>
        clause.Trigger is IntakeTrigger.SourceAdded or IntakeTrigger.Denied or IntakeTrigger.Unapproved
        || clause.From == IntakeState.AttachingRemote || clause.To == IntakeState.AttachingRemote;

    private static void Spoil(Bench bench, string how)
    {
        switch (how)
        {
            case "missing":
                File.Delete(bench.Paths.Contract);
                break;
            case "malformed":
                File.AppendAllText(bench.Paths.Contract, "[[clause]]\n");
                break;
            default:
                var text = File.ReadAllText(bench.Paths.Contract);
                File.WriteAllText(bench.Paths.Contract, text.Replace("requires = [\"approval\", \"attach\", \"seal\"]", "requires = []", StringComparison.Ordinal));
                break;
        }
    }

    private static void Remove(string path, string id) =>
        File.WriteAllText(path, Regex.Replace(File.ReadAllText(path), $"\\[\\[clause\\]\\]\nid = \"{id}\"\n(?:[a-z]+ = .*\n)+", ""));
}
