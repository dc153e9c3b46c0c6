using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Tests;

public sealed class MachineTests
{
    private static readonly Lazy<Task<IReadOnlyList<(string Name, PreflightResult Result)>>> Runs = new(RunAllAsync);

    public static TheoryData<string> Machines => [.. MachineFolder.Names];

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task A_machine_leads_to_the_decision_that_its_folder_expects(string name)
    {
        using var machine = new MachineFolder(name);
        var result = await machine.RunAsync();
        var facts = result.Record.Facts.ToDictionary(fact => fact.Id, fact => fact.Value);
        foreach (var expected in machine.Expected.Entries.Where(entry => entry.Key is not ("without" or "scan")))
        {
            var actual = expected.Key switch
            {
                "mode" => result.Decision.Mode,
                "needs" => result.Decision.Approval.ToString().ToLowerInvariant(),
                "row" => result.Decision.Row,
                "local-row" => result.Decision.LocalRow,
                var fact => facts[fact],
            };
            Assert.True((string)expected.Value! == actual, $"{expected.Key} is {actual}, not {expected.Value}\n{result.Text}");
        }

        Assert.DoesNotContain(result.Record.Probes, probe => probe.Problem is not null);
    }

    [Fact]
    public async Task Every_row_is_hit_and_every_value_of_every_fact_is_seen()
    {
        var rules = TableProof.Prove(Repository.ShippedTable).Rules!;
        var (rows, values) = (new HashSet<string?>(), new HashSet<(string, string?)>());
        foreach (var (_, result) in await Runs.Value)
        {
            rows.UnionWith([result.Decision.Row, result.Decision.LocalRow]);
            values.UnionWith(result.Record.Facts.Select(fact => (fact.Id, (string?)fact.Value)));
            values.Add((FactIds.LocalBackend, result.Decision.LocalBackend));
        }

        var every = FactCatalog.All.Append(FactCatalog.LocalBackend).SelectMany(fact => fact.Values.Select(value => (fact.Id, (string?)value)));
        Assert.Empty(every.Except(values));
        Assert.Empty(rules.File.Tables.SelectMany(table => table.Rows).Select(row => row.Id).Except(rows));
    }

    [Fact]
    public async Task An_unknown_fact_says_why()
    {
        foreach (var (name, result) in await Runs.Value)
        {
            var unknown = result.Record.Facts.Where(fact => fact.IsUnknown);
            Assert.All(unknown, fact => Assert.False(string.IsNullOrWhiteSpace(fact.Says), $"{name}: {fact.Id}"));
        }
    }

    [Fact]
    public async Task Every_machine_is_described_for_a_console_of_80_columns()
    {
        foreach (var (name, result) in await Runs.Value)
        {
            var installed = result.Record with { Table = result.Record.Table with { Path = "/etc/asl/rules/preflight.toml" } };
            Assert.All((result with { Record = installed }).Text.Split('\n'), line => Assert.True(line.Length <= 80, $"{name}: {line}"));
        }
    }

    private static async Task<IReadOnlyList<(string Name, PreflightResult Result)>> RunAllAsync()
    {
        var runs = new List<(string, PreflightResult)>();
        foreach (var name in MachineFolder.Names)
        {
            using var machine = new MachineFolder(name);
            runs.Add((name, await machine.RunAsync()));
        }

        return runs;
    }
}
