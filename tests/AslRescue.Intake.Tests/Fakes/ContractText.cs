using System.Text.RegularExpressions;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A clause as words: read by the tests' own eyes, with none of the code under test.</summary>
internal sealed record ContractRow(string Id, string From, string Trigger, string To, IReadOnlyList<string> Requires);

/// <summary>rules/intake.toml, read by regular expressions.</summary>
internal static partial class ContractText
{
    public static IReadOnlyList<ContractRow> Rows { get; } = Read(File.ReadAllText(Repository.ContractPath));

    public static ContractRow? Find(string from, string trigger) => Rows.SingleOrDefault(row => row.From == from && row.Trigger == trigger);

    private static IReadOnlyList<ContractRow> Read(string text) =>
    [
        .. text.Split("[[clause]]").Skip(1).Select(clause => new ContractRow(
            Value(clause, "id"), Value(clause, "from"), Value(clause, "trigger"), Value(clause, "to"),
            [.. Quoted().Matches(List().Match(clause).Groups[1].Value).Select(match => match.Groups[1].Value)])),
    ];

    private static string Value(string clause, string key) => Regex.Match(clause, $"^{key} = \"([^\"]+)\"", RegexOptions.Multiline).Groups[1].Value;

    [GeneratedRegex("^requires = \\[(.*)\\]", RegexOptions.Multiline)]
    private static partial Regex List();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();
}
