using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

/// <summary>The leniency of asl.conf, sentence by sentence as docs/configuration.md states it.</summary>
public sealed class UnquotedValueTests
{
    [Theory]
    [InlineData("local.mount = /mnt/x", "/mnt/x")]
    [InlineData("local.mount=/mnt/x", "/mnt/x")]
    [InlineData("\t local.mount\t=\t/mnt/x \t ", "/mnt/x")]
    [InlineData("local.mount = /mnt/x # comment", "/mnt/x")]
    [InlineData("local.mount = /mnt/x\t#comment", "/mnt/x")]
    [InlineData("local.mount = /mnt/x#1", "/mnt/x#1")]
    [InlineData("local.mount = /mnt/two words # c # d", "/mnt/two words")]
    [InlineData("local.mount = /mnt/\"x\"", "/mnt/\"x\"")]
    [InlineData("local.mount = /mnt/\\t", "/mnt/\\t")]
    [InlineData("local.mount = /mnt/é😀", "/mnt/é😀")]
    [InlineData("\"local\".'mount' = /mnt/x", "/mnt/x")]
    [InlineData("[local]\nmount = /mnt/x", "/mnt/x")]
    [InlineData("local.mount = \"/mnt/x\" # TOML stays TOML", "/mnt/x")]
    [InlineData("local.mount = '/mnt/x # y'", "/mnt/x # y")]
    [InlineData("local.mount = \"\"\"\n/mnt/x\"\"\"", "/mnt/x")]
    public void A_value_without_quotes_is_text(string line, string mount)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, line);
        Assert.Equal(mount, machine.Load().LocalMount);
    }

    [Theory]
    [InlineData("15871330186134735911")]
    [InlineData("1587133018613")]
    [InlineData("true")]
    [InlineData("inf")]
    [InlineData("a-pool")]
    public void A_bare_number_or_flag_is_its_spelling_where_the_key_takes_text(string written)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, $"local.approve-import = {written} # c\nmode = local\n");
        Assert.Equal(written, machine.Load().LocalApproveImport);
    }

    [Fact]
    public void So_is_a_bare_date()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "domain.id = 2026-01-01 # c\n");
        Assert.Equal("2026-01-01", machine.Load().DomainId);
    }

    [Fact]
    public void Numbers_and_flags_stay_what_they_are()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "intake.retry.attempts = 1_0 # ten\nremote.approve = true\n");
        Assert.Equal(10, machine.Load().Retry.Attempts);
        Assert.True(machine.Load().RemoteApprove);
    }

    [Theory]
    [InlineData("intake.sources = [\n  \"/a\", # mode = \"\n  '/b=c',\n]\nmode = local\n")]
    [InlineData("intake.sources = [\"/a\", '/b=c']\nmode = local\n")]
    [InlineData("intake.sources = [\"\"\"/a\"\"\",\n '''\n/b=c''']\nmode = local\n")]
    public void Lists_over_several_lines_are_skipped_whole(string text)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, text);
        Assert.Equal(["/a", "/b=c"], machine.Load().IntakeSources);
        Assert.Equal(IntakeMode.Local, machine.Load().Mode);
    }

    [Fact]
    public void A_triple_quoted_text_may_end_with_a_quote_and_hold_lines_that_look_like_keys()
    {
        const string Text = "intake.sources = [\"\"\"/a\nmode = b\"\"\"\"]\nmode = local\n";
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, Text);
        Assert.Contains("is no absolute path", machine.ErrorOf());
        using var other = ConfiguredMachine.With(ConfiguredMachine.AslConf, "local.mount = \"\"\"/a\"\"\"\"\nmode = local\n");
        Assert.Equal("/a\"", other.Load().LocalMount);
        Assert.Equal(IntakeMode.Local, other.Load().Mode);
    }

    [Theory]
    [InlineData("local.mount = \"/mnt/x\n", 1, 22)]
    [InlineData("local.mount = \"/mnt/x\" y\n", 1, 24)]
    [InlineData("local.mount =\n", 1, 14)]
    [InlineData("local.mount = # nothing\n", 1, 24)]
    [InlineData("local.mount = /mnt/\u0001x\n", 1, 15)]
    [InlineData("mode = auto\nintake.sources = [/a]\n", 2, 19)]
    [InlineData("mode = auto # é😀\nlocal.mount = \"é😀\" y\n", 2, 20)]
    [InlineData("mode = é😀 # comment \u0001\n", 1, 21)]
    public void What_is_neither_is_an_error_at_its_place_in_the_original(string text, int line, int column)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, text);
        var error = machine.Failure();
        Assert.Equal(Shared.Errors.ErrorCode.ConfigSyntax, error.Code);
        Assert.Equal($"/etc/asl/asl.conf:{line}:{column}", machine.Shown(error.Where!));
    }

    [Theory]
    [InlineData(ConfiguredMachine.FederationConf, "domain.id = rescue-domain\n")]
    [InlineData(ConfiguredMachine.LoggingConf, "level = debug\n")]
    public void The_other_files_are_plain_TOML(string path, string text)
    {
        using var machine = ConfiguredMachine.With(path, text);
        Assert.Equal(Shared.Errors.ErrorCode.ConfigSyntax, machine.Failure().Code);
    }
}
