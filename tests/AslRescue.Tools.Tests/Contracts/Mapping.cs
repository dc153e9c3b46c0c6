using System.Globalization;
using AslRescue.Audit.Rules;

namespace AslRescue.Tools.Tests.Contracts;

/// <summary>A promise of the schema.</summary>
internal sealed record Guarantee(string Id, int Section, string Text);

/// <summary>What keeps some guarantees and clauses, and what shows it.</summary>
internal sealed record Mapped(IReadOnlyList<string> Clauses, IReadOnlyList<string> Operations, IReadOnlyList<string> Tests);

/// <summary>rules/mapping.toml.</summary>
internal sealed record Mapping(IReadOnlyList<Guarantee> Guarantees, IReadOnlyList<Mapped> Maps)
{
    internal IEnumerable<Mapped> Of(string clause) => Maps.Where(map => map.Clauses.Contains(clause));

    internal static Mapping Read(string path)
    {
        var (parts, why) = TomlText.Read(File.ReadAllBytes(path));
        Assert.Null(why);
        Assert.All(parts.Skip(1), part => Assert.Contains(part.Header, (string[])["guarantee", "map"]));
        return new Mapping(
            [.. parts.Where(part => part.Header == "guarantee").Select(part => new Guarantee(part.Text("id")!, int.Parse(part.Text("section")!, CultureInfo.InvariantCulture), part.Text("text")!))],
            [.. parts.Where(part => part.Header == "map").Select(part => new Mapped(part.Texts("of"), part.Texts("operations"), part.Texts("tests")))]);
    }
}
