using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Explanations;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight.Tests.Explanations;

/// <summary>
/// What is proposed is held against the table itself: by making the changes, and by trying every smaller set there is. Machines
/// with the same facts are tried once.
/// </summary>
public sealed class ChangeSearchTests
{
    private static readonly List<FactDefinition> Inputs =
        [.. RecordedMachines.Rules.File.Tables.SelectMany(table => table.Inputs).Where(input => input != FactCatalog.LocalBackend)];

    private static readonly int[] LocalPlaces = Places(RecordedMachines.Rules.File.Local);

    private static readonly int[] ModePlaces = Places(RecordedMachines.Rules.File.Mode);

    [Fact]
    public async Task The_promised_mode_comes_of_the_proposed_changes_on_every_machine()
    {
        foreach (var (name, record) in await RecordedMachines.AllAsync())
        {
            var explanation = Explainer.Explain(record, RecordedMachines.Rules);
            Assert.Equal(
                FactCatalog.Mode.Values.Where(mode => mode != record.Decision.Mode), explanation.Changes.Select(plan => plan.Mode).Distinct());
            foreach (var plan in explanation.Changes)
            {
                var changed = record.Facts.Select(fact => fact with
                {
                    Value = plan.Changes.FirstOrDefault(change => change.Fact == fact.Id)?.To ?? fact.Value,
                });
                var decision = new DecisionMaker(new MaskEvaluator()).Decide(RecordedMachines.Rules, [.. changed]);
                Assert.True(
                    (plan.Mode, plan.Approval, plan.Row, plan.LocalRow) == (decision.Mode, decision.Approval, decision.Row, decision.LocalRow),
                    $"{name}: {plan} leads to {decision}");
                Assert.All(plan.Changes, change => Assert.Equal(record.Facts.Single(fact => fact.Id == change.Fact).Value, change.From));
                Assert.All(plan.Changes, change => Assert.NotEmpty(change.How));
            }
        }
    }

    [Fact]
    public async Task No_smaller_set_of_changes_leads_there_and_the_fewest_that_nobody_can_make_are_proposed()
    {
        var worlds = (await RecordedMachines.AllAsync()).Select(machine => machine.Record).DistinctBy(World).ToList();
        Assert.True(worlds.Count > 30);
        foreach (var record in worlds)
        {
            var world = Inputs.Select(input => input.IndexOf(record.Facts.Single(fact => fact.Id == input.Id).Value)).ToArray();
            var plans = Explainer.Explain(record, RecordedMachines.Rules).Changes;
            foreach (var mode in plans.GroupBy(plan => plan.Mode))
            {
                var best = mode.First();
                for (var size = 0; size < best.Changes.Count; size++)
                {
                    Assert.DoesNotContain(Sets(world, size), set => ModeOf(Changed(world, set)) == mode.Key);
                }

                var same = Sets(world, best.Changes.Count).Where(set => ModeOf(Changed(world, set)) == mode.Key).ToList();
                Assert.Equal(same.Count, best.SameSize);
                Assert.Equal(same.Min(set => Never(world, set)), best.Changes.Count(change => change.Effort == Effort.Never));
                var possible = mode.Skip(1).SingleOrDefault();
                Assert.Equal(best.IsPossible, best.Changes.All(change => change.Effort != Effort.Never));
                for (var size = best.Changes.Count; possible is not null && size < possible.Changes.Count; size++)
                {
                    Assert.DoesNotContain(Sets(world, size, isPossibleOnly: true), set => ModeOf(Changed(world, set)) == mode.Key);
                }

                Assert.True(possible is null || possible.IsPossible);
            }
        }
    }

    [Fact]
    public async Task The_order_of_rows_changes_nothing()
    {
        var file = RecordedMachines.Rules.File;
        var turned = file with
        {
            Local = file.Local with { Rows = [.. file.Local.Rows.Reverse()] },
            Mode = file.Mode with { Rows = [.. file.Mode.Rows.Reverse()] },
        };
        foreach (var (_, record) in await RecordedMachines.AllAsync())
        {
            var facts = record.Facts.ToDictionary(fact => fact.Id, fact => fact.Value);
            foreach (var mode in FactCatalog.Mode.Values)
            {
                Assert.Equal(
                    new ChangeSearch(file, facts).Plans(mode).Select(Shown), new ChangeSearch(turned, facts).Plans(mode).Select(Shown));
            }
        }
    }

    private static string Shown(ChangePlan plan) => $"{plan.Row} {plan.LocalRow} {plan.SameSize} {string.Join(", ", plan.Changes)}";

    private static string World(DecisionRecord record) =>
        string.Join(' ', Inputs.Select(input => record.Facts.Single(fact => fact.Id == input.Id).Value));

    private static int Never(int[] world, (int Input, int Value)[] set) => set.Count(change => !IsPossible(world, change));

    private static bool IsPossible(int[] world, (int Input, int Value) change)
    {
        var input = Inputs[change.Input];
        return Remedies.Of(input.Id, input.Values[world[change.Input]], input.Values[change.Value]).Effort != Effort.Never;
    }

    private static int[] Changed(int[] world, (int Input, int Value)[] set)
    {
        var changed = (int[])world.Clone();
        foreach (var (input, value) in set)
        {
            changed[input] = value;
        }

        return changed;
    }

    /// <summary>Every set of changes of one size.</summary>
    private static IEnumerable<(int Input, int Value)[]> Sets(int[] world, int size, bool isPossibleOnly = false, int from = 0)
    {
        if (size == 0)
        {
            yield return [];
            yield break;
        }

        for (var input = from; input <= Inputs.Count - size; input++)
        {
            for (var value = 0; value < Inputs[input].Values.Count; value++)
            {
                if (value == world[input] || (isPossibleOnly && !IsPossible(world, (input, value))))
                {
                    continue;
                }

                foreach (var rest in Sets(world, size - 1, isPossibleOnly, input + 1))
                {
                    yield return [(input, value), .. rest];
                }
            }
        }
    }

    /// <summary>The tables asked cell by cell, with nothing of the search in it.</summary>
    private static string ModeOf(int[] world)
    {
        var local = Hit(RecordedMachines.Rules.File.Local, LocalPlaces, world, -1);
        return Hit(RecordedMachines.Rules.File.Mode, ModePlaces, world, FactCatalog.LocalBackend.IndexOf(local.Outcome.Value)).Outcome.Value;
    }

    private static int[] Places(RuleTable table) => [.. table.Inputs.Select(input => Inputs.IndexOf(input))];

    private static Row Hit(RuleTable table, int[] places, int[] world, int backend)
    {
        foreach (var row in table.Rows)
        {
            var i = 0;
            while (i < places.Length && (row.Cells[i] & (1u << (places[i] < 0 ? backend : world[places[i]]))) != 0)
            {
                i++;
            }

            if (i == places.Length)
            {
                return row;
            }
        }

        throw new InvalidOperationException("a proved table has no gap");
    }
}
