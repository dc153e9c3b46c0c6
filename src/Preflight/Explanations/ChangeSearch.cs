using System.Numerics;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// The fewest changes of facts that lead to a mode. It is exact without trying worlds: the tables are proved, so each world lies in
/// one row of `local` and one of `mode`, and what has to change to come into a pair of rows is each fact that one of them
/// excludes, and nothing else. The smallest set over all pairs is thus the smallest there is.
/// </summary>
/// <remarks>
/// Of sets of one size, the one with the fewest changes that nobody can make goes first, then the easier one, then the order
/// of the catalog: not the order of rows, which means nothing.
/// </remarks>
internal sealed class ChangeSearch(RuleFile file, IReadOnlyDictionary<string, string> facts)
{
    private readonly List<string> _order = [.. FactCatalog.All.Select(fact => fact.Id)];

    /// <summary>The fewest changes, then the fewest that the operator can make where those are others.</summary>
    public IReadOnlyList<ChangePlan> Plans(string mode)
    {
        var reaches = Reaches(mode).ToList();
        var best = Best(mode, reaches);
        var possible = best is null or { IsPossible: true } ? null : Best(mode, [.. reaches.Where(reach => reach.IsPossible)]);
        return [.. new[] { best, possible }.OfType<ChangePlan>()];
    }

    private ChangePlan? Best(string mode, List<Reach> reaches)
    {
        if (reaches.Count == 0)
        {
            return null;
        }

        var fewest = reaches.Min(reach => reach.Changes.Count);
        var same = reaches.Where(reach => reach.Changes.Count == fewest).ToList();
        var best = same.OrderBy(reach => reach.Changes.Count(change => change.Effort == Effort.Never))
            .ThenBy(reach => reach.Changes.Sum(change => (int)change.Effort))
            .ThenBy(Place, StringComparer.Ordinal).First();
        return new ChangePlan
        {
            Mode = best.Mode.Outcome.Value,
            Approval = best.Mode.Outcome.Approval,
            Row = best.Mode.Id,
            LocalRow = best.Local.Id,
            Because = mode == "local" ? best.Local.Because : best.Mode.Because,
            Changes = best.Changes,
            SameSize = same.Sum(reach => reach.Choices),
        };
    }

    /// <summary>The place of a set in the order of the catalog, as text that sorts so.</summary>
    private string Place(Reach reach) => string.Concat(reach.Changes.Select(change =>
        $"{(char)('0' + _order.IndexOf(change.Fact))}{(char)('0' + FactCatalog.Find(change.Fact)!.IndexOf(change.To))}"));

    /// <summary>For each pair of rows that gives the mode, what it takes to come into both.</summary>
    private IEnumerable<Reach> Reaches(string mode)
    {
        var backend = file.Mode.Inputs.ToList().IndexOf(FactCatalog.LocalBackend);
        return from row in file.Mode.Rows
               where row.Outcome.Value == mode
               from local in file.Local.Rows
               where backend < 0 || (row.Cells[backend] & (1u << FactCatalog.LocalBackend.IndexOf(local.Outcome.Value))) != 0
               let needed = Needed(file.Local, local).Concat(Needed(file.Mode, row)).ToList()
               select new Reach(
                   row, local,
                   [.. needed.Select(need => Easiest(need.Input, need.Cell)).OrderBy(change => _order.IndexOf(change.Fact))],
                   needed.Aggregate(1L, (product, need) => product * BitOperations.PopCount(need.Cell)));
    }

    private IEnumerable<(FactDefinition Input, uint Cell)> Needed(RuleTable table, Row row) =>
        from i in Enumerable.Range(0, table.Inputs.Count)
        let input = table.Inputs[i]
        where input != FactCatalog.LocalBackend && (row.Cells[i] & (1u << input.IndexOf(facts[input.Id]))) == 0
        select (input, row.Cells[i]);

    private FactChange Easiest(FactDefinition input, uint cell)
    {
        var from = facts[input.Id];
        var remedy = Cube.Values(input, cell).Select(to => Remedies.Of(input.Id, from, to)).MinBy(remedy => remedy.Effort)!;
        return new FactChange(input.Id, from, remedy.To, remedy.Effort, "");
    }

    private sealed record Reach(Row Mode, Row Local, IReadOnlyList<FactChange> Changes, long Choices)
    {
        public bool IsPossible => Changes.All(change => change.Effort != Effort.Never);
    }
}
