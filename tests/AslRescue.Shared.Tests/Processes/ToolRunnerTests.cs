using System.Diagnostics;
using AslRescue.Shared.Processes;

namespace AslRescue.Shared.Tests.Processes;

/// <summary>Against real programs.</summary>
public sealed class ToolRunnerTests
{
    private static readonly ToolRunner Runner = new(TimeProvider.System);

    [Fact]
    public async Task A_program_that_ends_gives_its_exit_and_both_outputs()
    {
        var ran = Assert.IsType<ToolOutcome.Ran>(await RunAsync("sh", "-c", "echo out; echo err >&2; exit 7"));
        Assert.Equal((7, "out\n", "err", false), (ran.Exit, ran.Stdout, ran.Stderr, ran.IsCut));
    }

    [Fact]
    public async Task A_program_runs_in_the_C_locale_and_without_input()
    {
        var ran = Assert.IsType<ToolOutcome.Ran>(await RunAsync("sh", "-c", "echo $LC_ALL; cat"));
        Assert.Equal("C\n", ran.Stdout);
    }

    [Fact]
    public async Task A_program_that_is_not_installed_is_missing() =>
        Assert.IsType<ToolOutcome.Missing>(await RunAsync("asl-no-such-program"));

    [Fact]
    public async Task A_file_that_the_system_cannot_execute_is_refused()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [0x7f, 0x45, 0x4c, 0x46, 0], TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.IsType<ToolOutcome.Refused>(await RunAsync(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_program_over_its_budget_is_killed_with_its_children()
    {
        var watch = Stopwatch.StartNew();
        var mark = Guid.NewGuid().ToString("N");
        var outcome = await Runner.RunAsync(
            new ToolCommand("sh", ["-c", $"sh -c 'sleep 60; : {mark}' & wait"], TimeSpan.FromSeconds(0.3)), TestContext.Current.CancellationToken);
        Assert.IsType<ToolOutcome.TimedOut>(outcome);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
        bool IsThere() => Directory.EnumerateDirectories("/proc").Any(folder => CommandLine(folder).Contains(mark, StringComparison.Ordinal));
        while (watch.Elapsed < TimeSpan.FromSeconds(30) && IsThere())
        {
            await Task.Delay(100, TestContext.Current.CancellationToken); // Whoever was killed is gone a moment later.
        }

        Assert.False(IsThere());
    }

    [Fact]
    public async Task A_caller_that_gives_up_hears_so()
    {
        using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Runner.RunAsync(new ToolCommand("sleep", ["60"], TimeSpan.FromSeconds(30)), given.Token));
    }

    [Fact]
    public async Task Output_without_end_is_cut_and_says_so()
    {
        var ran = Assert.IsType<ToolOutcome.Ran>(await RunAsync("head", "-c", "6000000", "/dev/zero"));
        Assert.True(ran.IsCut);
        Assert.Equal(4 * 1024 * 1024, ran.Stdout.Length);
    }

    [Fact]
    public void A_command_line_shows_where_an_argument_ends() =>
        Assert.Equal("zdb -l '/dev/disk one' ''", new ToolCommand("zdb", ["-l", "/dev/disk one", ""], TimeSpan.Zero).Line);

    private static Task<ToolOutcome> RunAsync(string program, params string[] arguments) =>
        Runner.RunAsync(new ToolCommand(program, arguments, TimeSpan.FromSeconds(20)), TestContext.Current.CancellationToken);

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
