using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;
using CsCheck;

namespace AslRescue.Preflight.Tests.Decisions;

public sealed class TableProofTests
{
    [Fact]
    public void A_deleted_row_is_reported_with_the_smallest_counterexample() => Golden.CompareNamed(
        "gap", Findings(TableText.Without("mode", "auto-nothing")));

    [Fact]
    public void A_deleted_row_of_the_local_table_is_reported_with_the_smallest_counterexample() => Golden.CompareNamed(
        "gap-local", Findings(TableText.Without("local", "pool-healthy")));

    [Fact]
    public void An_overlapping_row_is_reported_with_the_smallest_counterexample() => Golden.CompareNamed(
        "overlap",
        Findings(TableText.Shipped + "\n[[mode.row]]\nid = \"new\"\nwhen.remote.answer = \"no-dns\"\nthen = \"wait\"\nbecause = \"…\"\n"));

    [Fact]
    public void A_proved_table_is_summed_up() => Golden.CompareNamed("proved", Digits(Findings(TableText.Shipped)));

    /// <summary>Digests change with every change of the table.</summary>
    private static string Digits(string text) => System.Text.RegularExpressions.Regex.Replace(text, "[0-9a-f]{64}", "(64 digits)");

    [Fact]
    public void A_duplicate_is_called_one() => Golden.CompareNamed(
        "duplicate",
        Findings(TableText.Shipped
            + "\n[[mode.row]]\nid = \"again\"\nwhen.config.mode = \"unknown\"\nthen = \"wait\"\nbecause = \"…\"\n"));

    [Fact]
    public void A_shadowed_row_is_called_one() => Golden.CompareNamed(
        "shadowed",
        Findings(TableText.Shipped
            + "\n[[mode.row]]\nid = \"inner\"\nwhen.config.mode = \"unknown\"\nwhen.remote.answer = \"answers\"\nthen = \"wait\"\nbecause = \"…\"\n"));

    [Fact]
    public void A_row_that_several_shadow_together_is_called_shadowed() => Assert.Equal(
        ["row spread of table mode is shadowed"],
        TableText.Prove(TableText.Shipped
            + "\n[[mode.row]]\nid = \"spread\"\nwhen.config.mode = \"remote\"\nwhen.remote.endpoint = \"set\"\nwhen.local.backend = \"none\"\nthen = \"wait\"\nbecause = \"…\"\n")
            .Findings.Where(finding => finding.Error.Code == ErrorCode.RulesUnreachable).Select(finding => finding.Error.What));

    [Fact]
    public void A_row_that_nothing_leads_to_is_unreachable()
    {
        var text = TableText.Shipped
            .Replace("then = \"several\"", "then = \"none\"", StringComparison.Ordinal)
            .Replace("[\"several\", \"none\", \"unknown\"]", "[\"none\", \"unknown\"]", StringComparison.Ordinal)
            + "\n[[mode.row]]\nid = \"alone\"\nwhen.config.mode = \"local\"\nwhen.local.backend = \"several\"\n"
            + "when.approval.local = [\"config\", \"none\"]\nthen = \"wait\"\nbecause = \"…\"\n";
        var finding = Assert.Single(TableText.Prove(text).Findings);
        Assert.Equal((ErrorCode.RulesUnreachable, "row alone of table mode is never hit"), (finding.Error.Code, finding.Error.What));
        Assert.Equal([("local.backend", "several")], finding.Counterexample);
    }

    [Fact]
    public void Sums_and_visits_agree_on_small_random_tables() => Gen.Int[1, 6].SelectMany(rows => Rows(rows)).Sample(rows =>
    {
        var table = Table(rows);
        var hits = Worlds(table).Select(world => rows.Count(row => Cube.Meets(row, world))).ToList();
        var findings = Findings(table);
        Assert.Equal(hits.Contains(0), findings.Exists(finding => finding.Error.Code == ErrorCode.RulesGap));
        Assert.Equal(hits.Exists(count => count > 1), findings.Exists(finding => finding.Error.Code == ErrorCode.RulesOverlap));
    });

    [Fact]
    public void No_description_of_a_gap_is_smaller_than_the_one_reported() => Gen.Int[1, 6].SelectMany(rows => Rows(rows)).Sample(rows =>
    {
        var table = Table(rows);
        var gap = Findings(table).Find(finding => finding.Error.Code == ErrorCode.RulesGap);
        if (gap is not null)
        {
            Assert.Equal(SmallestByTrying(table), gap.Counterexample.Count);
        }
    });

    private static readonly FactDefinition[] Inputs =
        [FactCatalog.Find("net.link")!, FactCatalog.Find("approval.local")!, FactCatalog.Find("config.mode")!, FactCatalog.Find("remote.endpoint")!];

    private static Gen<uint[][]> Rows(int count) =>
        Gen.Select(Cell(0), Cell(1), Cell(2), Cell(3), (a, b, c, d) => new[] { a, b, c, d }).Array[count];

    private static Gen<uint> Cell(int input) => Gen.UInt[1, RuleTable.AnyOf(Inputs[input])];

    private static RuleTable Table(uint[][] rows) => new(
        "mode", FactCatalog.Mode, Inputs,
        [.. rows.Select((cells, i) => new Row($"r{i}", cells, new RowOutcome("wait", Approval.None), "", i))]);

    private static List<RuleFinding> Findings(RuleTable table)
    {
        var nothing = new RuleTable("local", FactCatalog.LocalBackend, [], []);
        return [.. TableProof.Prove(new RuleFile(nothing with { Rows = [new Row("x", [], new RowOutcome("unknown", Approval.None), "", 1)] }, table, default, [], ""), "x").Findings];
    }

    private static IEnumerable<uint[]> Worlds(RuleTable table) => table.Inputs.Aggregate(
        (IEnumerable<uint[]>)[[]],
        (worlds, input) => worlds.SelectMany(world => input.Values.Select((_, i) => (uint[])[.. world, 1u << i])));

    /// <summary>Tries every description: for each fact one value, or none.</summary>
    private static int SmallestByTrying(RuleTable table) => table.Inputs.Aggregate(
            (IEnumerable<uint[]>)[[]],
            (cubes, input) => cubes.SelectMany(cube =>
                input.Values.Select((_, i) => 1u << i).Append(RuleTable.AnyOf(input)).Select(cell => (uint[])[.. cube, cell])))
        .Where(cube => !table.Rows.Any(row => Cube.Meets(row.Cells, cube)))
        .Min(cube => Cube.Constrained(table, cube));

    private static string Findings(string text) => new RulesCheckResult(TableText.Prove(text)).Text;
}
