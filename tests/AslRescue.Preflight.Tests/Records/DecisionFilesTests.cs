using System.Text.Json;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Tests.Records;

public sealed class DecisionFilesTests
{
    [Fact]
    public async Task The_mode_is_one_word_and_a_newline_and_the_record_says_the_same()
    {
        using var machine = new MachineFolder("pool-exported");
        var result = await machine.RunAsync(isReportOnly: false);
        Assert.True(result.IsWritten);
        Assert.Equal("local\n", Text(machine, "mode"));
        using var record = JsonDocument.Parse(Text(machine, "preflight.json"));
        var root = record.RootElement;
        Assert.Equal("local", root.GetProperty("decision").GetProperty("mode").GetString());
        Assert.Equal("required", root.GetProperty("decision").GetProperty("approval").GetString());
        Assert.Equal("53a9f4b7-608d-4713-b21d-2cf43eb10dee", root.GetProperty("bootId").GetString());
        Assert.Equal("4207341592117738091", root.GetProperty("target").GetProperty("poolGuid").GetString());
        Assert.Equal(TableProof.Prove(Repository.ShippedTable).Rules!.ProofDigest, root.GetProperty("table").GetProperty("proofDigest").GetString());
        Assert.Equal(result.Json + "\n", Text(machine, "preflight.json"));
    }

    [Theory]
    [InlineData("pool-degraded", "the pool lacks a device, but can be imported")]
    [InlineData("pool-exported", null)]
    public async Task What_a_person_has_to_confirm_is_in_the_record(string name, string? confirm)
    {
        using var machine = new MachineFolder(name);
        await machine.RunAsync(isReportOnly: false);
        using var record = JsonDocument.Parse(Text(machine, "preflight.json"));
        var decision = record.RootElement.GetProperty("decision");
        Assert.Equal(confirm, decision.TryGetProperty("confirm", out var found) ? found.GetString() : null);
    }

    [Fact]
    public async Task A_report_writes_nothing()
    {
        using var machine = new MachineFolder("pool-exported");
        var before = Listing(machine);
        var result = await machine.RunAsync(isReportOnly: true);
        Assert.False(result.IsWritten);
        Assert.Equal(before, Listing(machine));
    }

    [Fact]
    public async Task Nothing_but_the_two_files_is_written()
    {
        using var machine = new MachineFolder("pool-exported");
        var before = Listing(machine);
        await machine.RunAsync(isReportOnly: false);
        Assert.Equal(["run/asl/mode", "run/asl/preflight.json"], Listing(machine).Except(before).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_file_is_replaced_and_never_written_over()
    {
        using var machine = new MachineFolder("pool-exported");
        await machine.RunAsync(isReportOnly: false);
        using var reader = new StreamReader(Path.Combine(machine.Root, "run/asl/mode"));
        await machine.RunAsync(isReportOnly: false, table: "/nowhere");
        Assert.Equal("local\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("wait\n", Text(machine, "mode"));
    }

    [Fact]
    public async Task A_second_run_keeps_the_record_of_the_first()
    {
        using var machine = new MachineFolder("pool-exported");
        await machine.RunAsync(isReportOnly: false, table: "/nowhere");
        await machine.RunAsync(isReportOnly: false);
        await machine.RunAsync(isReportOnly: false);
        using var record = JsonDocument.Parse(Text(machine, "preflight.json"));
        var earlier = record.RootElement.GetProperty("earlier").EnumerateArray().ToList();
        Assert.Equal(["wait", "local"], earlier.Select(one => one.GetProperty("decision").GetProperty("mode").GetString()));
        Assert.All(earlier, one => Assert.False(one.TryGetProperty("earlier", out _)));
    }

    [Fact]
    public async Task A_damaged_record_is_put_aside()
    {
        using var machine = new MachineFolder("pool-exported");
        Directory.CreateDirectory(Path.Combine(machine.Root, "run/asl"));
        await File.WriteAllTextAsync(Path.Combine(machine.Root, "run/asl/preflight.json"), "{ half", TestContext.Current.CancellationToken);
        await machine.RunAsync(isReportOnly: false);
        Assert.Equal("{ half", Text(machine, "preflight.json.unreadable"));
        Assert.Equal("local\n", Text(machine, "mode"));
    }

    [Fact]
    public async Task A_runtime_directory_that_cannot_be_written_is_an_error_with_a_way_out()
    {
        using var machine = new MachineFolder("pool-exported");
        Directory.Delete(Path.Combine(machine.Root, "run"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(machine.Root, "run"), "", TestContext.Current.CancellationToken);
        var thrown = await Assert.ThrowsAsync<AslException>(() => machine.RunAsync(isReportOnly: false));
        Assert.Equal(ErrorCode.RuntimeUnwritable, thrown.Error.Code);
    }

    [Theory]
    [InlineData("/nowhere/preflight.toml", "ASL5001")]
    [InlineData(null, "ASL5004")]
    public async Task Without_a_proved_table_the_mode_is_wait_with_the_reason(string? table, string code)
    {
        using var machine = new MachineFolder("pool-approved");
        using var scratch = new ScratchFolder();
        table ??= scratch.File("preflight.toml", Tests.Decisions.TableText.Without("local", "pool-healthy"));
        var result = await machine.RunAsync(isReportOnly: false, table);
        Assert.Equal("wait\n", Text(machine, "mode"));
        Assert.Null(result.Record.Table.ProofDigest);
        Assert.StartsWith(code, Assert.Single(result.Decision.Reasons), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_evaluator_that_hits_two_rows_leads_to_waiting()
    {
        using var machine = new MachineFolder("pool-approved");
        var options = new PreflightOptions
        {
            Root = machine.Root, TablePath = Repository.ShippedTable, Settings = machine.Settings, IsReportOnly = true,
            Evaluator = new Careless(),
        };
        var result = await PreflightRun.ExecuteAsync(options, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("wait", result.Decision.Mode);
        Assert.StartsWith("a defect: table local is proved, but 24 rows were hit", result.Decision.Because, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passwords_in_URLs_stay_out_of_the_record()
    {
        using var machine = new MachineFolder("remote-approved");
        var settings = machine.Settings with { RemoteProxy = new Setting<string>("http://user:secret@proxy.example:3128", "test") };
        var options = new PreflightOptions { Root = machine.Root, TablePath = Repository.ShippedTable, Settings = settings, IsReportOnly = true };
        var result = await PreflightRun.ExecuteAsync(options, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("secret", result.Json + result.Text, StringComparison.Ordinal);
        Assert.Contains("proxy.example", result.Json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_text_for_a_console_reads_well()
    {
        using var machine = new MachineFolder("foreign-with-our-hostid");
        var result = await machine.RunAsync();
        var table = new Preflight.Records.TableRecord("/etc/asl/rules/preflight.toml", new string('a', 64), new string('b', 64));
        Golden.CompareNamed("result", (result with { Record = result.Record with { Table = table } }).Text);
    }

    private sealed class Careless : IRowEvaluator
    {
        public IReadOnlyList<Row> Hits(ProvedRules rules, RuleTable table, IReadOnlyDictionary<string, string> facts) => table.Rows;
    }

    private static string Text(MachineFolder machine, string name) => File.ReadAllText(Path.Combine(machine.Root, "run/asl", name));

    private static List<string> Listing(MachineFolder machine) =>
    [
        .. Directory.EnumerateFiles(machine.Root, "*", SearchOption.AllDirectories)
            .Select(file => $"{Path.GetRelativePath(machine.Root, file)} {File.GetLastWriteTimeUtc(file).Ticks}").Order(StringComparer.Ordinal),
    ];
}
