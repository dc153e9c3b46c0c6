using System.Text;

namespace AslRescue.Tools.Output;

/// <summary>Command lines that can be typed, or pasted, as they are shown.</summary>
internal static class ShellWords
{
    private const string Safe = "/._-+=:@%,…";

    /// <summary>A word as a shell reads it: every other character gets a backslash.</summary>
    internal static string Quote(string word)
    {
        var quoted = new StringBuilder(word.Length);
        foreach (var character in word)
        {
            _ = char.IsAsciiLetterOrDigit(character) || character > 127 || Safe.Contains(character, StringComparison.Ordinal)
                ? quoted.Append(character)
                : quoted.Append('\\').Append(character);
        }

        return quoted.Length == 0 ? "''" : quoted.ToString();
    }

    /// <summary>
    /// A command on lines of at most so many columns. All but the last end in a backslash, so that a shell reads them as one; a word
    /// that is longer than a line is cut, and goes on at the very beginning of the next.
    /// </summary>
    internal static IReadOnlyList<string> Wrap(string command, int columns)
    {
        List<string> lines = [""];
        foreach (var word in Words(command))
        {
            var gap = lines[^1].Length == 0 ? "" : " ";
            if (lines[^1].Length + gap.Length + word.Length + 2 <= columns)
            {
                lines[^1] += gap + word;
                continue;
            }

            if (gap.Length > 0)
            {
                lines[^1] += " \\";
                lines.Add("");
            }

            Cut(lines, word, columns);
        }

        return lines;
    }

    private static void Cut(List<string> lines, string word, int columns)
    {
        while (word.Length + 2 > columns)
        {
            var length = columns - 1;
            while (word[length - 1] == '\\')
            {
                length--;
            }

            lines[^1] = word[..length] + "\\";
            lines.Add("");
            word = word[length..];
        }

        lines[^1] = word;
    }

    /// <summary>Splits at blanks that no backslash protects.</summary>
    private static IEnumerable<string> Words(string command)
    {
        var word = new StringBuilder();
        for (var index = 0; index < command.Length; index++)
        {
            if (command[index] != ' ')
            {
                word.Append(command[index]);
                if (command[index] == '\\' && index + 1 < command.Length)
                {
                    word.Append(command[++index]);
                }
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }
}
