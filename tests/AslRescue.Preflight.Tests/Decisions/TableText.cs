using System.Text;
using AslRescue.Preflight.Decisions;

namespace AslRescue.Preflight.Tests.Decisions;

/// <summary>The shipped table, with changes made to its text.</summary>
internal static class TableText
{
    public static string Shipped { get; } = File.ReadAllText(Repository.ShippedTable);

    public static TableVerdict Prove(string text) => TableProof.Prove("rules/preflight.toml", Encoding.UTF8.GetBytes(text));

    public static string Without(string table, string row)
    {
        var (begin, end) = Block(table, row);
        return Shipped[..begin] + Shipped[end..];
    }

    /// <summary>Changes one row: the text of its block is given and returned.</summary>
    public static string With(string table, string row, Func<string, string> change)
    {
        var (begin, end) = Block(table, row);
        var changed = change(Shipped[begin..end]);
        Assert.NotEqual(Shipped[begin..end], changed);
        return Shipped[..begin] + changed + Shipped[end..];
    }

    private static (int Begin, int End) Block(string table, string row)
    {
        var begin = Shipped.IndexOf($"[[{table}.row]]\nid = \"{row}\"\n", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"no row {row} in table {table}");
        var end = Shipped.IndexOf("\n\n", begin, StringComparison.Ordinal) + 2;
        return (begin, end < 2 ? Shipped.Length : end);
    }
}
