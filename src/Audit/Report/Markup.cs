using System.Text;

namespace AslRescue.Audit.Report;

/// <summary>Text as HTML. Everything that comes from evidence goes through <see cref="Of"/>: a file name must not become a script.</summary>
internal static class Markup
{
    private const int LongCharacters = 48;

    public static string Of(string? text)
    {
        var made = new StringBuilder();
        foreach (var letter in Text.Readable(text ?? ""))
        {
            _ = letter switch
            {
                '&' => made.Append("&amp;"),
                '<' => made.Append("&lt;"),
                '>' => made.Append("&gt;"),
                '"' => made.Append("&quot;"),
                '\'' => made.Append("&#39;"),
                _ => made.Append(letter),
            };
        }

        return made.ToString();
    }

    /// <summary>A table: its head, and rows of cells that are HTML already.</summary>
    public static string Table(string css, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        var made = new StringBuilder($"<table class=\"{css}\"><thead><tr>");
        foreach (var cell in head)
        {
            made.Append("<th>").Append(cell).Append("</th>");
        }

        made.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            made.Append("<tr>");
            foreach (var cell in row)
            {
                // Only what is long may break within a word: a short one beside it would be squeezed first.
                made.Append(cell.Length > LongCharacters ? "<td class=\"long\">" : "<td>").Append(cell).Append("</td>");
            }

            made.Append("</tr>\n");
        }

        return made.Append("</tbody></table>\n").ToString();
    }

    /// <summary>Names and values, one below the other.</summary>
    public static string Pairs(IEnumerable<(string Name, string Html)> pairs)
    {
        var made = new StringBuilder("<dl>");
        foreach (var (name, html) in pairs)
        {
            made.Append("<dt>").Append(Of(name)).Append("</dt><dd>").Append(html).Append("</dd>\n");
        }

        return made.Append("</dl>\n").ToString();
    }

    /// <summary>A digest, or any other word that is compared letter by letter.</summary>
    public static string Code(string? text) => $"<code>{Of(text)}</code>";
}
