using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Tests.Probes;

public sealed class PoolWitnessTests
{
    private const string Listed = "   pool: rescuepool\n     id: 4207341592117738091\n  state: ONLINE\n";

    [Fact]
    public async Task Zpool_is_not_asked_unless_a_scan_is_allowed() =>
        Assert.Equal("none", await WitnessAsync("stdout = \"\"", isScanAllowed: false));

    [Theory]
    [InlineData($"stdout = \"\"\"\n{Listed}\"\"\"", "agrees")]
    [InlineData("exit = 1\nstderr = \"no pools available to import\"", "differs")]
    [InlineData("exit = 1\nstderr = \"internal error\"", "unknown")]
    [InlineData("hangs = true", "unknown")]
    public async Task Zpool_agrees_differs_or_says_nothing(string run, string value) =>
        Assert.Equal(value, await WitnessAsync(run, isScanAllowed: true));

    private static async Task<string> WitnessAsync(string run, bool isScanAllowed)
    {
        using var machine = new MachineFolder("pool-approved");
        var recording = Path.Combine(machine.Root, "machine.toml");
        await File.AppendAllTextAsync(
            recording, $"\n[[run]]\ncommand = \"zpool import\"\n{run}\n", TestContext.Current.CancellationToken);
        var options = new PreflightOptions
        {
            Root = machine.Root, TablePath = Repository.ShippedTable, Settings = machine.Settings, IsReportOnly = true,
            IsScanAllowed = isScanAllowed,
        };
        var result = await MachineFolder.RunInTimeAsync(options);
        return result.Record.Facts.Single(fact => fact.Id == FactIds.PoolWitness).Value;
    }
}
