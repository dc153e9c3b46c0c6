using System.ComponentModel;
using CliWrap;

namespace AslRescue.Shared.Processes;

/// <summary>
/// Runs real programs through CliWrap: in the C locale, without standard input, with bounded output, and never longer than their
/// budget. A program in uninterruptible sleep (a disk that died under it) cannot be killed, so the wait for it is bounded too and
/// the program is left behind.
/// </summary>
/// <param name="time">The clock that budgets are measured with.</param>
public sealed class ToolRunner(TimeProvider time) : IToolRunner
{
    private const int StdoutBytesMax = 4 * 1024 * 1024;
    private const int StderrBytesMax = 16 * 1024;
    private const int StderrLinesMax = 5;
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public ToolPlace Find(string program) => ToolSearch.Find(program);

    /// <inheritdoc/>
    public async Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var place = Find(command.Program);
        if (place.Path is null)
        {
            return place.Cause is null
                ? new ToolOutcome.Missing(time.GetElapsedTime(began))
                : new ToolOutcome.Refused(place.Cause, time.GetElapsedTime(began));
        }

        using var budget = new CancellationTokenSource(command.Budget, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        try
        {
            return await RunAsync(place.Path, command, began, either.Token)
                .WaitAsync(command.Budget + KillGrace, time, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ToolOutcome.TimedOut(time.GetElapsedTime(began));
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return new ToolOutcome.Refused(e.Message, time.GetElapsedTime(began));
        }
    }

    private async Task<ToolOutcome> RunAsync(string path, ToolCommand command, long began, CancellationToken cancellationToken)
    {
        var stdout = new BoundedCapture(StdoutBytesMax);
        var stderr = new BoundedCapture(StderrBytesMax);
        var result = await Cli.Wrap(path)
            .WithArguments(command.Arguments)
            .WithEnvironmentVariables(variables => variables.Set("LC_ALL", "C").Set("LANG", "C"))
            .WithStandardInputPipe(PipeSource.FromBytes(command.Input))
            .WithStandardOutputPipe(stdout.Target)
            .WithStandardErrorPipe(stderr.Target)
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(cancellationToken);
        var lines = stderr.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(StderrLinesMax);
        return new ToolOutcome.Ran(
            result.ExitCode, stdout.Text, string.Join('\n', lines), stdout.IsCut, time.GetElapsedTime(began));
    }
}
