using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// L2: not knowing a fact leads to waiting, or to what would be decided whatever the fact is. It is enough to look at one unknown
/// fact at a time: a world with two is compared with worlds that have one, and these with worlds that have none.
/// The table `local` says `unknown` where the table `mode` waits; as L2 holds for both, it holds for what they say together.
/// </summary>
internal static class UnknownLemma
{
    public const string Id = "L2";

    public const string Sentence =
        "Under an unknown fact the outcome is to wait (in table local: unknown), or what every value that it hides would give.";

    /// <summary>Pairs of rows that break it: with `unknown` the bold row, with another value the other.</summary>
    public static IEnumerable<(Row Bold, Row Other, int Input, uint[] World)> Violations(RuleTable table)
    {
        var patient = table.Answer == FactCatalog.Mode ? "wait" : FactDefinition.Unknown;
        foreach (var bold in table.Rows.Where(row => row.Outcome.Value != patient))
        {
            for (var i = 0; i < table.Inputs.Count; i++)
            {
                if (Smallest(table, bold, i) is { } violation)
                {
                    yield return violation;
                }
            }
        }
    }

    private static (Row, Row, int, uint[])? Smallest(RuleTable table, Row bold, int input)
    {
        var unknown = table.Inputs[input].IndexOf(FactDefinition.Unknown);
        if (unknown < 0 || (bold.Cells[input] & (1u << unknown)) == 0)
        {
            return null;
        }

        var whatever = Cube.With(bold.Cells, input, RuleTable.AnyOf(table.Inputs[input]));
        var broken = from other in table.Rows
                     where other.Outcome != bold.Outcome
                     let world = Cube.Intersect(whatever, other.Cells)
                     where world is not null
                     orderby Cube.Constrained(table, world)
                     select ((Row, Row, int, uint[])?)(bold, other, input, world);
        return broken.FirstOrDefault();
    }
}
