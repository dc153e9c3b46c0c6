using AslRescue.Preflight.Decisions;

namespace AslRescue.Preflight.Tests;

public sealed class MachineTests
{
    public static TheoryData<string> Machines => [.. MachineFolder.Names];

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task A_machine_leads_to_the_decision_that_its_folder_expects(string name)
    {
        using var machine = new MachineFolder(name);
        var result = await machine.RunAsync();
        var facts = result.Record.Facts.ToDictionary(fact => fact.Id, fact => fact.Value);
        foreach (var expected in machine.Expected.Entries.Where(entry => entry.Key != "without"))
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
    public async Task Every_row_is_hit_by_a_machine_but_those_that_the_probes_never_lead_to()
    {
        var rules = TableProof.Prove(Repository.ShippedTable).Rules!;
        var hit = new HashSet<string?>();
        foreach (var name in MachineFolder.Names)
        {
            using var machine = new MachineFolder(name);
            var decision = (await machine.RunAsync()).Decision;
            hit.UnionWith([decision.Row, decision.LocalRow]);
        }

        // The rest are worlds that no probe gives today; the proof demands them, and a probe that changes finds a row waiting.
        string[] never =
        [
            "tools-unknown", "module-unknown", "pool-state-unknown", "local-approval-unknown", "remote-approval-unknown",
            "auto-remote-approval-unknown", "named-foreign-unknown",
        ];
        Assert.Equal(never.Order(), rules.File.Tables.SelectMany(table => table.Rows).Select(row => row.Id).Except(hit).Order());
    }

    [Fact]
    public async Task Every_machine_is_described_for_a_console_of_80_columns()
    {
        foreach (var name in MachineFolder.Names)
        {
            using var machine = new MachineFolder(name);
            var result = await machine.RunAsync();
            var installed = result.Record with { Table = result.Record.Table with { Path = "/etc/asl/rules/preflight.toml" } };
            Assert.All((result with { Record = installed }).Text.Split('\n'), line => Assert.True(line.Length <= 80, $"{name}: {line}"));
        }
    }
}
