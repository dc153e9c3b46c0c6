using AslRescue.Intake.Control;
using Spectre.Console.Rendering;

namespace AslRescue.Tools.Output;

/// <summary>
/// The status on one screen of plain text, 80 columns by 24 lines, without colours or any character that a serial terminal could lack
/// (but for names that have some). What does not fit is shortened, longest first; warnings and commands never are.
/// </summary>
internal static class StatusScreen
{
    // One column stays empty, or some terminals begin another line; one line stays for the prompt.
    private const int Columns = 79;
    internal const int LinesMax = 23;
    private const int LabelColumns = 10;
    private const string Cut = "...";

    internal static IReadOnlyList<string> Lines(IntakeStatus status, DateTimeOffset now, int linesMax = LinesMax)
    {
        List<(StatusField Field, List<string> Lines)> parts = [.. StatusFields.Of(status, now).Select(field => (field, Wrapped(field)))];
        while (parts.Sum(part => part.Lines.Count) > linesMax && Longest(parts) is { Count: > 0 } lines)
        {
            lines.RemoveAt(lines.Count - 1);
            if (lines.Count > 0)
            {
                lines[^1] = Shortened(lines[^1]);
            }
        }

        return [.. parts.SelectMany(part => part.Lines.Select((line, index) => Labelled(part.Field, line, index)))];
    }

    /// <summary>What is the most above its minimum; when nothing is, the longest that may be shortened at all.</summary>
    private static List<string>? Longest(List<(StatusField Field, List<string> Lines)> parts)
    {
        var (field, lines) = parts.MaxBy(part => part.Lines.Count - part.Field.LinesMin);
        return lines.Count > field.LinesMin ? lines : parts.Where(part => part.Field.LinesMin != StatusField.All).Select(part => part.Lines).MaxBy(other => other.Count);
    }

    private static string Labelled(StatusField field, string line, int index) => field.IsCommand
        ? index == 0 ? $"{field.Label,-LabelColumns} {line}" : line
        : $"{(index == 0 ? field.Label : ""),-LabelColumns} {line}";

    private static List<string> Wrapped(StatusField field) =>
        [.. field.IsCommand ? ShellWords.Wrap(field.Text, Columns - LabelColumns - 1) : Wrap(field.Text, Columns - LabelColumns - 1)];

    /// <summary>Breaks at blanks, and inside words that are longer than a line.</summary>
    private static IEnumerable<string> Wrap(string text, int columns)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var rest = word;
            if (line.Length > 0 && Width(line) + 1 + Width(rest) <= columns)
            {
                line += " " + rest;
                continue;
            }

            if (line.Length > 0)
            {
                yield return line;
            }

            while (Width(rest) > columns)
            {
                var length = Fitting(rest, columns);
                yield return rest[..length];
                rest = rest[length..];
            }

            line = rest;
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }

    /// <summary>How many characters of a text fit, at least one; a pair of surrogates stays together.</summary>
    private static int Fitting(string text, int columns)
    {
        var length = Math.Min(columns, text.Length);
        while (length > 1 && (Width(text[..length]) > columns || char.IsHighSurrogate(text[length - 1])))
        {
            length--;
        }

        return length;
    }

    private static string Shortened(string line)
    {
        var room = Columns - LabelColumns - 1 - Cut.Length;
        return (Width(line) > room ? line[..Fitting(line, room)] : line) + Cut;
    }

    /// <summary>Columns on a terminal: some characters take two.</summary>
    private static int Width(string text) => new Segment(text).CellCount();
}
