using System.Globalization;
using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Machine;

/// <summary>
/// Every small change of the contract is caught: by the proof, or because a run that must be possible no longer is. docs/machine.md lists
/// the counts; ASL_UPDATE_GOLDEN=1 writes them anew.
/// </summary>
public sealed class ContractMutantTests
{
    private const string Begin = "<!-- mutants: begin -->\n";
    private const string End = "<!-- mutants: end -->\n";
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void Every_journey_can_be_made_and_together_they_need_every_clause()
    {
        Assert.All(Journeys.All, journey => Assert.Null(Journeys.WhyImpossible(Shipped, journey.Value)));
        Assert.All(Shipped.Clauses, clause => Assert.Contains(
            Journeys.All.Values, journey => Journeys.WhyImpossible(ContractTests.Without(clause), journey) is not null));
    }

    [Fact]
    public void No_mutant_of_the_contract_survives_and_the_page_lists_how_each_kind_is_caught()
    {
        var table = new StringBuilder("| change | mutants | the proof catches | only a run that is impossible then shows | survive |\n| --- | --- | --- | --- | --- |\n");
        List<string> survivors = [];
        foreach (var (kind, mutants) in Mutants())
        {
            var (count, proof, journey) = (0, 0, 0);
            foreach (var (what, mutant) in mutants)
            {
                count++;
                if (!ContractProof.Of(mutant).Holds)
                {
                    proof++;
                }
                else if (Journeys.All.Values.Any(one => Journeys.WhyImpossible(mutant, one) is not null))
                {
                    journey++;
                }
                else
                {
                    survivors.Add($"{kind}: {what}");
                }
            }

            Assert.True(count > 30, $"{kind}: {count}");
            table.Append(CultureInfo.InvariantCulture, $"| {kind} | {count} | {proof} | {journey} | {count - proof - journey} |\n");
        }

        Assert.Empty(survivors);
        ComparePage(table.ToString());
    }

    /// <summary>What no lemma catches is a clause that is taken away, or evidence asked for that nobody has: the machine then does less.</summary>
    [Fact]
    public void Whatever_the_proof_lets_pass_only_makes_the_machine_do_less()
    {
        foreach (var (what, mutant) in Mutants().SelectMany(kind => kind.Mutants).Where(one => ContractProof.Of(one.Mutant).Holds))
        {
            Assert.All(mutant.Clauses, clause =>
            {
                var row = ContractText.Find(clause.From.ToString(), clause.Trigger.Word());
                Assert.True(row is not null && row.To == clause.To.ToString() && row.Requires.All(clause.Requires.Contains), what);
            });
        }
    }

    private static IEnumerable<(string Kind, IEnumerable<(string What, Contract Mutant)> Mutants)> Mutants()
    {
        yield return ("a clause removed", Shipped.Clauses.Select(clause => (clause.Id, ContractTests.Without(clause))));
        yield return ("a requirement removed",
            from clause in Shipped.Clauses
            from name in clause.Requires
            select ($"{clause.Id} without {name}", With(clause, clause with { Requires = [.. clause.Requires.Except([name])] })));
        yield return ("a requirement replaced by another",
            from clause in Shipped.Clauses
            from name in clause.Requires
            from other in EvidenceNames.All.Except(clause.Requires)
            select ($"{clause.Id} with {other} for {name}", With(clause, clause with { Requires = [.. clause.Requires.Except([name]), other] })));
        yield return ("a requirement added",
            from clause in Shipped.Clauses
            from name in EvidenceNames.All.Except(clause.Requires)
            select ($"{clause.Id} with {name}", With(clause, clause with { Requires = [.. clause.Requires, name] })));
        yield return ("another state to begin in",
            from clause in Shipped.Clauses
            from state in IntakeStates.All
            where state != clause.From
            select ($"{clause.Id} from {state}", With(clause, clause with { From = state })));
        yield return ("another trigger",
            from clause in Shipped.Clauses
            from trigger in IntakeTriggers.All
            where trigger != clause.Trigger
            select ($"{clause.Id} on {trigger.Word()}", With(clause, clause with { Trigger = trigger })));
        yield return ("another state to lead to",
            from clause in Shipped.Clauses
            from state in IntakeStates.All
            where state != clause.To
            select ($"{clause.Id} to {state}", With(clause, clause with { To = state })));
        yield return ("a clause added",
            from state in IntakeStates.All
            from trigger in IntakeTriggers.All
            from to in IntakeStates.All
            select ($"{state} {trigger.Word()} {to}", Shipped with { Clauses = [.. Shipped.Clauses, new Clause("IN-99", state, trigger, to, EvidenceNames.All, "It MAY.", 1)] }));
        yield return ("no word of RFC 2119 in the text",
            Shipped.Clauses.Select(clause => (clause.Id, With(clause, clause with { Text = "It does." }))));
    }

    private static Contract With(Clause before, Clause after) =>
        Shipped with { Clauses = [.. Shipped.Clauses.Select(clause => clause == before ? after : clause)] };

    private static void ComparePage(string table)
    {
        var path = Path.Combine(Repository.Root, "docs", "machine.md");
        var page = File.ReadAllText(path);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, page[..begin] + table + page[end..]);
            return;
        }

        Assert.Equal(table, page[begin..end]);
    }
}
