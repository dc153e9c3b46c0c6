using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>What intake is to do, and why.</summary>
public sealed record Decision
{
    /// <summary>local, remote or wait: the word of /run/asl/mode.</summary>
    public required string Mode { get; init; }

    /// <summary>Who has to say yes.</summary>
    public required Approval Approval { get; init; }

    /// <summary>The row of table `mode` that was hit; null when no table could be evaluated.</summary>
    public string? Row { get; init; }

    /// <summary>The row of table `local` that was hit.</summary>
    public string? LocalRow { get; init; }

    /// <summary>What table `local` said: a value of local.backend.</summary>
    public string? LocalBackend { get; init; }

    /// <summary>The reason that the row gives, or why no row could be asked.</summary>
    public required string Because { get; init; }

    /// <summary>What a person has to confirm before the local backend is used, in the words of its row; null when that is nothing.</summary>
    public string? Confirm { get; init; }

    /// <summary>Further reasons: of the other row, and of facts that are not as they should be.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>To wait because nothing could be decided.</summary>
    public static Decision Undecided(string because) => new() { Mode = "wait", Approval = Approval.None, Because = because };
}

/// <summary>Asks the tables. The order is fixed: what `local` says is an input of `mode`.</summary>
public sealed class DecisionMaker(IRowEvaluator evaluator)
{
    /// <summary>The decision for these facts.</summary>
    public Decision Decide(ProvedRules rules, IReadOnlyList<Fact> facts)
    {
        var values = facts.ToDictionary(fact => fact.Id, fact => fact.Value);
        var local = evaluator.Hits(rules, rules.File.Local, values);
        if (local is not [var backend])
        {
            return Broken("local", local);
        }

        values[FactIds.LocalBackend] = backend.Outcome.Value;
        return evaluator.Hits(rules, rules.File.Mode, values) is var mode && mode is [var row]
            ? new Decision
            {
                Mode = row.Outcome.Value,
                Approval = row.Outcome.Approval,
                Row = row.Id,
                LocalRow = backend.Id,
                LocalBackend = backend.Outcome.Value,
                Because = row.Because,
                Confirm = ToConfirm(backend, row),
                Reasons = [.. Reasons(rules, backend, row, facts)],
            }
            : Broken("mode", mode);
    }

    private static string? ToConfirm(Row backend, Row row) => (row.Outcome.Value, backend.Outcome.Value) is ("local", "confirm") ? backend.Because : null;

    /// <summary>
    /// A proved table has one row for every world, so this is a defect of the evaluator. To wait is still the right answer: the
    /// operator is told, and nothing was touched.
    /// </summary>
    private static Decision Broken(string table, IReadOnlyList<Row> hits) => Decision.Undecided(
        $"a defect: table {table} is proved, but {hits.Count} rows were hit ({string.Join(", ", hits.Select(row => row.Id))})");

    private static IEnumerable<string> Reasons(ProvedRules rules, Row backend, Row row, IReadOnlyList<Fact> facts)
    {
        yield return $"local backend: {backend.Because}";
        foreach (var fact in facts.Where(fact => IsReason(rules, backend, row, fact)))
        {
            yield return fact.IsUnknown ? $"{fact.Id} is unknown: {fact.Says}" : $"{fact.Id} = {fact.Value}: {fact.Says}";
        }
    }

    /// <summary>
    /// Facts that one of the rows looked at, and the clock when it is wrong, as then nothing else may be believed.
    /// </summary>
    private static bool IsReason(ProvedRules rules, Row backend, Row row, Fact fact) =>
        LookedAt(rules.File.Local, backend, fact.Id) || LookedAt(rules.File.Mode, row, fact.Id)
        || fact is { Id: FactIds.ClockSane, Value: "no" }
        || (fact.Id == FactIds.RemoteAnswer && row.Outcome.Value != "local" && fact.Value is not ("answers" or "unset"));

    private static bool LookedAt(RuleTable table, Row row, string fact)
    {
        var input = table.Inputs.ToList().FindIndex(input => input.Id == fact);
        return input >= 0 && row.Cells[input] != RuleTable.AnyOf(table.Inputs[input]);
    }
}
