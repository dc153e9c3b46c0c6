using System.Diagnostics;
using System.Security.Cryptography;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests.Rehearsing;

/// <summary>asl-intake rehearse on a staged machine, with real processes.</summary>
public sealed class RehearseVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly List<Process> _started = [];

    public RehearseVerbTests()
    {
        foreach (var folder in (string[])["machine/etc/asl/rules", "machine/var/lib/asl", "machine/run", "machine/mnt/backend", "machine/mnt/crashed"])
        {
            Directory.CreateDirectory(_scratch.PathOf(folder));
        }

        foreach (var rule in Directory.EnumerateFiles(Checkout.PathOf("rules"), "*.toml"))
        {
            File.Copy(rule, _scratch.PathOf("machine/etc/asl/rules/" + Path.GetFileName(rule)));
        }

        File.WriteAllText(_scratch.PathOf("machine/etc/asl/asl.conf"), "local.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n");
        File.WriteAllText(_scratch.PathOf("machine/mnt/crashed/letter"), "dear");
    }

    public void Dispose()
    {
        foreach (var process in _started.Where(process => !process.HasExited))
        {
            process.Kill();
            process.WaitForExit();
        }

        _scratch.Dispose();
    }

    [Fact]
    public void It_shows_plan_and_table_while_the_service_waits_and_touches_nothing_of_the_machine()
    {
        _scratch.Admin("preflight").EndsWith(0);
        Serve();
        var before = Everything();
        var asked = _scratch.Intake("status", "--json").EndsWith(0).Json();

        var shown = _scratch.Intake("rehearse", "--seconds", "3").EndsWith(0);

        Assert.StartsWith("plan      local (row ", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"backend   local-directory: directory {_scratch.PathOf("machine/mnt/backend")}\n", shown.Output, StringComparison.Ordinal);
        Assert.Contains("answer    asl-intake approve", shown.Output, StringComparison.Ordinal);
        Assert.Matches(@"rehearsed [0-9]+ of [0-9]+ points \([0-9]+ faults? at [0-9]+ calls\) in ", shown.Output);
        Assert.Contains("lost    something is missing, damaged or there twice: must be 0", shown.Output, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
        Assert.Equal(asked.GetProperty("journalHash").GetString(), _scratch.Intake("status", "--json").EndsWith(0).Json().GetProperty("journalHash").GetString());
    }

    [Fact]
    public void With_a_store_named_it_needs_no_decision_and_does_not_make_the_store()
    {
        var shown = _scratch.Intake("rehearse", "--store", _scratch.Store, "--seconds", "1").EndsWith(0);

        Assert.Contains("answer    whoever types the command has approved it", shown.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch.Store));
    }

    [Fact]
    public void Without_a_decision_there_is_nothing_to_rehearse()
    {
        var refused = _scratch.Intake("rehearse").EndsWith(ExitCodes.Waiting);

        Assert.StartsWith("error ASL6003: there is no plan to rehearse\n", refused.Error, StringComparison.Ordinal);
        Assert.Contains("asl-admin preflight", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_the_guard_refuses_says_so_and_ends_with_its_code()
    {
        File.WriteAllText(_scratch.PathOf("machine/etc/asl/asl.conf"), "local.kind = directory\nlocal.mount = /mnt/crashed/inside\nintake.sources = [\"/mnt/crashed\"]\n");
        Directory.CreateDirectory(_scratch.PathOf("machine/mnt/crashed/inside"));

        var refused = _scratch.Intake("rehearse", "--store", _scratch.PathOf("machine/mnt/crashed/inside"), "--seconds", "1");

        Assert.Contains("guard     refuses: ", refused.Output, StringComparison.Ordinal);
        Assert.True(refused.ExitCode is ExitCodes.SourceUnusable or ExitCodes.WriteRefused, refused.Output + refused.Error);
    }

    [Fact]
    public void Stopped_half_way_it_leaves_nothing_behind()
    {
        using var process = _scratch.StartInterruptible("asl-intake", "rehearse", "--store", _scratch.Store, "--all");
        _started.Add(process);
        string? made;
        while ((made = ScratchOf(process)) is null)
        {
            Assert.False(process.HasExited, "it was over before it could be stopped");
            Thread.Sleep(10);
        }

        _scratch.Shell($"kill -INT {process.Id}").EndsWith(0);
        _started.Remove(process);
        Scratch.Finish(process).EndsWith(ExitCodes.Interrupted);
        Assert.False(Directory.Exists(made), made);
    }

    /// <summary>The folder that it holds locked.</summary>
    private static string? ScratchOf(Process process) => process.HasExited ? null : Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd")
        .Select(file => new FileInfo(file).LinkTarget).FirstOrDefault(target => target?.Contains("/asl-rehearsal-", StringComparison.Ordinal) == true && !target[(target.IndexOf("/asl-rehearsal-", StringComparison.Ordinal) + 1)..].Contains('/', StringComparison.Ordinal));

    private void Serve()
    {
        _started.Add(_scratch.StartInterruptible("asl-intake", "serve"));
        while (_scratch.Intake("status", "--json") is not { ExitCode: 0, Output: var status } || !status.Contains("AwaitingApproval", StringComparison.Ordinal))
        {
            Assert.False(_started[^1].HasExited, "the service ended");
            Thread.Sleep(20);
        }
    }

    /// <summary>Every file below the machine with its bytes and times; of a socket, that it is there.</summary>
    private List<string> Everything() =>
    [
        .. new DirectoryInfo(_scratch.PathOf("machine")).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Order(Comparer<FileSystemInfo>.Create((one, other) => string.CompareOrdinal(one.FullName, other.FullName)))
            .Select(info => $"{info.FullName} {info.LastWriteTimeUtc:O} {(info is FileInfo { Length: > 0 } file ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName))) : "")}"),
    ];
}
