using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>The table as `asl-admin rules show` draws it, by the real program.</summary>
public sealed class RulesShowTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_document_shows_what_the_program_draws()
    {
        var drawn = _scratch.Admin("rules", "show", "--rules", Table).EndsWith(0).Output;

        Assert.Contains($"```text\n{drawn}```\n", File.ReadAllText(Checkout.PathOf("docs/decision-table.md")), StringComparison.Ordinal);
        Assert.All(drawn.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("C", "| no-tools | no", "│")]
    [InlineData("C.UTF-8", "│ no-tools │ no", "+--")]
    public void A_terminal_gets_the_lines_that_it_can_show(string locale, string has, string hasNot)
    {
        var shown = _scratch.Shell($"script --quiet --command 'LC_ALL={locale} asl-admin rules show --rules {Table}' /dev/null").EndsWith(0).Output;

        Assert.Contains(has, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(hasNot, shown, StringComparison.Ordinal);
    }

    private static string Table => Checkout.PathOf("rules/preflight.toml");
}
