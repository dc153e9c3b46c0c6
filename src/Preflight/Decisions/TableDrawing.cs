using System.Globalization;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Draws a table as a person would, 80 columns wide: a line for each row, a column for each fact, "-" where a row does not look. A
/// table that is too wide is drawn in parts: by the first fact in which its rows differ, with what all rows of a part have in common
/// above it. What no row of a part looks at has no column there.
/// </summary>
public static class TableDrawing
{
    /// <summary>The parts, then the reason of each row.</summary>
    /// <param name="table">The table.</param>
    /// <param name="isPlain">Draw the lines with characters that every terminal has.</param>
    public static string Draw(RuleTable table, bool isPlain = false)
    {
        var text = new TextLayout();
        text.Line(string.Create(CultureInfo.InvariantCulture, $"Table {table.Name}: {table.Rows.Count} rows for {table.Worlds} worlds"));
        Part(text, table, [.. table.Rows], isPlain);
        text.Gap();
        foreach (var row in table.Rows)
        {
            text.Entry(row.Id + ":", 3, row.Because);
        }

        return text.ToString();
    }

    private static void Part(TextLayout text, RuleTable table, List<Row> rows, bool isPlain)
    {
        var differing = Enumerable.Range(0, table.Inputs.Count).Where(i => rows.Any(row => row.Cells[i] != rows[0].Cells[i])).ToList();
        var grid = new GridDrawing([Head(table, differing), .. rows.Select(row => Line(table, row, differing))]);
        if (!grid.Fits && differing.Count > 1)
        {
            foreach (var part in rows.GroupBy(row => row.Cells[differing[0]]))
            {
                Part(text, table, [.. part], isPlain);
            }

            return;
        }

        text.Gap();
        if (Common(table, rows[0], differing) is { Length: > 0 } common)
        {
            text.Entry("when", 5, common + ":");
        }

        foreach (var line in grid.Draw(isPlain))
        {
            text.Line(line);
        }
    }

    private static string Common(RuleTable table, Row row, List<int> differing) => string.Join("; ",
        from i in Enumerable.Range(0, table.Inputs.Count).Except(differing)
        where row.Cells[i] != RuleTable.AnyOf(table.Inputs[i])
        select $"{table.Inputs[i].Id} = {CellText.Drawn(table.Inputs[i], row.Cells[i])}");

    private static string[] Head(RuleTable table, List<int> inputs) => ["row", .. inputs.Select(i => table.Inputs[i].Id), table.Answer.Id];

    private static string[] Line(RuleTable table, Row row, List<int> inputs) =>
        [row.Id, .. inputs.Select(i => CellText.Drawn(table.Inputs[i], row.Cells[i])), row.Outcome.ToString()];
}
