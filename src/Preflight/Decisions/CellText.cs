using System.Numerics;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>Writes a cell in the shorter of its two forms: the values it takes, or those it excludes.</summary>
internal static class CellText
{
    /// <summary>As it stands in the file: "a", ["a", "b"], "not c".</summary>
    public static string Toml(FactDefinition input, uint cell)
    {
        var values = Shorter(input, cell).Select(value => $"\"{value}\"").ToList();
        return values.Count == 1 ? values[0] : $"[{string.Join(", ", values)}]";
    }

    /// <summary>As it is drawn: a, b or not c; "-" for any value.</summary>
    public static string Drawn(FactDefinition input, uint cell) =>
        cell == RuleTable.AnyOf(input) ? "-" : string.Join(", ", Shorter(input, cell));

    private static IEnumerable<string> Shorter(FactDefinition input, uint cell)
    {
        var rest = RuleTable.AnyOf(input) & ~cell;
        return BitOperations.PopCount(rest) is > 0 and var excluded && excluded < BitOperations.PopCount(cell) && excluded <= 2
            ? Cube.Values(input, rest).Select(value => "not " + value)
            : Cube.Values(input, cell);
    }
}
