using System.Diagnostics;
using AslRescue.Preflight.Decisions;

namespace AslRescue.Preflight.Tests.Decisions;

public sealed class ShippedTableTests
{
    private static readonly TableVerdict Verdict = TableProof.Prove(Repository.ShippedTable);

    public static TheoryData<string, string> Rows =>
        [.. Verdict.File!.Tables.SelectMany(table => table.Rows.Select(row => (table.Name, row.Id)))];

    [Fact]
    public void The_shipped_table_is_proved()
    {
        Assert.Empty(Verdict.Findings);
        Assert.NotNull(Verdict.Rules);
        Assert.Equal(Verdict.Digest, Verdict.Rules.File.Digest);
    }

    [Fact]
    public void The_proof_takes_less_than_a_second_of_processor_time()
    {
        Assert.Contains(Enumerable.Range(0, 5), _ => IsFast()); // What runs beside it counts, too; a proof that is slow is slow each time.
    }

    private static bool IsFast()
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        TableProof.Prove(Repository.ShippedTable);
        return watch.Elapsed < TimeSpan.FromSeconds(1) || Process.GetCurrentProcess().TotalProcessorTime - before < TimeSpan.FromSeconds(1);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Each_row_is_the_only_one_hit_in_its_own_world(string table, string id)
    {
        var rules = Verdict.Rules!;
        var inputs = rules.File.Tables.Single(one => one.Name == table);
        var row = inputs.Rows.Single(one => one.Id == id);
        var world = inputs.Inputs.Select((input, i) => (input, value: Cube.Values(input, row.Cells[i]).Last()))
            .ToDictionary(pair => pair.input.Id, pair => pair.value);
        Assert.Equal([id], new MaskEvaluator().Hits(rules, inputs, world).Select(hit => hit.Id));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Deleting_a_row_is_found_with_a_counterexample_that_the_row_covered(string table, string id)
    {
        var verdict = TableText.Prove(TableText.Without(table, id));
        Assert.Null(verdict.Rules);
        var gap = Assert.Single(verdict.Findings, finding => finding.Error.Code == Shared.Errors.ErrorCode.RulesGap);
        var inputs = Verdict.File!.Tables.Single(one => one.Name == table);
        var row = inputs.Rows.Single(one => one.Id == id);
        Assert.NotEmpty(gap.Counterexample);
        Assert.All(gap.Counterexample, pair =>
        {
            var place = inputs.Inputs.ToList().FindIndex(input => input.Id == pair.Fact);
            Assert.Contains(pair.Value, Cube.Values(inputs.Inputs[place], row.Cells[place]));
        });
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_proposed_row_closes_the_gap(string table, string id)
    {
        var without = TableText.Without(table, id);
        var gap = TableText.Prove(without).Findings.Single(finding => finding.ProposedRow is not null);
        var closed = TableText.Prove(without + "\n" + gap.ProposedRow + "\n");
        Assert.DoesNotContain(closed.Findings, finding => finding.Error.Code is
            Shared.Errors.ErrorCode.RulesOverlap or Shared.Errors.ErrorCode.RulesLemma or Shared.Errors.ErrorCode.RulesInvalid);
    }

    [Fact]
    public void Another_table_gives_another_decision_with_the_same_program()
    {
        var text = TableText.With("mode", "auto-local-ask", row => row
            .Replace("then = \"local\"\napproval = \"required\"", "then = \"wait\"", StringComparison.Ordinal));
        var verdict = TableText.Prove(text);
        Assert.NotNull(verdict.Rules);
        Assert.NotEqual(Verdict.Rules!.ProofDigest, verdict.Rules.ProofDigest);
    }
}
