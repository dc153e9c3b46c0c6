using System.Text;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Tests.Decisions;

namespace AslRescue.Preflight.Tests;

/// <summary>
/// docs/decision-table.md is partly drawn: what stands between its markers comes from the file and the program.
/// </summary>
public sealed class DocumentTests
{
    private static readonly string Document = Path.Combine(Repository.Root, "docs/decision-table.md");

    [Fact]
    public async Task The_document_draws_the_table_the_lemmas_the_facts_and_the_mutants_as_they_are()
    {
        var rules = TableProof.Prove(Repository.ShippedTable).Rules!;
        var text = File.ReadAllText(Document);
        text = Between(text, "lemmas", Lines(rules.Sentences.Select(lemma => $"- **{lemma.Id}** (table {lemma.Table}) {lemma.Sentence}")));
        text = Between(text, "tables", $"```text\n{string.Join('\n', rules.File.Tables.Select(table => TableDrawing.Draw(table)))}```\n");
        text = Between(text, "facts", Lines(FactCatalog.All.Select(fact => $"- `{fact.Id}`: {fact.Meaning}. Values: {string.Join(", ", fact.Values)}.")));
        text = Between(text, "mutants", await MutantRun.ReportAsync());
        Golden.Compare(Document, text);
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static string Between(string text, string name, string content)
    {
        var begin = text.IndexOf($"<!-- {name} -->\n", StringComparison.Ordinal) + $"<!-- {name} -->\n".Length;
        var end = text.IndexOf("<!-- end -->", begin, StringComparison.Ordinal);
        return new StringBuilder(text).Remove(begin, end - begin).Insert(begin, content).ToString();
    }
}
