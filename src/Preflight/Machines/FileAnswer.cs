using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Machines;

/// <summary>What became of reading a file: its text, or it is not there, or the reason why that cannot be told.</summary>
/// <param name="Path">As the machine names it.</param>
/// <param name="Text">The content.</param>
/// <param name="Cause">Set when it could be neither read nor found absent.</param>
public sealed record FileAnswer(string Path, string? Text, string? Cause)
{
    private const int LinesMax = 5;

    /// <summary>True only when the system said that there is no such file.</summary>
    public bool IsAbsent => Text is null && Cause is null;

    /// <summary>The read as evidence.</summary>
    public Evidence Evidence => new($"read {Path}")
    {
        Lines = Text is null ? [] : FirstLines(Text),
        Cause = Cause ?? (IsAbsent ? "no such file" : null),
    };

    /// <summary>The first lines of a text, safe to show.</summary>
    internal static IReadOnlyList<string> FirstLines(string text)
    {
        var lines = new List<string>();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            if (lines.Count == LinesMax)
            {
                break;
            }

            if (text.AsSpan(range).Length > 0)
            {
                lines.Add(Printable.Text(text[range].TrimEnd()));
            }
        }

        return lines;
    }
}

/// <summary>What became of listing a folder.</summary>
public sealed record FolderAnswer(string Path, IReadOnlyList<string>? Names, string? Cause)
{
    public bool IsAbsent => Names is null && Cause is null;

    public Evidence Evidence => new($"listed {Path}")
    {
        Lines = Names is null ? [] : [string.Join(' ', Names.Take(32).Select(Printable.Text))],
        Cause = Cause ?? (IsAbsent ? "no such folder" : null),
    };
}
