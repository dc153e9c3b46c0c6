using System.Text.RegularExpressions;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// A grid of texts with lines around them, no wider than a console. Texts wrap at blanks and after a hyphen or a dot. A column begins
/// as wide as its longest piece; what is left of the console goes where it saves the most lines.
/// </summary>
internal sealed partial class GridDrawing
{
    private const int Width = 80;
    private const string Lines = "┌┬┐├┼┤└┴┘─│";
    private const string PlainLines = "+++++++++-|";

    private readonly IReadOnlyList<string[]> _rows;
    private readonly int[] _widths;

    /// <param name="rows">The head, then all others; each with as many texts.</param>
    public GridDrawing(IReadOnlyList<string[]> rows)
    {
        _rows = rows;
        _widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => Pieces(row[column]).Max(piece => piece.Trim().Length)))];
        Widen();
    }

    /// <summary>Whether the grid is as narrow as a console.</summary>
    public bool Fits => Spare >= 0;

    private int Spare => Width - 1 - _widths.Sum(width => width + 3);

    /// <summary>The lines.</summary>
    public IEnumerable<string> Draw(bool isPlain)
    {
        var line = isPlain ? PlainLines : Lines;
        var isLined = _rows.Skip(1).Any(row => Height(row) > 1);
        yield return Rule(line[..3], line[9]);
        for (var i = 0; i < _rows.Count; i++)
        {
            if (i == 1 || (i > 1 && isLined))
            {
                yield return Rule(line[3..6], line[9]);
            }

            foreach (var text in Row(_rows[i], line[10]))
            {
                yield return text;
            }
        }

        yield return Rule(line[6..9], line[9]);
    }

    private string Rule(string corners, char line) =>
        corners[0] + string.Join(corners[1], _widths.Select(width => new string(line, width + 2))) + corners[2];

    private IEnumerable<string> Row(string[] row, char bar)
    {
        var cells = row.Select((text, column) => Wrapped(text, _widths[column])).ToList();
        for (var i = 0; i < cells.Max(cell => cell.Count); i++)
        {
            yield return $"{bar} {string.Join($" {bar} ", cells.Select((cell, column) => (i < cell.Count ? cell[i] : "").PadRight(_widths[column])))} {bar}";
        }
    }

    private void Widen()
    {
        while (Spare > 0)
        {
            var before = _rows.Sum(Height);
            var best = (from column in Enumerable.Range(0, _widths.Length)
                        from more in Enumerable.Range(1, Spare)
                        let saved = before - Widened(column, more)
                        where saved > 0
                        orderby (double)saved / more descending
                        select (Column: column, More: more)).FirstOrDefault();
            if (best.More == 0)
            {
                return;
            }

            _widths[best.Column] += best.More;
        }
    }

    private int Widened(int column, int more)
    {
        _widths[column] += more;
        var height = _rows.Sum(Height);
        _widths[column] -= more;
        return height;
    }

    private int Height(string[] row) => row.Select((text, column) => Wrapped(text, _widths[column]).Count).Max();

    private static List<string> Wrapped(string text, int width)
    {
        List<string> lines = [""];
        foreach (var piece in Pieces(text))
        {
            if (lines[^1].Length > 0 && (lines[^1] + piece).TrimEnd().Length > width)
            {
                lines.Add("");
            }

            lines[^1] += piece;
        }

        return [.. lines.Select(line => line.TrimEnd())];
    }

    private static IEnumerable<string> Pieces(string text) => Piece().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"[^ .-]*[ .-]+|[^ .-]+")]
    private static partial Regex Piece();
}
