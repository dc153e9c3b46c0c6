using System.Text.Json;
using AslRescue.Shared.Contracts;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Contracts;

public sealed class OverlayCheckTests
{
    [Fact]
    public void A_tree_made_from_the_contract_passes()
    {
        using var tree = new StagedTree();
        Assert.Empty(tree.Check().Findings);
        Assert.Equal(ExitCodes.Done, tree.Check().ExitCode);
    }

    [Fact]
    public void A_tree_without_the_library_is_not_complete()
    {
        using var tree = new StagedTree();
        File.Delete(tree.On("/usr/local/lib/libasl.so"));
        AssertOnly(tree, "OV-13", OverlayFault.Missing, "/usr/local/lib/libasl.so");
        Assert.Equal(ExitCodes.ContractBroken, tree.Check().ExitCode);
    }

    /// <summary>The image that overlay/build made, unpacked; tests/overlay-check names it.</summary>
    [Fact]
    public void The_built_tree_is_what_the_contract_says()
    {
        var stage = Environment.GetEnvironmentVariable("ASL_OVERLAY_STAGE");
        Assert.SkipWhen(stage is null, "ASL_OVERLAY_STAGE names no built tree; run tests/overlay-check");
        Assert.Empty(OverlayCheck.Run(StagedTree.Contract, stage!).Findings);
    }

    [Fact]
    public void Each_row_that_is_gone_is_missed()
    {
        foreach (var row in StagedTree.Contract.Rows.Where(row => row.IsInImage))
        {
            using var tree = new StagedTree();
            Remove(tree.On(row.Path));
            Assert.Contains(tree.Findings(), finding => finding.Clause == row.Clause && finding.Fault == OverlayFault.Missing);
        }
    }

