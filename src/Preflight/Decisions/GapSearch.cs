namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Finds the smallest description of a gap. A description fixes some facts to one value each; it describes a gap when every row
/// is excluded by at least one of them. The search allows one more fact in each round, so the first find is a smallest one. It
/// only follows values that still lead to uncovered worlds, which the caller has from subtracting the rows: without that it would
/// wander through the covered part of the table, which is nearly all of it.
/// </summary>
internal sealed class GapSearch(RuleTable table, IReadOnlyList<uint[]> uncovered)
{
    /// <summary>The cube of the smallest description.</summary>
    public uint[] Smallest()
    {
        for (var facts = 0; facts <= table.Inputs.Count; facts++)
        {
            if (Search(table.Everything(), facts) is { } found)
            {
                return found;
            }
        }

        throw new InvalidOperationException("a table with uncovered worlds has no gap");
    }

    /// <summary>The same gap with every cell as wide as the gap is there: the cells of a row that would close it.</summary>
    public uint[] Widened(uint[] gap)
    {
        for (var i = 0; i < gap.Length; i++)
        {
            var any = RuleTable.AnyOf(table.Inputs[i]);
            for (var value = 1u; value <= any; value <<= 1)
            {
                var wider = Cube.With(gap, i, gap[i] | value);
                gap = table.Rows.Any(row => Cube.Meets(row.Cells, wider)) ? gap : wider;
            }
        }

        return gap;
    }

    private uint[]? Search(uint[] cube, int factsLeft)
    {
        if (table.Rows.FirstOrDefault(row => Cube.Meets(row.Cells, cube)) is not { } row)
        {
            return cube;
        }

        return factsLeft == 0
            ? null
            : Excluding(cube, row).Select(next => Search(next, factsLeft - 1)).FirstOrDefault(found => found is not null);
    }

    /// <summary>The cube with one more fact fixed, so that the row no longer covers any of it.</summary>
    private IEnumerable<uint[]> Excluding(uint[] cube, Row row)
    {
        for (var i = 0; i < cube.Length; i++)
        {
            var any = RuleTable.AnyOf(table.Inputs[i]);
            if (cube[i] != any)
            {
                continue;
            }

            for (var value = 1u; value <= any; value <<= 1)
            {
                var next = Cube.With(cube, i, value);
                if ((value & row.Cells[i]) == 0 && uncovered.Any(world => Cube.Meets(world, next)))
                {
                    yield return next;
                }
            }
        }
    }
}
