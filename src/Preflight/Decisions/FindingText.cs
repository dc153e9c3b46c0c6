using System.Text;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Decisions;

/// <summary>Says what a proof found, in the words of the file: facts, values, rows and lines.</summary>
internal sealed class FindingText(RuleTable table, string path)
{
    public RuleFinding Gap(uint[] world, uint[] row, long worlds) =>
        Finding(
            ErrorCode.RulesGap, $"table {table.Name} has a gap", null, world,
            $"no row says what happens {When(world)} ({worlds} worlds in all are without a row)",
            "add a row, for instance the one below") with { ProposedRow = Proposal(row) };

    public RuleFinding Overlap(Row first, Row second, uint[] both) =>
        Finding(
            ErrorCode.RulesOverlap, $"rows {first.Id} and {second.Id} of table {table.Name} {Relation(first, second)}", second, both,
            $"both are hit {When(both)}", "narrow one of them, or remove it");

    public RuleFinding Broken(Lemma lemma, Row row, uint[] world) =>
        Finding(
            ErrorCode.RulesLemma, $"row {row.Id} of table {table.Name} breaks {lemma.Id}", row, world,
            $"{lemma.Sentence} But {When(world)} the row says: {row.Outcome}", "narrow the row or change its outcome");

    public RuleFinding Bold(Row bold, Row other, int input, uint[] world)
    {
        var fact = table.Inputs[input];
        var unknown = Cube.With(world, input, 1u << fact.IndexOf(FactDefinition.Unknown));
        var hidden = Cube.Values(fact, world[input]).First();
        return Finding(
            ErrorCode.RulesLemma, $"row {bold.Id} of table {table.Name} breaks {UnknownLemma.Id}", bold, unknown,
            $"{UnknownLemma.Sentence} But {When(unknown)} the row says: {bold.Outcome}; "
            + $"with {fact.Id} = {hidden} row {other.Id} says: {other.Outcome}",
            $"take {fact.Id} = {FactDefinition.Unknown} out of the row, and wait there");
    }

    public RuleFinding Shadowed(Row row, IEnumerable<Row> others) =>
        Finding(
            ErrorCode.RulesUnreachable, $"row {row.Id} of table {table.Name} is shadowed", row, [.. row.Cells],
            $"each of its worlds is also in one of {string.Join(", ", others.Select(other => other.Id))}", "remove it, or narrow the others");

    public RuleFinding Unreachable(Row row, int input) =>
        Finding(
            ErrorCode.RulesUnreachable, $"row {row.Id} of table {table.Name} is never hit", row, Cube.With(table.Everything(), input, row.Cells[input]),
            $"no row of table local gives {string.Join(" or ", Cube.Values(table.Inputs[input], row.Cells[input]))}",
            "remove it, or add the row that leads to it");

    private RuleFinding Finding(ErrorCode code, string what, Row? row, uint[] world, string why, string fix) =>
        new(new AslError(code, what) { Where = row is null ? path : $"{path}:{row.Line}", Why = why, Fix = fix })
        {
            Counterexample = [.. Example(world)],
        };

    private string When(uint[] world)
    {
        var facts = Example(world).Select(pair => $"{pair.Fact} = {pair.Value}").ToList();
        return facts.Count == 0 ? "in every world" : "when " + string.Join(", ", facts);
    }

    /// <summary>One value for each fact that the cube says anything about.</summary>
    private IEnumerable<(string Fact, string Value)> Example(uint[] world) =>
        from i in Enumerable.Range(0, world.Length)
        where world[i] != RuleTable.AnyOf(table.Inputs[i])
        select (table.Inputs[i].Id, Cube.Values(table.Inputs[i], world[i]).First());

    private static string Relation(Row first, Row second) =>
        (Cube.Contains(first.Cells, second.Cells), Cube.Contains(second.Cells, first.Cells)) switch
        {
            (true, true) => "are duplicates",
            (true, false) => $"overlap: {first.Id} shadows the whole of {second.Id}",
            (false, true) => $"overlap: {second.Id} shadows the whole of {first.Id}",
            _ => "overlap",
        };

    private string Proposal(uint[] row)
    {
        var isMode = table.Answer == FactCatalog.Mode;
        var text = new StringBuilder($"[[{table.Name}.row]]\nid = \"a-new-row\"\n");
        for (var i = 0; i < row.Length; i++)
        {
            if (row[i] != RuleTable.AnyOf(table.Inputs[i]))
            {
                text.Append($"when.{table.Inputs[i].Id} = {CellText.Toml(table.Inputs[i], row[i])}\n");
            }
        }

        return text.Append($"then = \"{(isMode ? "wait" : FactDefinition.Unknown)}\"\nbecause = \"…\"").ToString();
    }
}
