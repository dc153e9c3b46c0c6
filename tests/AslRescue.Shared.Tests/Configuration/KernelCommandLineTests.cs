using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class KernelCommandLineTests
{
    [Theory]
    [InlineData("quiet asl.local.mount=/a ro\n", "/a")]
    [InlineData("asl.local.mount=\"/a b\" ro\n", "/a b")]
    [InlineData("\"asl.local.mount=/a b\" ro\n", "/a b")]
    [InlineData("asl.local.mount=\"/a b", "/a b")]
    [InlineData("asl.local.mount=/a\" \"b", "/a\" \"b")]
    [InlineData("asl.local.mount=/a=b", "/a=b")]
    [InlineData("x=\"y asl.local.mount=/no\" asl.local.mount=/a", "/a")]
    [InlineData("asl.local.mount=/first asl.local.mount=/typed-later", "/typed-later")]
    [InlineData("init=/x -- asl.local.mount=/a\t\n", "/a")]
    [InlineData("notasl.local.mount=/no", "/mnt/asl/local")]
    [InlineData("", "/mnt/asl/local")]
    public void It_is_cut_as_the_kernel_cuts_it(string line, string mount)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.CommandLine, line);
        Assert.Equal(mount, machine.Load().LocalMount);
    }

    [Fact]
    public void Text_becomes_what_the_key_takes()
    {
        using var machine = ConfiguredMachine.With(
            ConfiguredMachine.CommandLine,
            "asl.intake.sources=/dev/sda,/srv asl.remote.approve=true asl.intake.retry.attempts=3 asl.intake.approval-timeout=90m "
            + "asl.logging.file.bytes-max=1048576 asl.local.approve-import=7");
        var configuration = machine.Load();
        Assert.Equal(["/dev/sda", "/srv"], configuration.IntakeSources);
        Assert.True(configuration.RemoteApprove);
        Assert.Equal(3, configuration.Retry.Attempts);
        Assert.Equal(TimeSpan.FromMinutes(90), configuration.ApprovalTimeout);
        Assert.Equal(1 << 20, configuration.Logging.FileBytesMax);
        Assert.Equal("7", configuration.LocalApproveImport);
    }

    [Fact]
    public void An_empty_list_takes_back_what_a_file_says()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "intake.sources = [\"/a\"]\n")
            .And(ConfiguredMachine.CommandLine, "asl.intake.sources=");
        Assert.Empty(machine.Load().IntakeSources);
    }

    [Fact]
    public void Foreign_bytes_matter_only_in_our_own_parameters()
    {
        using var machine = new ConfiguredMachine();
        machine.And(ConfiguredMachine.CommandLine, [.. "asl.mode=local"u8, (byte)' ', (byte)'y', (byte)'=', 0xff]);
        Assert.Equal(IntakeMode.Local, machine.Load().Mode);
        machine.And(ConfiguredMachine.CommandLine, [.. "asl.local.mount=/a"u8, 0xff]);
        Assert.Equal(
            """
            error ASL1002: a configuration file is not UTF-8
              where: /proc/cmdline, asl.local.mount
              why:   the byte there begins no character of UTF-8
              fix:   save the file as UTF-8, then: asl-admin config
            """,
            machine.ErrorOf());
    }
}
