using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>Signals and pipes.</summary>
public sealed class InterruptionTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void An_ingest_that_is_stopped_by_a_signal_says_so_and_resume_completes_it(string signal)
    {
        WriteRandom(_scratch.PathOf("source/disk"), megabytes: 320);
        var expected = _scratch.Intake("ingest", _scratch.Source, "--store", _scratch.PathOf("whole"), "--json").EndsWith(0).Json();

        var ingest = _scratch.StartInterruptible("asl-intake", "ingest", _scratch.Source, "--store", _scratch.Store, "--workers", "1");
        WaitForFirstBlock(ingest);
        _scratch.Shell($"kill -{signal} {ingest.Id}").EndsWith(0);
        var stopped = Scratch.Finish(ingest).EndsWith(ExitCodes.Interrupted);
        var resumed = _scratch.Intake("resume", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        Assert.StartsWith("error ASL9003: the run was interrupted\n", stopped.Error, StringComparison.Ordinal);
        Assert.Contains($"fix:   asl-intake resume --root {_scratch.PathOf("machine")} --store {_scratch.Store} ", stopped.Error, StringComparison.Ordinal);
        Assert.Empty(stopped.Output);
        Assert.Equal(expected.GetProperty("root").GetString(), resumed.GetProperty("root").GetString());
        Assert.True(resumed.GetProperty("counts").GetProperty("readBytes").GetInt64() < 320 << 20, "what was sealed was read again");
        _scratch.Admin("verify", "--data", "--store", _scratch.Store).EndsWith(0);
    }

    [Fact]
    public void With_nothing_to_resume_resume_says_so()
    {
        _scratch.Ingest();

        Assert.Equal("nothing to resume: every run is sealed\n", _scratch.Intake("resume", "--store", _scratch.Store).EndsWith(0).Error);
    }

    [Theory]
    [InlineData("ls latest")]
    [InlineData("ls latest --json")]
    [InlineData("diff {0} latest")]
    public void A_reader_that_goes_away_is_no_failure(string command)
    {
        var before = _scratch.Ingest("--json").Json().GetProperty("snapshot").GetString();
        for (var index = 0; index < 2_000; index++)
        {
            File.WriteAllText(Path.Combine(_scratch.Source, $"a file with a name that fills pipes {index:D6}"), "");
        }

        _scratch.Ingest();

        var run = _scratch.Shell($"set -o pipefail; asl-admin {string.Format(null, command, before)} --store {_scratch.Store} | head --lines=1").EndsWith(0);

        Assert.Single(run.Output.TrimEnd('\n').Split('\n'));
        Assert.Empty(run.Error);
    }

    private void WaitForFirstBlock(System.Diagnostics.Process ingest)
    {
        var journal = Path.Combine(_scratch.Store, "logs");
        while (!Directory.Exists(journal) || !Directory.EnumerateFiles(journal, "checkpoint-*", SearchOption.AllDirectories).Any())
        {
            Assert.False(ingest.HasExited, "the ingest was over before it could be interrupted");
            Thread.Sleep(1);
        }
    }

    /// <summary>Bytes that neither compress nor repeat, so that each block takes its time.</summary>
    private static void WriteRandom(string path, int megabytes)
    {
        var random = new Random(7);
        var buffer = new byte[1 << 20];
        using var file = File.Create(path);
        for (var index = 0; index < megabytes; index++)
        {
            random.NextBytes(buffer);
            file.Write(buffer);
        }
    }
}
