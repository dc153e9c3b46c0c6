namespace AslRescue.Preflight.Tests.Decisions;

/// <summary>Whether the proof and the recorded machines would notice a wrong table: every small mistake is made, one at a time.</summary>
public sealed class MutantTests
{
    [Fact]
    public async Task No_mutant_of_the_shipped_table_survives() => Assert.DoesNotContain(
        await MutantRun.ResultsAsync(), result => result.Fate == Fate.Survives);

    [Fact]
    public async Task What_is_the_same_in_every_world_is_understood()
    {
        string[] understood =
        [
            // Each row of `mode` takes ready and import alike: whether an import is needed, intake finds out when it attaches.
            "outcome changed: local/mounted: ready became import",

            // Each row of `mode` takes several and unknown alike: either way nobody can say which backend is meant.
            "outcome changed: local/several-pools: several became unknown",
        ];
        Assert.Equal(understood, (await MutantRun.ResultsAsync()).Where(result => result.Fate == Fate.Equivalent).Select(result => result.Mutant.ToString()));
    }

    [Theory]
    [InlineData("ready", "import")]
    [InlineData("several", "unknown")]
    public void The_table_mode_takes_the_two_answers_alike(string one, string other)
    {
        var mode = Explanations.RecordedMachines.Rules.File.Mode;
        var backend = mode.Inputs.ToList().IndexOf(Facts.FactCatalog.LocalBackend);
        Assert.All(mode.Rows, row => Assert.Equal(Takes(row, one), Takes(row, other)));

        bool Takes(Preflight.Decisions.Row row, string answer) => (row.Cells[backend] & (1u << mode.Inputs[backend].IndexOf(answer))) != 0;
    }

    [Fact]
    public async Task Every_row_and_every_cell_has_its_mutants()
    {
        var results = await MutantRun.ResultsAsync();
        var rows = Explanations.RecordedMachines.Rules.File.Tables.SelectMany(table => table.Rows.Select(row => (table, row))).ToList();
        Assert.Equal(rows.Count, results.Count(result => result.Mutant.Kind == Mutant.RowRemoved));
        Assert.Equal(rows.Sum(pair => pair.table.LooksAt(pair.row).Count()), results.Count(result => result.Mutant.Kind == Mutant.CellAny));
        Assert.Equal(results.Count, results.Select(result => (result.Mutant.Kind, result.Mutant.Text)).Distinct().Count());
    }
}