    [Fact]
    public void Each_row_with_another_mode_is_found()
    {
        foreach (var row in StagedTree.Contract.Rows.Where(row => row.IsInImage && row.Mode is not null))
        {
            using var tree = new StagedTree();
            File.SetUnixFileMode(tree.On(row.Path), (UnixFileMode)(row.Mode!.Value ^ 0x1)); // others may execute, or may not
            var finding = Assert.Single(tree.Findings());
            Assert.Equal((row.Clause, OverlayFault.WrongMode), (finding.Clause, finding.Fault));
            Assert.StartsWith("chmod 0", finding.Fix, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_parent_with_another_mode_would_narrow_the_base_system()
    {
        using var tree = new StagedTree();
        File.SetUnixFileMode(tree.On("/etc"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AssertOnly(tree, "OV-01", OverlayFault.WrongMode, "/etc");
    }

    [Fact]
    public void A_file_of_another_owner_is_found()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        using var tree = new StagedTree();
        using var chown = System.Diagnostics.Process.Start("chown", ["12:34", tree.On("/etc/asl/asl.conf")]);
        chown.WaitForExit();
        AssertOnly(tree, "OV-21", OverlayFault.WrongOwner, "/etc/asl/asl.conf");
        Assert.Contains("12:34", tree.Findings()[0].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_that_was_staged_without_privileges_counts_as_roots()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a tree away");
        using var tree = new StagedTree();
        using var chown = System.Diagnostics.Process.Start("chown", ["--recursive", "--no-dereference", "12:34", tree.Root]);
        chown.WaitForExit();
        Assert.Empty(tree.Findings());
    }

    [Theory]
    [InlineData("/usr/local/bin/asl-helper", "OV-01")]
    [InlineData("/etc/asl/notes.txt", "OV-20")]
    [InlineData("/var/lib/asl/cache/thing", "OV-42")]
    [InlineData("/opt/tool", "OV-01")]
    public void What_has_no_row_is_extra(string path, string clause)
    {
        using var tree = new StagedTree();
        tree.Write(path, "hello\n");
        var finding = Assert.Single(tree.Findings());
        Assert.Equal((clause, OverlayFault.Extra), (finding.Clause, finding.Fault));
        Assert.StartsWith(finding.Path, path, StringComparison.Ordinal);
    }

    [Fact]
    public void What_exists_at_run_time_only_is_extra_in_the_image()
    {
        using var tree = new StagedTree();
        tree.Write("/run/asl/mode", "wait\n");
        AssertOnly(tree, "OV-01", OverlayFault.Extra, "/run");
    }

    [Fact]
    public void A_folder_where_a_file_belongs_is_the_wrong_kind()
    {
        using var tree = new StagedTree();
        File.Delete(tree.On("/etc/asl/logging.conf"));
        Directory.CreateDirectory(tree.On("/etc/asl/logging.conf"));
        AssertOnly(tree, "OV-23", OverlayFault.WrongKind, "/etc/asl/logging.conf");
    }

    [Fact]
    public void A_script_where_a_program_belongs_is_the_wrong_kind()
    {
        using var tree = new StagedTree();
        tree.Write("/usr/local/bin/asl-intake", "#!/bin/sh\n");
        AssertOnly(tree, "OV-10", OverlayFault.WrongKind, "/usr/local/bin/asl-intake");
    }

    [Fact]
    public void A_copy_where_a_link_belongs_is_the_wrong_kind()
    {
        using var tree = new StagedTree();
        File.Delete(tree.On("/usr/local/bin/asl-admin"));
        File.Copy(tree.On("/usr/local/bin/asl-intake"), tree.On("/usr/local/bin/asl-admin"));
        AssertOnly(tree, "OV-11", OverlayFault.WrongKind, "/usr/local/bin/asl-admin");
    }

    [Theory]
    [InlineData("asl-admin", OverlayFault.WrongTarget)]
    [InlineData("/usr/bin/env", OverlayFault.Escape)]
    [InlineData("../../../../../bin/sh", OverlayFault.Escape)]
    public void A_link_to_somewhere_else_is_found(string target, OverlayFault fault)
    {
        using var tree = new StagedTree();
        Relink(tree.On("/usr/local/bin/asl-debug"), target);
        AssertOnly(tree, "OV-12", fault, "/usr/local/bin/asl-debug");
    }

    [Fact]
    public void A_link_in_place_of_a_folder_that_leads_out_is_an_escape_and_is_not_followed()
    {
        using var tree = new StagedTree();
        Directory.Delete(tree.On("/var/lib/asl/cache"));
        File.CreateSymbolicLink(tree.On("/var/lib/asl/cache"), "/etc");
        Assert.Equal(
            [OverlayFault.Escape, OverlayFault.WrongKind],
            tree.Findings().Select(finding => finding.Fault).Order().Reverse());
        Assert.All(tree.Findings(), finding => Assert.Equal("/var/lib/asl/cache", finding.Path));
    }

    [Fact]
    public void A_link_without_a_row_that_leads_out_is_an_escape()
    {
        using var tree = new StagedTree();
        File.CreateSymbolicLink(tree.On("/etc/asl/more"), "../../../home");
        AssertOnly(tree, "OV-20", OverlayFault.Escape, "/etc/asl/more");
    }

    public static TheoryData<string, string, string> State => new()
    {
        { "OV-80", "/etc/asl/asl.conf", "mode = auto\n-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n" },
        { "OV-80", "/usr/local/bin/asl-intake", "\u007fELF\u0001-----BEGIN " + "RSA PRIVATE KEY-----" },
        { "OV-80", "/usr/local/lib/libasl.so", "\u007fELF\u0001-----BEGIN " + "PRIVATE KEY-----" },
        { "OV-80", "/etc/asl/id_ed25519", "x" },
        { "OV-81", "/root/.ssh/authorized_keys", "ssh-ed25519 AAAA\n" },
        { "OV-82", "/etc/asl/asl.conf", "remote.password = \"hunter2\"\n" },
        { "OV-82", "/etc/asl/asl.conf", "remote.proxy = http://me:hunter2@proxy:3128\n" },
        { "OV-83", "/etc/machine-id", "0123456789abcdef0123456789abcdef\n" },
        { "OV-83", "/etc/asl/logging.conf", "0123456789abcdef0123456789abcdef\n" },
        { "OV-83", "/etc/hostid", "x" },
        { "OV-84", "/etc/zfs/zpool.cache", "x" },
        { "OV-85", "/mnt/asl/local/snapshots/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "x" },
        { "OV-85", "/var/lib/asl/cache/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "x" },
        { "OV-85", "/etc/asl/asl.conf", "{\"sequence\":1,\"run\":\"r\"}\n" },
        { "OV-85", "/usr/local/bin/data", "ASLBLOCK\u0001\0" },
        { "OV-85", "/usr/local/bin/data", "ASLSEGM1\u0001\0" },
        { "OV-86", "/var/lib/asl/runtime/asl.log", "x" },
        { "OV-86", "/var/lib/asl/locks/run.lock", "" },
        { "OV-87", "/etc/asl/federation.conf", "ASL\0\u0001block" },
    };

    [Theory]
    [MemberData(nameof(State))]
    public void State_identity_and_secrets_are_found_wherever_they_hide(string clause, string path, string text)
    {
        using var tree = new StagedTree();
        tree.Write(path, text);
        Assert.Contains(tree.Findings(), finding =>
            finding.Clause == clause && finding.Fault == OverlayFault.StateContent && path.StartsWith(finding.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void A_snapshot_under_any_name_is_found()
    {
        using var tree = new StagedTree();
        tree.Write("/etc/asl/innocent", [0xB3, 0x00, 0x6C, .. "asl-snapshot"u8, 0x01, 0x01]);
        AssertOnly(tree, "OV-85", OverlayFault.StateContent, "/etc/asl/innocent");
    }

    [Fact]
    public void A_tree_that_is_not_there_is_an_error_and_not_a_pass()
    {
        var thrown = Assert.Throws<AslException>(() => OverlayCheck.Run(StagedTree.Contract, "/nowhere"));
        Assert.Equal(ErrorCode.OverlayUnreadable, thrown.Error.Code);
        Assert.Equal(ExitCodes.Failed, ExitCodes.For(thrown.Error.Code));
    }

    [Fact]
    public void The_report_reads_as_text_and_as_JSON()
    {
        using var tree = new StagedTree();
        File.Delete(tree.On("/usr/local/lib/libasl.so"));
        File.SetUnixFileMode(tree.On("/etc/asl/asl.conf"), (UnixFileMode)0x180);
        var report = tree.Check();
        Assert.Equal(
            $"""
            OV-13 missing: /usr/local/lib/libasl.so
              why: nothing is there; the C interface to a store, for other programs on the rescue system
              fix: run overlay/build again, and see what it says of this path
            OV-21 wrong-mode: /etc/asl/asl.conf
              why: its mode is 0600, and must be 0644
              fix: chmod 0644 {tree.Root}/etc/asl/asl.conf
            {tree.Root}: {report.PathsChecked} paths, 2 findings ({StagedTree.Contract.Name}, sha256 {StagedTree.Contract.Digest})

            """,
            report.ToText());

        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(ExitCodes.ContractBroken, json.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal("wrong-mode", json.RootElement.GetProperty("findings")[1].GetProperty("fault").GetString());
    }

    private static void AssertOnly(StagedTree tree, string clause, OverlayFault fault, string path)
    {
        var finding = Assert.Single(tree.Findings());
        Assert.Equal((clause, fault, path), (finding.Clause, finding.Fault, finding.Path));
        Assert.NotEmpty(finding.Fix);
    }

    private static void Relink(string place, string target)
    {
        File.Delete(place);
        File.CreateSymbolicLink(place, target);
    }

    private static void Remove(string place)
    {
        if (new FileInfo(place) is { LinkTarget: null } && Directory.Exists(place))
        {
            Directory.Delete(place, recursive: true);
        }
        else
        {
            File.Delete(place);
        }
    }

    [Theory]
    [InlineData("asl-intake", "ReadWritePaths=/var/lib/asl -/mnt/asl/local", "ReadWritePaths=/var/lib/asl -/mnt/asl/local /srv", "it may write to /srv, which its row does not list")]
    [InlineData("asl-intake", "ReadWritePaths=/var/lib/asl -/mnt/asl/local", "ReadWritePaths=/var/lib/asl", "its row says that it may write to /mnt/asl/local, and the unit does not let it")]
    [InlineData("asl-intake", "ReadWritePaths=/var/lib/asl -/mnt/asl/local", "ReadWritePaths=/\nReadWritePaths=\nReadWritePaths=/var/lib/asl /mnt/asl/local\nStateDirectory=other", "it may write to /var/lib/other, which its row does not list")]
    [InlineData("asl-preflight", "DeviceAllow=block-* r", "DeviceAllow=block-* rw", "it may open block-* rw, which its row does not list")]
    [InlineData("asl-preflight", "DevicePolicy=closed", "DevicePolicy=auto", "DevicePolicy=closed is missing: without it the lists mean nothing")]
    [InlineData("asl-intake", "ProtectSystem=strict", "ProtectSystem=full", "ProtectSystem=strict is missing: without it the lists mean nothing")]
    public void A_unit_that_may_do_more_or_less_than_its_row_says_is_found(string unit, string line, string instead, string why)
    {
        using var tree = new StagedTree();
        var path = $"/etc/systemd/system/{unit}.service";
        tree.Write(path, File.ReadAllText(tree.On(path)).Replace(line, instead, StringComparison.Ordinal));
        Assert.Contains(tree.Findings(), finding => finding.Fault == OverlayFault.WrongSandbox && finding.Why == why && finding.Path == path);
    }
}
