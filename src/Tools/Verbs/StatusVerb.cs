using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake status [--watch]: one screen that says where the run stands, why, what is asked and what to type.</summary>
internal static class StatusVerb
{
    // Longer than preflight's budgets, shorter than anybody's patience.
    private const int WaitSecondsMax = 600;
    private static readonly TimeSpan WaitPause = TimeSpan.FromMilliseconds(250);
    private static readonly Option<bool> Watch = new("--watch") { Description = "go on showing it until the run is over" };

    private static readonly Option<int> Wait = new("--wait")
    {
        HelpName = "SECONDS",
        Description = "wait until intake has taken up a decision, so long at most",
    };

    internal static Command Build()
    {
        var command = new Command("status", "Shows where the run stands, why, what is asked, and what to type.") { Watch, Wait };
        command.SetAction((parsed, _) => parsed.GetValue(Watch) ? WatchAsync(parsed) : OnceAsync(parsed));
        return command;
    }

    /// <summary>Prints a status on stdout.</summary>
    internal static void Show(ParseResult parsed, IntakeStatus status)
    {
        status = Hints.Of(parsed).In(status);
        if (parsed.GetValue(CommonOptions.Json))
        {
            Console.WriteLine(status.ToJson());
            return;
        }

        var heading = parsed.GetResult(Wait) is { Implicit: false } ? 1 : 0; // Whoever waited prints a line of its own above: all must fit on one screen.
        foreach (var line in StatusScreen.Lines(status, TimeProvider.System.GetUtcNow(), StatusScreen.LinesMax - heading))
        {
            Console.WriteLine(line);
        }
    }

    private static async Task<int> OnceAsync(ParseResult parsed)
    {
        var paths = IntakeComposition.Paths(parsed);
        if (parsed.GetValue(Wait) is > 0 and var seconds)
        {
            await SettledAsync(paths, TimeSpan.FromSeconds(Math.Min(seconds, WaitSecondsMax)));
            return await ShowAsync(parsed, paths, CancellationToken.None);
        }

        return await ShowAsync(parsed, paths, Edge.Stopped);
    }

    /// <summary>
    /// Waits until there is something to say: right after boot, preflight still looks and intake has not begun. Whoever presses Ctrl-C
    /// wants the prompt: then what there is will do.
    /// </summary>
    private static async Task SettledAsync(IntakePaths paths, TimeSpan atMost)
    {
        var began = TimeProvider.System.GetTimestamp();
        var isTold = false;
        try
        {
            while (TimeProvider.System.GetElapsedTime(began) < atMost && !await IsSettledAsync(paths))
            {
                if (!isTold)
                {
                    Console.Error.WriteLine($"asl-intake: preflight looks at this machine, up to {atMost.TotalSeconds:0} s (Ctrl-C: no waiting)");
                    isTold = true;
                }

                await Task.Delay(WaitPause, Edge.Stopped);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Whether intake stands anywhere but before preflight's decision.</summary>
    private static async Task<bool> IsSettledAsync(IntakePaths paths)
    {
        try
        {
            using var client = await ControlClient.ConnectAsync(paths, Edge.Stopped);
            var status = await client.StatusAsync(Edge.Stopped);
            return status.State != nameof(IntakeState.Detecting) || status.Decision?.Mode is not null;
        }
        catch (AslException absent) when (absent.Error.Code == ErrorCode.IntakeNotRunning)
        {
            return false;
        }
    }

    private static async Task<int> ShowAsync(ParseResult parsed, IntakePaths paths, CancellationToken cancellationToken)
    {
        try
        {
            using var client = await ControlClient.ConnectAsync(paths, cancellationToken);
            Show(parsed, await client.StatusAsync(cancellationToken));
            return ExitCodes.Done;
        }
        catch (AslException absent) when (absent.Error.Code == ErrorCode.IntakeNotRunning)
        {
            string[] type = paths.IsSystem ? ["systemctl status asl-intake", "systemctl start asl-intake"] : ["asl-intake serve"];
            Show(parsed, AbsentStatus.Read(paths, BootId.Read(paths.Root), type));
            return ExitCodes.For(absent.Error.Code);
        }
    }

    private static async Task<int> WatchAsync(ParseResult parsed)
    {
        var paths = IntakeComposition.Paths(parsed);
        using var client = await ControlClient.ConnectAsync(paths, Edge.Stopped);
        var statuses = Fitting(client.WatchAsync(Edge.Stopped), Hints.Of(parsed));
        IntakeStatus? last;
        try
        {
            last = parsed.GetValue(CommonOptions.Json) ? await StreamAsync(statuses)
                : StatusWatch.HasScreen ? await StatusWatch.DrawAsync(statuses, Edge.Stopped)
                : await AppendAsync(statuses);
        }
        catch (IOException)
        {
            return ExitCodes.Done; // Whoever read this has gone, and has seen enough.
        }

        return last?.ExitCode
            ?? throw ControlClient.NotRunning(paths, last is null ? "it closed the connection" : $"it ended while the run was {last.State}: the run can go on");
    }

    private static async IAsyncEnumerable<IntakeStatus> Fitting(IAsyncEnumerable<IntakeStatus> statuses, Hints hints)
    {
        await foreach (var status in statuses)
        {
            yield return hints.In(status);
        }
    }

    private static async Task<IntakeStatus?> StreamAsync(IAsyncEnumerable<IntakeStatus> statuses)
    {
        await using var output = Output();
        IntakeStatus? last = null;
        await foreach (var status in statuses)
        {
            await output.WriteLineAsync(status.ToJson());
            await output.FlushAsync();
            last = status;
        }

        return last;
    }

    private static async Task<IntakeStatus?> AppendAsync(IAsyncEnumerable<IntakeStatus> statuses)
    {
        await using var output = Output();
        return await StatusWatch.AppendAsync(statuses, output, TimeProvider.System);
    }

    /// <summary>Stdout that fails when its reader has gone, which <see cref="Console"/> hides: a watch would go on for nobody.</summary>
    private static StreamWriter Output() => new(new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0));
}
