using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class PrecedenceTests
{
    [Fact]
    public void Each_origin_overrules_the_ones_below_it()
    {
        using var machine = new ConfiguredMachine();
        var seen = new List<string> { Endpoint(machine) };
        machine.And(ConfiguredMachine.AslConf, "remote.endpoint = https://file\n");
        seen.Add(Endpoint(machine));
        machine.And(ConfiguredMachine.Yaml, """{"asl": {"remote": {"endpoint": "https://yaml"}}}""");
        seen.Add(Endpoint(machine));
        machine.And(ConfiguredMachine.CommandLine, "quiet asl.remote.endpoint=https://line\n");
        seen.Add(Endpoint(machine));
        seen.Add(Endpoint(machine, ("remote.endpoint", "https://option")));
        Assert.Equal(
            [
                "remote.endpoint =  (default)",
                "remote.endpoint = https://file (/etc/asl/asl.conf:1:1)",
                "remote.endpoint = https://yaml (/etc/sysrescue/sysrescue-effective-config.json, asl.remote.endpoint)",
                "remote.endpoint = https://line (/proc/cmdline, asl.remote.endpoint)",
                "remote.endpoint = https://option (option remote.endpoint)",
            ],
            seen);
    }

    [Fact]
    public void An_error_in_a_value_that_is_overruled_is_still_an_error()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "mode = lokal\n");
        Assert.StartsWith("error ASL1005: mode has a value that cannot work", machine.ErrorOf(("mode", "local")));
    }

    [Fact]
    public void Logging_keys_are_reached_by_their_full_name()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.LoggingConf, "level = \"Warning\"\n[file]\nenabled = true\n")
            .And(ConfiguredMachine.CommandLine, "asl.logging.level=debug");
        var logging = machine.Load().Logging;
        Assert.Equal(Serilog.Events.LogEventLevel.Debug, logging.Level);
        Assert.True(logging.IsFileEnabled);
    }

    [Fact]
    public void A_link_from_the_root_is_followed_below_the_root()
    {
        using var machine = ConfiguredMachine.With("/run/archiso/config/x.json", """{"asl": {"mode": "remote"}}""");
        Directory.CreateDirectory(machine.Root + "/etc/sysrescue");
        File.CreateSymbolicLink(machine.Root + ConfiguredMachine.Yaml, "/run/archiso/config/x.json");
        Assert.Equal(IntakeMode.Remote, machine.Load().Mode);
    }

    [Fact]
    public void Yaml_may_nest_or_write_dots_and_other_scopes_do_not_matter()
    {
        using var machine = ConfiguredMachine.With(
            ConfiguredMachine.Yaml,
            """{"global": {"rootpass": 1, "mode": []}, "asl": {"intake": {"sources": ["/dev/sda"], "retry": {}}, "intake.retry.attempts": 2}}""");
        var configuration = machine.Load();
        Assert.Equal(["/dev/sda"], configuration.IntakeSources);
        Assert.Equal(2, configuration.Retry.Attempts);
    }

    private static string Endpoint(ConfiguredMachine machine, params (string Key, string Value)[] options) =>
        machine.Shown(machine.Load(options).Find(ConfigurationKeys.RemoteEndpoint).ToString());
}
