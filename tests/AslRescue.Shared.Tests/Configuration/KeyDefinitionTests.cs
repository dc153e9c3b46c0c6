using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class KeyDefinitionTests
{
    [Fact]
    public void No_key_is_defined_twice_nor_is_one_the_beginning_of_another()
    {
        var names = ConfigurationKeys.All.Select(key => key.Name).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.DoesNotContain(names, name => names.Exists(other => other.StartsWith(name + ".", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_key_says_what_it_is_for_and_what_holds_without_it() =>
        Assert.All(ConfigurationKeys.All.Concat(PeerKeys.All), key =>
        {
            Assert.NotEmpty(key.Help);
            Assert.True(key.DefaultText is null != key.WithoutDefault is null, key.Name);
        });

    /// <summary>What an error tells people to write must load.</summary>
    [Fact]
    public void The_example_of_every_key_is_a_value_of_it()
    {
        foreach (var key in ConfigurationKeys.All)
        {
            var file = key.File == ConfigurationFile.Logging ? ConfiguredMachine.LoggingConf : ConfiguredMachine.AslConf;
            using var machine = ConfiguredMachine.With(file, FixOf(key, file)["write it as in: ".Length..]);
            Assert.Equal(OriginKind.File, machine.Load().Values.Single(value => value.Key == key).Origin.Kind);
        }
    }

    private static string FixOf(KeyDefinition key, string file)
    {
        using var machine = ConfiguredMachine.With(file, key.NameInFile + " = {}");
        return machine.Failure().Fix;
    }

    [Theory]
    [InlineData("0s", "never")]
    [InlineData("0h", "never")]
    [InlineData("never", "never")]
    [InlineData("90s", "90s")]
    [InlineData("120s", "2m")]
    [InlineData("60m", "1h")]
    [InlineData("1500ms", "1500ms")]
    public void A_duration_is_shown_in_its_largest_whole_unit(string written, string shown)
    {
        using var machine = new ConfiguredMachine();
        Assert.Equal(shown, machine.Load(("intake.approval-timeout", written)).Find(ConfigurationKeys.ApprovalTimeout).Text);
    }

    [Theory]
    [InlineData("4KiB", 4096)]
    [InlineData("1GiB", 1L << 30)]
    [InlineData("5000", 5000)]
    public void A_number_of_bytes_reads_back(string written, long bytes)
    {
        using var machine = new ConfiguredMachine();
        var value = machine.Load(("logging.file.bytes-max", written)).Find(ConfigurationKeys.LoggingFileBytesMax);
        Assert.Equal(bytes, value.Value);
        Assert.Equal(written, value.Text);
    }

    [Theory]
    [InlineData("5MB")]
    [InlineData("-1")]
    [InlineData("KiB")]
    [InlineData("99999999999999999999")]
    [InlineData("1KiB")]
    public void What_is_no_number_of_bytes_or_too_few_is_refused(string written)
    {
        using var machine = new ConfiguredMachine();
        Assert.Equal(Shared.Errors.ErrorCode.ConfigBadValue, machine.Failure(("logging.file.bytes-max", written)).Code);
    }

    [Theory]
    [InlineData("Information")]
    [InlineData("information")]
    [InlineData("INFORMATION")]
    public void Words_are_read_in_any_case(string written)
    {
        using var machine = new ConfiguredMachine();
        Assert.Equal("information", machine.Load(("logging.level", written)).Find(ConfigurationKeys.LoggingLevel).Text);
    }
}
