using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Toml;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Reads a cell: a value, a list of values (any of them), "not x" or a list of these (none of them), or "-" (whatever it is).
/// </summary>
internal static class CellReader
{
    private const string Not = "not ";

    public static uint Read(FactDefinition input, TomlEntry entry, Action<int, string, string, string> invalid)
    {
        var any = RuleTable.AnyOf(input);
        if (entry.Texts is not { Count: > 0 } texts)
        {
            invalid(entry.Line, $"{entry.Key} is no cell", "a cell is a value or a list of values", "write \"-\" for any value");
            return any;
        }

        if (texts is ["-"])
        {
            return any;
        }

        var negated = texts.Count(text => text.StartsWith(Not, StringComparison.Ordinal));
        if (negated > 0 && negated < texts.Count)
        {
            invalid(entry.Line, $"{entry.Key} mixes values with exclusions", "such a list can be read in two ways", "list the values");
            return any;
        }

        var cell = Values(input, texts.Select(text => negated > 0 ? text[Not.Length..] : text), entry, invalid);
        cell = negated > 0 ? any & ~cell : cell;
        if (cell == 0)
        {
            invalid(entry.Line, $"{entry.Key} excludes every value", "the row could never be hit", "remove the row");
        }

        return cell;
    }

    private static uint Values(
        FactDefinition input, IEnumerable<string> texts, TomlEntry entry, Action<int, string, string, string> invalid)
    {
        var cell = 0u;
        foreach (var text in texts)
        {
            if (input.IndexOf(text) is var index and >= 0)
            {
                cell |= 1u << index;
            }
            else
            {
                invalid(entry.Line, $"{text} is no value of {input.Id}", $"it can be {string.Join(", ", input.Values)}", "choose one");
            }
        }

        return cell;
    }
}
