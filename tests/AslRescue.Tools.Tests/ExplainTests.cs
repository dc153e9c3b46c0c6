using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>asl-admin explain with the real program: of this boot, of a record from elsewhere, and what it refuses (golden/error-explain-*.txt).</summary>
public sealed class ExplainTests : IDisposable
{
    private const string Backend = "local.kind = \"directory\"\nlocal.mount = \"/mnt/disk\"\n";
    private readonly Scratch _scratch = new();

    public ExplainTests()
    {
        Directory.CreateDirectory(_scratch.PathOf("machine/etc/asl/rules"));
        File.Copy(Checkout.PathOf("rules/preflight.toml"), _scratch.PathOf("machine/etc/asl/rules/preflight.toml"));
        File.WriteAllText(_scratch.PathOf("machine/etc/asl/asl.conf"), Backend);
    }

    public void Dispose() => _scratch.Dispose();

    private static string Boot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private string Record => _scratch.PathOf("machine/run/asl/preflight.json");

    [Fact]
    public void The_decision_of_this_boot_is_explained()
    {
        Decide();

        var explained = _scratch.Admin("explain").EndsWith(0).Output;

        Assert.StartsWith("mode       wait\n", explained, StringComparison.Ordinal);
        Assert.Contains("hit      directory-unusable", explained, StringComparison.Ordinal);
        Assert.Contains("To local:", explained, StringComparison.Ordinal);
        Assert.All(explained.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void Doing_what_is_proposed_leads_to_the_mode_that_was_promised()
    {
        Decide();
        Assert.Contains("local.directory     missing, to be usable", Explain().Output, StringComparison.Ordinal);

        Directory.CreateDirectory(_scratch.PathOf("machine/mnt/disk"));
        _scratch.Admin("preflight").EndsWith(0);

        Assert.StartsWith("mode       local", Explain().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_is_explained_elsewhere_and_in_another_boot()
    {
        Decide();
        var here = Explain().Output;
        OfAnotherBoot();
        File.Move(Record, _scratch.PathOf("record.json"));

        var there = _scratch.Admin("explain", "--record", _scratch.PathOf("record.json")).EndsWith(0).Output;
        Assert.Equal(here.Replace(Boot, "before", StringComparison.Ordinal), there);
    }

    [Fact]
    public void Without_a_record_the_command_that_makes_one_is_named() => Fails("missing", ExitCodes.Waiting);

    [Fact]
    public void A_record_of_another_boot_is_refused()
    {
        Decide();
        OfAnotherBoot();

        Fails("stale", ExitCodes.Waiting);
    }

    [Fact]
    public void A_record_of_another_table_is_refused()
    {
        Decide();
        var table = _scratch.PathOf("preflight.toml");
        File.WriteAllText(table, File.ReadAllText(Checkout.PathOf("rules/preflight.toml")) + "# changed\n");

        Fails("other-table", ExitCodes.RulesUnproved, "--rules", table);
    }

    [Fact]
    public void A_record_without_a_proved_table_is_refused_with_the_reason()
    {
        var table = _scratch.PathOf("preflight.toml");
        File.WriteAllText(table, "format = 1\n");
        _scratch.Admin("preflight", "--rules", table).EndsWith(ExitCodes.RulesUnproved);

        Fails("unproved", ExitCodes.RulesUnproved, "--rules", table);
    }

    [Fact]
    public void A_record_that_is_cut_off_is_refused()
    {
        Decide();
        File.WriteAllText(Record, File.ReadAllText(Record)[..400]);

        Fails("unreadable", ExitCodes.RulesUnproved);
    }

    [Fact]
    public void A_record_whose_facts_lead_elsewhere_is_refused()
    {
        Decide();
        File.WriteAllText(Record, File.ReadAllText(Record).Replace("\"mode\": \"wait\"", "\"mode\": \"local\"", StringComparison.Ordinal));

        Fails("contradiction", ExitCodes.RulesUnproved);
    }

    private void Decide() => _scratch.Admin("preflight").EndsWith(0);

    private ProgramRun Explain() => _scratch.Admin("explain").EndsWith(0);

    private void OfAnotherBoot() => File.WriteAllText(Record, File.ReadAllText(Record).Replace(Boot, "before", StringComparison.Ordinal));

    private void Fails(string name, int exitCode, params string[] arguments)
    {
        // How long the record's times are written moves the place where a cut is met.
        var run = _scratch.Admin(["explain", .. arguments]).EndsWith(exitCode);
        Assert.Empty(run.Output);
        var error = System.Text.RegularExpressions.Regex.Replace(run.Error, "BytePositionInLine: [0-9]+", "BytePositionInLine: N");
        Golden.Equal("error-explain-" + name, _scratch.WithPlaceholders(error).Replace(Boot, "BOOT", StringComparison.Ordinal));
    }
}
