namespace AslRescue.Preflight.Decisions;

/// <summary>
/// The seam behind which rows are evaluated: facts in, hit rows out. docs/adr/0010-rule-evaluation.md says what may stand here.
/// </summary>
public interface IRowEvaluator
{
    /// <summary>All rows of one table that are hit. An honest evaluator of a proved table returns exactly one.</summary>
    /// <param name="rules">Proved, which only <see cref="TableProof"/> can make.</param>
    /// <param name="table">One of its tables.</param>
    /// <param name="facts">Fact id to value; one for each input of the table.</param>
    IReadOnlyList<Row> Hits(ProvedRules rules, RuleTable table, IReadOnlyDictionary<string, string> facts);
}

/// <summary>Compares masks. Nothing is compiled and nothing reflected: it costs less than opening the file.</summary>
public sealed class MaskEvaluator : IRowEvaluator
{
    /// <inheritdoc/>
    public IReadOnlyList<Row> Hits(ProvedRules rules, RuleTable table, IReadOnlyDictionary<string, string> facts)
    {
        var world = table.Inputs.Select(input => 1u << input.IndexOf(facts[input.Id])).ToArray();
        return [.. table.Rows.Where(row => Cube.Meets(row.Cells, world))];
    }
}
