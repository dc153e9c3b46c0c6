using System.Diagnostics;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>One intake on a machine, with real processes: the second one is turned away, a killed one is in nobody's way.</summary>
public sealed class TwoIntakesTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly List<Process> _started = [];

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
    public void A_second_intake_ends_with_10_and_a_killed_one_leaves_no_lock_behind()
    {
        _scratch.WriteSource("file", "content");
        var first = Serve();

        var second = _scratch.Intake("serve").EndsWith(ExitCodes.Busy);
        Assert.StartsWith("error ASL6001: another intake runs on this machine\n", second.Error, StringComparison.Ordinal);
        Assert.Contains(_scratch.PathOf("machine/var/lib/asl/locks/intake.lock"), second.Error, StringComparison.Ordinal);
        Assert.Contains("asl-intake status", second.Error, StringComparison.Ordinal);
        _scratch.Intake("ingest", _scratch.Source, "--store", _scratch.Store).EndsWith(ExitCodes.Busy);
        Assert.Contains("Detecting", _scratch.Intake("status").EndsWith(0).Output, StringComparison.Ordinal);

        first.Kill(); // SIGKILL: it has no chance to give anything back.
        first.WaitForExit();
        Assert.True(File.Exists(_scratch.PathOf("machine/var/lib/asl/locks/intake.lock")));
        var third = Serve();

        _scratch.Shell($"kill -TERM {third.Id}").EndsWith(0);
        _started.Remove(third);
        Scratch.Finish(third).EndsWith(ExitCodes.Interrupted);
        _scratch.Ingest();
        Assert.Single(_scratch.Admin("snapshots", "--store", _scratch.Store, "--json").EndsWith(0).Json().EnumerateArray());
    }

    [Fact]
    public void Two_that_start_at_once_are_one()
    {
        var (first, second) = (Start(), Start());
        var loser = WaitForAny(first, second);
        Assert.Equal(ExitCodes.Busy, loser.ExitCode);
        Assert.False((loser == first ? second : first).HasExited);
    }

    [Fact]
    public void A_run_that_was_killed_is_resumed_without_a_store_being_named()
    {
        WriteLarge(_scratch.PathOf("source/disk"), megabytes: 240);
        var ingest = _scratch.StartInterruptible("asl-intake", "ingest", _scratch.Source, "--store", _scratch.Store, "--workers", "1");
        _started.Add(ingest);

        // With the second checkpoint there, the first one stands in the journal. One that gets its name this moment has two.
        while (!Directory.Exists(Path.Combine(_scratch.Store, "logs"))
            || Directory.EnumerateFiles(Path.Combine(_scratch.Store, "logs"), "checkpoint-*", SearchOption.AllDirectories).Count(path => !path.EndsWith(".unsealed", StringComparison.Ordinal)) < 2)
        {
            Assert.False(ingest.HasExited, "the ingest was over before it could be killed");
            Thread.Sleep(1);
        }

        ingest.Kill();
        ingest.WaitForExit();
        var resumed = _scratch.Intake("resume", "--json").EndsWith(0).Json();
        Assert.True(resumed.GetProperty("counts").GetProperty("readBytes").GetInt64() < 240 << 20, "what was sealed was read again");
        _scratch.Admin("verify", "--data", "--store", _scratch.Store).EndsWith(0);
    }

    [Fact]
    public void With_no_run_here_and_no_store_resume_says_how_to_get_at_one()
    {
        var error = _scratch.Intake("resume").EndsWith(ExitCodes.StoreUnusable).Error;
        Assert.StartsWith("error ASL2009: there is no run here to resume\n", error, StringComparison.Ordinal);
        Assert.Contains("fix:   asl-intake ingest --root ", error, StringComparison.Ordinal);
        Assert.Contains("SOURCE…   (attaches the backend; an unsealed run of these sources in it goes on)", error, StringComparison.Ordinal);
    }

    /// <summary>Starts the service and waits until its socket answers.</summary>
    private Process Serve()
    {
        var process = Start();
        for (var tries = 0; _scratch.Intake("status").ExitCode != 0; tries++)
        {
            Assert.False(process.HasExited, "the service has ended");
            Assert.True(tries < 600, "the service does not answer");
            Thread.Sleep(50);
        }

        return process;
    }

    private Process Start()
    {
        var process = _scratch.StartInterruptible("asl-intake", "serve");
        _started.Add(process);
        return process;
    }

    private static Process WaitForAny(Process first, Process second)
    {
        var began = Stopwatch.GetTimestamp();
        while (!first.HasExited && !second.HasExited)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "both run");
            Thread.Sleep(10);
        }

        return first.HasExited ? first : second;
    }

    /// <summary>Bytes that neither compress nor repeat, so that each block takes its time.</summary>
    private static void WriteLarge(string path, int megabytes)
    {
        var random = new Random(11);
        var buffer = new byte[1 << 20];
        using var file = File.Create(path);
        for (var index = 0; index < megabytes; index++)
        {
            random.NextBytes(buffer);
            file.Write(buffer);
        }
    }
}
