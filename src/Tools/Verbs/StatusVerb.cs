using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Control;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake status [--watch]: one screen that says where the run stands, why, what is asked and what to type.</summary>
internal static class StatusVerb
{
    private static readonly Option<bool> Watch = new("--watch") { Description = "go on showing it until the run is over" };

    internal static Command Build()
    {
        var command = new Command("status", "Shows where the run stands, why, what is asked, and what to type.") { Watch };
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

        foreach (var line in StatusScreen.Lines(status, TimeProvider.System.GetUtcNow()))
        {
            Console.WriteLine(line);
        }
    }

    private static async Task<int> OnceAsync(ParseResult parsed)
    {
        var paths = IntakeComposition.Paths(parsed);
        try
        {
            using var client = await ControlClient.ConnectAsync(paths, Edge.Stopped);
            Show(parsed, await client.StatusAsync(Edge.Stopped));
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
