using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Tests.Decisions;

/// <summary>Each lemma is broken by a change that an author might make; the proof names the lemma and the row.</summary>
public sealed class LemmaTests
{
    public static TheoryData<string, string, string, string, string> Mutations => new()
    {
        { "L1.1", "mode", "auto-local-ask", "approval = \"required\"", "approval = \"none\"" },
        { "L1.2", "mode", "auto-local-ask", "approval = \"required\"", "approval = \"config\"" },
        { "L1.3", "mode", "auto-remote-ask", "approval = \"required\"", "approval = \"config\"" },
        { "L1.4", "mode", "auto-local-confirm", "approval = \"required\"", "approval = \"config\"" },
        { "L1.5", "local", "named-foreign", "then = \"confirm\"", "then = \"import\"" },
        { "L1.6", "local", "pool-degraded", "then = \"confirm\"", "then = \"import\"" },
        { "L1.7", "local", "pool-of-the-crashed", "then = \"none\"", "then = \"confirm\"" },
        { "L2", "mode", "auto-remote-unclear", "then = \"wait\"", "then = \"local\"\napproval = \"required\"" },
        { "L2", "local", "tools-unknown", "then = \"unknown\"", "then = \"none\"" },
        { "L3.1", "mode", "local-impossible", "then = \"wait\"", "then = \"remote\"\napproval = \"required\"" },
        { "L3.2", "mode", "remote-ask", "then = \"remote\"", "then = \"local\"" },
        { "L3.3", "mode", "config-unreadable", "then = \"wait\"", "then = \"local\"\napproval = \"required\"" },
        { "L4.1", "mode", "local-impossible", "then = \"wait\"", "then = \"local\"\napproval = \"required\"" },
        { "L4.2", "mode", "remote-impossible", "then = \"wait\"", "then = \"remote\"\napproval = \"required\"" },
        { "L4.3", "mode", "auto-nothing", "then = \"wait\"", "then = \"remote\"\napproval = \"required\"" },
        { "L4.4", "local", "no-tools", "then = \"none\"", "then = \"import\"" },
        { "L4.5", "local", "no-module", "then = \"none\"", "then = \"confirm\"" },
        { "L4.6", "local", "several-pools", "then = \"several\"", "then = \"import\"" },
        { "L4.7", "local", "pool-state-unknown", "then = \"unknown\"", "then = \"confirm\"" },
        { "L4.8", "local", "pool-broken", "then = \"none\"", "then = \"confirm\"" },
        { "L4.9", "local", "mount-taken", "then = \"none\"", "then = \"ready\"" },
        { "L4.10", "local", "directory-usable", "then = \"ready\"", "then = \"import\"" },
        { "L4.11", "local", "directory-volatile", "then = \"confirm\"", "then = \"ready\"" },
        { "L4.12", "local", "directory-unusable", "then = \"none\"", "then = \"confirm\"" },
    };

    [Theory]
    [MemberData(nameof(Mutations))]
    public void A_row_that_breaks_a_lemma_is_found(string lemma, string table, string row, string from, string to)
    {
        var verdict = TableText.Prove(TableText.With(table, row, text => text.Replace(from, to, StringComparison.Ordinal)));
        Assert.Null(verdict.Rules);
        Assert.Contains(verdict.Findings, finding => finding.Error.Code == ErrorCode.RulesLemma
            && finding.Error.What == $"row {row} of table {table} breaks {lemma}");
    }

    [Fact]
    public void Every_built_in_lemma_has_a_table_that_breaks_it() => Assert.Equal(
        Lemmas.BuiltIn.Select(lemma => lemma.Id).Append(UnknownLemma.Id).Order(),
        Mutations.Select(mutation => mutation.Data.Item1).Distinct().Order());

    [Fact]
    public void A_broken_lemma_is_explained() => Golden.CompareNamed(
        "lemma",
        string.Join("\n\n", TableText.Prove(TableText.With("local", "named-foreign", row => row.Replace("confirm", "import", StringComparison.Ordinal))).Findings) + "\n");

