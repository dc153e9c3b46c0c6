using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;
using CsCheck;

namespace AslRescue.Preflight.Tests.Decisions;

public sealed class RuleFileReaderTests
{
    [Theory]
    [InlineData("format = 1", "format = 2", "the file says format = 1")]
    [InlineData("issued = \"2026", "issued = \"26", "issued = \"YYYY-MM-DD\" is missing")]
    [InlineData("id = \"no-tools\"", "id = \"no-module\"", "two rows are called no-module")]
    [InlineData("when.zfs.tools = \"no\"", "when.zfs.tols = \"no\"", "zfs.tols is no input of table local")]
    [InlineData("when.zfs.tools = \"no\"", "when.zfs.tools = \"nope\"", "nope is no value of zfs.tools")]
    [InlineData("when.zfs.tools = \"no\"", "when.zfs.tools = []", "when.zfs.tools is no cell")]
    [InlineData("when.zfs.tools = \"no\"", "when.zfs.tools = [\"not no\", \"yes\"]", "when.zfs.tools mixes values with exclusions")]
    [InlineData("when.zfs.tools = \"no\"", "when.zfs.tools = [\"not no\", \"not yes\", \"not unknown\"]", "when.zfs.tools excludes every value")]
    [InlineData("then = \"several\"", "then = \"both\"", "both is no outcome")]
    [InlineData("then = \"several\"", "then = \"several\"\napproval = \"config\"", "approval is wrong here")]
    [InlineData("then = \"several\"", "then = \"several\"\nbecuase = \"x\"", "the key becuase means nothing here")]
    [InlineData("zfs.tools = [\"yes\", \"no\", \"unknown\"]", "zfs.tools = [\"yes\", \"no\"]", "the values of zfs.tools are not the program's")]
    [InlineData("zfs.tools = [\"yes\", \"no\", \"unknown\"]", "zfs.tool = [\"yes\", \"no\", \"unknown\"]", "no fact is called zfs.tool")]
    [InlineData("[mode.inputs]", "[mode.input]", "[mode.inputs] is missing")]
    [InlineData("[mode.inputs]", "[mode.inputs]\nlocal.kind = [\"zfs\", \"directory\", \"unknown\"]", "both tables look at local.kind")]
    public void A_file_that_is_not_wholly_understood_is_refused(string from, string to, string what)
    {
        var place = TableText.Shipped.IndexOf(from, StringComparison.Ordinal);
        Assert.True(place >= 0);
        var verdict = TableText.Prove(TableText.Shipped[..place] + to + TableText.Shipped[(place + from.Length)..]);
        Assert.Null(verdict.Rules);
        Assert.Contains(what, verdict.Findings.Select(finding => finding.Error.What));
    }

    [Fact]
    public void A_finding_names_the_line()
    {
        var verdict = TableText.Prove(TableText.Shipped.Replace("then = \"several\"", "thn = \"several\"", StringComparison.Ordinal));
        var line = TableText.Shipped.Split('\n').ToList().IndexOf("then = \"several\"") + 1;
        Assert.Contains($"rules/preflight.toml:{line}", verdict.Findings.Select(finding => finding.Error.Where));
    }

    [Fact]
    public void What_is_no_TOML_is_refused() =>
        Assert.Equal(ErrorCode.RulesSyntax, Assert.Single(TableText.Prove("[mode\n").Findings).Error.Code);

    [Fact]
    public void A_missing_file_is_a_finding() =>
        Assert.Equal(ErrorCode.RulesMissing, Assert.Single(TableProof.Prove("/nowhere/preflight.toml").Findings).Error.Code);

    [Fact]
    public void A_file_that_ends_within_an_escape_is_refused() =>
        Assert.Equal(ErrorCode.RulesSyntax, Assert.Single(TableText.Prove("x = \"\\").Findings).Error.Code);

    [Fact]
    public void Random_bytes_never_prove_and_never_throw() => Gen.Byte.Array[0, 400].Sample(bytes =>
        Assert.Null(TableProof.Prove("x", bytes).Rules));

    [Fact]
    public void A_damaged_table_never_throws() => Gen.Select(Gen.Int[0, TableText.Shipped.Length - 1], Gen.Char.AlphaNumeric).Sample(
        (place, letter) => TableText.Prove(TableText.Shipped[..place] + letter + TableText.Shipped[(place + 1)..]), iter: 300);
}
