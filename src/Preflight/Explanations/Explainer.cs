using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// Explains a recorded decision. It needs the record and the table, and no machine: what was seen is in the record, so any
/// record can be explained anywhere, a year later too.
/// </summary>
public static class Explainer
{
    /// <summary>Facts that have no evidence of their own, and the facts that they are drawn from.</summary>
    private static readonly Dictionary<string, string[]> DrawnFrom = new()
    {
        [FactIds.PoolState] = [FactIds.PoolCandidate],
        [FactIds.PoolHealth] = [FactIds.PoolCandidate],
        [FactIds.PoolEncryption] = [FactIds.PoolCandidate],
        [FactIds.RemoteAnswer] =
        [
            FactIds.NetLink, FactIds.NetAddress, FactIds.NetRoute, FactIds.NetDns, FactIds.NetTcp, FactIds.NetTls, FactIds.NetHttp,
        ],
    };

    /// <summary>The explanation. It makes the decision again from the recorded facts, by the table that is given.</summary>
    /// <param name="record">The record.</param>
    /// <param name="rules">The table that the record names; <see cref="RecordedDecision"/> sees to that.</param>
    public static Explanation Explain(DecisionRecord record, ProvedRules rules)
    {
        var values = record.Facts.ToDictionary(fact => fact.Id, fact => fact.Value);
        var maker = new DecisionMaker(new MaskEvaluator());
        var decision = maker.Decide(rules, record.Facts);
        var bases = rules.File.Tables.SelectMany(table => table.Inputs)
            .Select(input => input == FactCatalog.LocalBackend ? Backend(decision, rules) : Basis(input.Id, record)).ToList();
        values[FactIds.LocalBackend] = decision.LocalBackend ?? FactDefinition.Unknown;
        return new Explanation
        {
            BootId = record.BootId,
            Time = record.Time,
            Decision = decision,
            Table = record.Table,
            Rows = [.. rules.File.Tables.SelectMany(table => table.Rows.Select(row => Verdict(table, row, values)))],
            Facts = bases,
            Changes = [.. Plans(rules.File, values, decision.Mode, new RemedyText(record))],
            Naming = [.. Namings(record, facts => maker.Decide(rules, facts))],
            Auto = values[FactIds.ConfigMode] is "local" or "remote" ? maker.Decide(rules, [.. record.Facts.Select(Automatic)]) : null,
        };
    }

    /// <summary>Only where a named pool would be looked at, and none is named.</summary>
    private static IEnumerable<PoolNaming> Namings(DecisionRecord record, Func<IReadOnlyList<Fact>, Decision> decide) =>
        record.Facts.Any(fact => fact is { Id: FactIds.PoolCandidate, Value: "named" } or { Id: FactIds.LocalKind, Value: not "zfs" })
            ? []
            : from pool in record.Pools
              where pool.State != "destroyed"
              let facts = record.Facts.Select(fact => fact.Id switch
              {
                  FactIds.PoolCandidate => fact with { Value = "named", Says = pool.Describe() },
                  FactIds.PoolState => fact with { Value = pool.State },
                  FactIds.PoolHealth => fact with { Value = pool.Health },
                  _ => fact,
              })
              select new PoolNaming(pool.Name, new RemedyText(record).Naming(pool.Guid), decide([.. facts]));

    private static Fact Automatic(Fact fact) =>
        fact.Id == FactIds.ConfigMode ? fact with { Value = "auto", Says = "as if nothing were ordered" } : fact;

    private static IEnumerable<ChangePlan> Plans(
        RuleFile file, Dictionary<string, string> facts, string mode, RemedyText remedies) =>
        from other in FactCatalog.Mode.Values
        where other != mode
        from plan in new ChangeSearch(file, facts).Plans(other)
        select plan with { Changes = [.. plan.Changes.Select(change => change with { How = remedies.Of(change, plan.Changes) })] };

    private static RowVerdict Verdict(RuleTable table, Row row, Dictionary<string, string> facts)
    {
        var looks = Enumerable.Range(0, table.Inputs.Count).Where(i => row.Cells[i] != RuleTable.AnyOf(table.Inputs[i])).ToList();
        var fails = looks.Where(i => (row.Cells[i] & (1u << table.Inputs[i].IndexOf(facts[table.Inputs[i].Id]))) == 0).ToList();
        Cell Cell(int i) => new(table.Inputs[i].Id, facts[table.Inputs[i].Id], [.. Cube.Values(table.Inputs[i], row.Cells[i])]);
        return new RowVerdict(
            table.Name, row.Id, row.Outcome.ToString(), row.Because, [.. looks.Select(Cell)], fails.Count == 0 ? null : Cell(fails[0]));
    }

    private static FactBasis Backend(Decision decision, ProvedRules rules) => new(
        FactIds.LocalBackend, decision.LocalBackend ?? FactDefinition.Unknown,
        $"row {decision.LocalRow} of table local: {rules.File.Local.Rows.First(row => row.Id == decision.LocalRow).Because}", []);

    private static FactBasis Basis(string id, DecisionRecord record)
    {
        var facts = record.Facts.Where(fact => fact.Id == id || DrawnFrom.GetValueOrDefault(id, []).Contains(fact.Id)).ToList();
        var fact = facts.Single(fact => fact.Id == id);
        return new FactBasis(id, fact.Value, fact.Says, [.. facts.SelectMany(one => one.Evidence).DistinctBy(one => (one.Looked, one.Cause))]);
    }
}