    [Fact]
    public void A_bold_row_under_unknown_is_explained() => Golden.CompareNamed(
        "lemma-unknown",
        string.Join("\n\n", TableText.Prove(TableText.With(
            "mode", "auto-remote-unclear", row => row.Replace("then = \"wait\"", "then = \"local\"\napproval = \"required\"", StringComparison.Ordinal))).Findings) + "\n");

    [Fact]
    public void Leaving_an_input_out_does_not_get_around_a_lemma()
    {
        var text = TableText.Shipped.Split('\n').Where(line => !line.Contains("pool.state", StringComparison.Ordinal));
        Assert.Contains(TableText.Prove(string.Join('\n', text)).Findings, finding => finding.Error.Code == ErrorCode.RulesLemma
            && finding.Error.What.EndsWith("L1.5", StringComparison.Ordinal));
    }

    /// <summary>What an author might try, each with a row that breaks L1.2: the file is refused, and never proved.</summary>
    [Theory]
    [InlineData("\n[[lemma]]\nid = \"L1.2\"\ntable = \"mode\"\nsentence = \"Anything goes.\"\nnever = []\n", "L1.2 is a sentence of the program")]
    [InlineData("\n[[lemma]]\nid = \"L2\"\ntable = \"mode\"\nsentence = \"Anything goes.\"\nnever = \"wait\"\n", "L2 is a sentence of the program")]
    [InlineData("\n[lemmas]\nL1.2 = false\n", "[lemmas] means nothing")]
    [InlineData("\n[lemma]\nid = \"L1.2\"\nenabled = false\n", "[lemma] means nothing")]
    [InlineData("\n[[lemma]]\nid = \"off\"\ntable = \"mode\"\nsentence = \"x\"\nnever = \"wait\"\nreplaces = \"L1.2\"\n", "the key replaces means nothing here")]
    [InlineData("", "row auto-local-ask of table mode breaks L1.2")]
    public void No_line_of_a_file_switches_a_sentence_off(string line, string what)
    {
        var broken = TableText.With("mode", "auto-local-ask", row => row.Replace("approval = \"required\"", "approval = \"config\"", StringComparison.Ordinal));
        var verdict = TableText.Prove(broken + line);
        Assert.Null(verdict.Rules);
        Assert.Contains(what, verdict.Findings.Select(finding => finding.Error.What));
    }

    [Theory]
    [InlineData("skip = [\"L1.2\"]")]
    [InlineData("lemmas = []")]
    [InlineData("proved = true")]
    public void No_line_at_the_head_of_a_file_switches_a_sentence_off(string line) => Assert.Contains(
        TableText.Prove(TableText.Shipped.Replace("format = 1", line + "\nformat = 1", StringComparison.Ordinal)).Findings,
        finding => finding.Error.What.EndsWith("means nothing here", StringComparison.Ordinal));

    [Fact]
    public void A_file_can_add_a_lemma()
    {
        const string Never = "\n[[lemma]]\nid = \"site-1\"\ntable = \"mode\"\nsentence = \"We never go remote.\"\nnever = [\"remote\"]\n";
        var findings = TableText.Prove(TableText.Shipped + Never).Findings;
        Assert.NotEmpty(findings);
        Assert.All(findings, finding => Assert.EndsWith("breaks site-1", finding.Error.What, StringComparison.Ordinal));
    }

    [Fact]
    public void A_lemma_of_the_file_that_holds_is_part_of_the_proof()
    {
        const string Rule = "\n[[lemma]]\nid = \"site-2\"\ntable = \"mode\"\nsentence = \"Not without a link.\"\n"
            + "when.config.mode = \"auto\"\nwhen.remote.answer = \"no-link\"\nnever = \"remote\"\n";
        Assert.Contains("site-2", TableText.Prove(TableText.Shipped + Rule).Rules!.Statement, StringComparison.Ordinal);
    }
}
