using AslRescue.Shared.Contracts;

namespace AslRescue.Shared.Tests.Contracts;

public sealed class LiveSystemCheckTests
{
    [Fact]
    public void What_the_base_system_and_the_tools_have_around_the_rows_is_not_judged()
    {
        using var tree = new StagedTree(withRuntime: true);
        tree.Write("/usr/local/bin/other-tool", "#!/bin/sh\n");
        tree.Write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        tree.Write("/run/asl/mode", "wait\n");
        tree.Write("/var/lib/asl/runtime/asl.log", "x");
        tree.Write("/mnt/asl/local/format.toml", "x");
        File.SetUnixFileMode(tree.On("/mnt"), (UnixFileMode)0x1C0);
        Assert.Empty(OverlayCheck.RunLive(StagedTree.Contract, tree.Root).Findings);
    }

    [Fact]
    public void More_in_the_configuration_folder_is_extra()
    {
        using var tree = new StagedTree(withRuntime: true);
        tree.Write("/etc/asl/rules/mine.toml", "x\n");
        var finding = Assert.Single(Check(tree));
        Assert.Equal(("OV-24", OverlayFault.Extra, "/etc/asl/rules/mine.toml"), (finding.Clause, finding.Fault, finding.Path));
    }

    [Fact]
    public void A_missing_run_time_folder_says_what_to_start()
    {
        using var tree = new StagedTree();
        Assert.Equal(["OV-50", "OV-51"], Check(tree).Select(finding => finding.Clause));
        Assert.All(Check(tree), finding => Assert.Contains("systemctl start", finding.Fix, StringComparison.Ordinal));
    }

    [Fact]
    public void A_mount_point_in_use_is_taken_from_the_kernels_list_and_never_looked_at()
    {
        using var tree = new StagedTree(withRuntime: true);
        Directory.Delete(tree.On("/mnt/asl/remote"));
        Assert.Equal("OV-62", Assert.Single(Check(tree)).Clause);
        Assert.Empty(Check(tree, tree.On("/mnt/asl/remote")));
    }

    private static IReadOnlyList<OverlayFinding> Check(StagedTree tree, params string[] mountPoints) =>
        new LiveSystemCheck(StagedTree.Contract, tree.Root, mountPoints.ToHashSet()).Run().Findings;
}
