using System.Globalization;

namespace AslRescue.Shared.Configuration;

/// <summary>A text and the positions in it. Lines and columns count from 1, columns in characters (code points) as editors count.</summary>
internal sealed class SourceText
{
    private readonly List<int> _lineStarts = [0];

    public SourceText(string path, string text)
    {
        Path = path;
        Text = text;
        for (var at = text.IndexOf('\n', StringComparison.Ordinal); at >= 0; at = text.IndexOf('\n', at + 1))
        {
            _lineStarts.Add(at + 1);
        }
    }

    public string Path { get; }

    public string Text { get; }

    /// <summary>"path:line:column" of an offset in UTF-16 units; an offset past the end is the end.</summary>
    public string Where(int offset)
    {
        offset = Math.Clamp(offset, 0, Text.Length);
        var found = _lineStarts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        var column = 0;
        foreach (var _ in Text.AsSpan(_lineStarts[line], offset - _lineStarts[line]).EnumerateRunes())
        {
            column++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Path}:{line + 1}:{column + 1}");
    }
}
