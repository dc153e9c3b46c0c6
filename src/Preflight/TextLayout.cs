using System.Text;

namespace AslRescue.Preflight;

/// <summary>Text in columns for a console of 80 characters: a label, then words that wrap under themselves.</summary>
internal sealed class TextLayout
{
    private const int Width = 80;

    private readonly StringBuilder _text = new();

    /// <summary>An empty line.</summary>
    public void Gap() => _text.Append('\n');

    /// <summary>A line as it is.</summary>
    public void Line(string line) => _text.Append(line).Append('\n');

    /// <summary>A line as far as it fits.</summary>
    public void Clipped(string line) => Line(line.Length <= Width ? line : line[..(Width - 3)] + "...");

    /// <summary>A label, padded, and words beside it. A word that is longer than its line is broken where the line ends.</summary>
    public void Entry(string label, int column, string words)
    {
        var line = new StringBuilder(label.PadRight(column - 1));
        var isEmpty = true;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(Width - column).Select(part => new string(part))))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Width)
            {
                Line(line.ToString());
                line.Clear().Append(' ', column - 1);
            }

            line.Append(' ').Append(word);
            isEmpty = false;
        }

        Line(line.ToString().TrimEnd());
    }

    public override string ToString() => _text.ToString();
}
