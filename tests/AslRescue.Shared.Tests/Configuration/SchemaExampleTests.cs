using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class SchemaExampleTests
{
    /// <summary>The overlay schema's asl.conf, byte for byte.</summary>
    private const string Example =
        "mode = auto # auto | local | remote\n" +
        "local.mount = /mnt/asl/local\n" +
        "remote.endpoint = https://asl-backend\n" +
        "domain.id = rescue-domain\n";

    [Fact]
    public void The_schemas_example_loads_and_every_value_knows_its_line()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, Example);
        var configuration = machine.Load();
        Assert.Equal(IntakeMode.Auto, configuration.Mode);
        Assert.Equal("/mnt/asl/local", configuration.LocalMount);
        Assert.Equal(new Uri("https://asl-backend"), configuration.RemoteEndpoint);
        Assert.Equal("rescue-domain", configuration.DomainId);
        Assert.Equal(
            [
                "mode = auto (/etc/asl/asl.conf:1:1)",
                "local.mount = /mnt/asl/local (/etc/asl/asl.conf:2:1)",
                "remote.endpoint = https://asl-backend (/etc/asl/asl.conf:3:1)",
                "domain.id = rescue-domain (/etc/asl/asl.conf:4:1)",
            ],
            configuration.Values.Where(v => v.Origin.Kind == OriginKind.File).Select(v => machine.Shown(v.ToString())));
    }

    [Theory]
    [InlineData("\n", "\r\n")]
    [InlineData("rescue-domain\n", "rescue-domain")]
    [InlineData("mode", "\ufeffmode")]
    public void So_it_does_as_other_editors_save_it(string written, string saved)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, Example.Replace(written, saved));
        var configuration = machine.Load();
        Assert.Equal("rescue-domain", configuration.DomainId);
        Assert.Equal("/mnt/asl/local", configuration.LocalMount);
        Assert.Equal("/etc/asl/asl.conf:4:1", machine.Shown(configuration.Find(ConfigurationKeys.DomainId).Origin.Where));
    }

    [Fact]
    public void Without_any_file_the_defaults_hold()
    {
        using var machine = new ConfiguredMachine();
        var configuration = machine.Load();
        Assert.All(configuration.Values, value => Assert.Equal(OriginKind.Default, value.Origin.Kind));
        Assert.Equal("rescue-domain", configuration.DomainId);
        Assert.Equal(LocalKind.Zfs, configuration.LocalKind);
        Assert.Null(configuration.RemoteEndpoint);
        Assert.Null(configuration.LocalDataset);
        Assert.Null(configuration.LocalApproveImport);
        Assert.False(configuration.RemoteApprove);
        Assert.Empty(configuration.IntakeSources);
        Assert.Null(configuration.DecisionTimeout);
        Assert.Null(configuration.ApprovalTimeout);
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromMinutes(15)), (configuration.ApprovalExpiry, configuration.AttachTimeout));
        Assert.Equal(
            new RetrySettings(8, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10)), configuration.Retry);
        Assert.Equal(machine.Root + "/var/lib/asl/runtime/asl.log", configuration.Logging.FilePath);
        Assert.Empty(configuration.Warnings);
    }

    [Fact]
    public void The_dataset_follows_from_the_pool()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "local.pool = tank\n");
        Assert.Equal("tank/asl", machine.Load().LocalDataset);
        Assert.Equal("tank/x/y", machine.Load(("local.dataset", "tank/x/y")).LocalDataset);
    }

    [Fact]
    public void Tables_dotted_keys_and_inline_tables_say_the_same()
    {
        foreach (var text in new[]
        {
            "intake.retry.attempts = 3\n",
            "[intake.retry]\nattempts = 0x3\n",
            "[intake]\nretry = { attempts = 3 }\n",
            "intake = { retry.attempts = +3 }\n",
            "'intake'.\"retry\".attempts = 3\n",
        })
        {
            using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, text);
            Assert.Equal(3, machine.Load().Retry.Attempts);
        }
    }

    [Fact]
    public void A_pool_may_be_named_by_its_guid_and_the_dataset_by_its_name()
    {
        using var machine = ConfiguredMachine.With(
            ConfiguredMachine.AslConf, "local.pool = \"4207341592117738091\"\nlocal.dataset = \"rescuepool/asl\"\n");
        Assert.Equal(("4207341592117738091", "rescuepool/asl"), (machine.Load().LocalPool, machine.Load().LocalDataset));
    }

    [Fact]
    public void A_guid_does_not_make_the_name_of_a_dataset()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "local.pool = \"4207341592117738091\"\n");
        Assert.Null(machine.Load().LocalDataset);
    }
}
