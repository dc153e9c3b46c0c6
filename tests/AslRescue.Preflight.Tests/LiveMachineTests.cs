namespace AslRescue.Preflight.Tests;

/// <summary>A staged tree on the machine that runs the tests: its own kernel, programs and disks, and nothing changed.</summary>
public sealed class LiveMachineTests
{
    [Fact]
    public async Task A_staged_tree_with_a_directory_backend_leads_to_local()
    {
        using var stage = new ScratchFolder();
        Directory.CreateDirectory(Path.Combine(stage.Path, "mnt/asl/local"));
        Directory.CreateDirectory(Path.Combine(stage.Path, "var/lib/asl"));
        var result = await MachineFolder.RunInTimeAsync(
            new PreflightOptions
            {
                Root = stage.Path,
                TablePath = Repository.ShippedTable,
                Settings = new PreflightSettings { LocalKind = new Setting<string>("directory", "test") },
            });
        Assert.Equal(("local", "directory"), (result.Decision.Mode, result.Record.Target.Kind));
        Assert.Equal("local\n", await File.ReadAllTextAsync(Path.Combine(stage.Path, "run/asl/mode"), TestContext.Current.CancellationToken));
        Assert.All(result.Record.Probes, probe => Assert.Null(probe.Problem));
    }

    [Fact]
    public async Task An_empty_tree_is_looked_at_to_the_end()
    {
        using var stage = new ScratchFolder();
        var result = await MachineFolder.RunInTimeAsync(
            new PreflightOptions { Root = stage.Path, TablePath = Repository.ShippedTable, Settings = new PreflightSettings() });
        Assert.All(result.Record.Probes, probe => Assert.Null(probe.Problem));
        Assert.Equal("missing", result.Record.Facts.Single(fact => fact.Id == "local.directory").Value);
    }

    [Fact]
    public async Task A_link_is_judged_by_where_it_leads()
    {
        using var stage = new ScratchFolder();
        Directory.CreateDirectory(Path.Combine(stage.Path, "mnt"));
        Directory.CreateSymbolicLink(Path.Combine(stage.Path, "mnt/link"), "/dev/shm");
        var settings = new PreflightSettings
        {
            LocalKind = new Setting<string>("directory", "test"),
            LocalMount = new Setting<string>("/mnt/link", "test"),
        };
        var result = await MachineFolder.RunInTimeAsync(
            new PreflightOptions { Root = stage.Path, TablePath = Repository.ShippedTable, Settings = settings, IsReportOnly = true });
        Assert.Equal("volatile", result.Record.Facts.Single(fact => fact.Id == "local.directory").Value);
    }
}
