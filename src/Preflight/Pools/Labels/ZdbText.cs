using System.Globalization;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// Reads what `zdb -l DEVICE` prints: an indented list of `name: value`, where deeper lines belong to the last line above that is
/// less deep. Texts are in single quotes and not escaped, so a value is taken between the first and the last quote of its line.
/// zdb prints one block for each set of labels that are equal; the newest block counts. It also prints labels whose checksum is wrong,
/// and says so in some versions (not in Debian's 2.1.11); ZFS does not use them, so they do not count here.
/// </summary>
public static class ZdbText
{
    private const string BadChecksum = "(Bad label cksum)";

    /// <summary>The newest label, or null when the text holds none that counts.</summary>
    public static PoolLabel? Read(string text)
    {
        var blocks = new List<List<string>>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("LABEL ", StringComparison.Ordinal))
            {
                blocks.Add([]);
            }

            blocks.LastOrDefault()?.Add(line);
        }

        return blocks.Where(block => !block[0].Contains(BadChecksum, StringComparison.Ordinal))
            .Select(block => LabelConfiguration.Of(Parse(block))).OfType<PoolLabel>().MaxBy(label => label.Txg);
    }

    private static LabelField Parse(IReadOnlyList<string> block)
    {
        var root = new LabelField("");
        var open = new Stack<(int Indent, LabelField Field)>([(-1, root)]);
        foreach (var line in block.Skip(1))
        {
            var text = line.Trim();
            if (!text.Contains(':', StringComparison.Ordinal))
            {
                continue;
            }

            var indent = line.Length - line.TrimStart().Length;
            while (open.Peek().Indent >= indent)
            {
                open.Pop();
            }

            var field = Field(text);
            open.Peek().Field.Children.Add(field);
            open.Push((indent, field));
        }

        return root;
    }

    /// <summary>Name and value. The name of a feature holds a colon itself and stands alone on its line.</summary>
    private static LabelField Field(string text)
    {
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        var (name, value) = colon < 0 ? (text.TrimEnd(':'), "") : (text[..colon], text[(colon + 2)..].Trim());
        var isText = value.Length >= 2 && value.StartsWith('\'') && value.EndsWith('\'');
        return isText ? new LabelField(name, Text: value[1..^1])
            : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new LabelField(name, Number: number)
            : new LabelField(name);
    }
}
