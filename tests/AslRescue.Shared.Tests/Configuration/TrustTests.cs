using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class TrustTests
{
    [Fact]
    public void An_approval_from_yaml_is_never_one_and_says_so()
    {
        using var machine = ConfiguredMachine.With(
                ConfiguredMachine.Yaml, """{"asl": {"remote": {"approve": true}, "local": {"approve-import": "tank"}}}""")
            .And(ConfiguredMachine.AslConf, "local.approve-import = rescuepool\n");
        var configuration = machine.Load();
        Assert.False(configuration.RemoteApprove);
        Assert.Equal("rescuepool", configuration.LocalApproveImport);
        Assert.Equal(
            [
                "/etc/sysrescue/sysrescue-effective-config.json, asl.remote.approve: remote.approve is ignored: SystemRescue can fetch its "
                + "YAML unverified, so remote.approve counts only from /etc/asl, the kernel command line or an option; it stays false (default)",
                "/etc/sysrescue/sysrescue-effective-config.json, asl.local.approve-import: local.approve-import is ignored: SystemRescue can "
                + "fetch its YAML unverified, so local.approve-import counts only from /etc/asl, the kernel command line or an option; "
                + "it stays rescuepool (/etc/asl/asl.conf:1:1)",
            ],
            configuration.Warnings.Select(w => machine.Shown(w.ToString())));
    }

    [Fact]
    public void Yaml_cannot_say_which_file_a_root_program_writes_to()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.Yaml, """{"asl": {"logging.file.path": "/etc/shadow"}}""");
        var configuration = machine.Load();
        Assert.Equal(machine.Root + "/var/lib/asl/runtime/asl.log", configuration.Logging.FilePath);
        Assert.Single(configuration.Warnings);
    }

    [Fact]
    public void What_yaml_names_needs_the_operators_approval()
    {
        const string Scope = """
            {"asl": {"mode": "remote", "domain.id": "d", "local": {"mount": "/m", "kind": "directory", "pool": "p", "dataset": "p/d"},
             "remote": {"endpoint": "https://e", "ca": "/ca", "proxy": "http://p:1",
               "pin": "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"},
             "intake": {"sources": ["/s"]}}}
            """;
        using var machine = ConfiguredMachine.With(ConfiguredMachine.Yaml, Scope);
        var configuration = machine.Load();
        Assert.Equal(
            [
                "local.mount", "local.kind", "local.pool", "local.dataset", "remote.endpoint", "remote.ca", "remote.pin", "remote.proxy",
                "intake.sources",
            ],
            configuration.NeedsApproval.Select(v => v.Key.Name));
        Assert.False(configuration.Find(ConfigurationKeys.Mode).IsTrusted);
        Assert.Equal(IntakeMode.Remote, configuration.Mode);
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", configuration.RemotePin);
    }

    [Fact]
    public void The_same_from_trusted_origins_needs_none()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "local.pool = p\nremote.approve = true\n")
            .And(ConfiguredMachine.CommandLine, "asl.remote.endpoint=https://e asl.local.approve-import=p");
        var configuration = machine.Load(("intake.sources", "/s"));
        Assert.Empty(configuration.NeedsApproval);
        Assert.All(configuration.Values, value => Assert.True(value.IsTrusted));
        Assert.True(configuration.RemoteApprove);
        Assert.Equal("p", configuration.LocalApproveImport);
    }
}
