using System.Text;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Draws a table as a person would: a line for each row, a column for each fact, "-" where a row does not look. The columns are
/// aligned and fenced, so the drawing is plain text and Markdown at once.
/// </summary>
public static class TableDrawing
{
    /// <summary>The grid, then the reason of each row.</summary>
    public static string Draw(RuleTable table)
    {
        var text = new StringBuilder(Grid(table)).Append('\n');
        foreach (var row in table.Rows)
        {
            text.Append("- `").Append(row.Id).Append("`: ").Append(row.Because).Append('\n');
        }

        return text.ToString();
    }

    private static string Grid(RuleTable table)
    {
        List<string[]> lines = [Head(table), .. table.Rows.Select(row => Line(table, row))];
        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToList();
        lines.Insert(1, [.. widths.Select(width => new string('-', width))]);
        return string.Concat(lines.Select(line => "| " + string.Join(" | ", line.Select((cell, i) => cell.PadRight(widths[i]))) + " |\n"));
    }

    private static string[] Head(RuleTable table) => ["row", .. table.Inputs.Select(input => input.Id), table.Answer.Id];

    private static string[] Line(RuleTable table, Row row) =>
        [row.Id, .. row.Cells.Select((cell, i) => CellText.Drawn(table.Inputs[i], cell)), row.Outcome.ToString()];
}
