using System.Globalization;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AslRescue.Tools.Output;

/// <summary>
/// The status for as long as a run goes on. On a terminal that can move its cursor: one screen, drawn in place once a second. Elsewhere
/// (a file, a pipe, TERM=dumb): a line for each change of state, and one every ten seconds while data is read.
/// </summary>
internal static class StatusWatch
{
    private static readonly TimeSpan ScreenPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LinePeriod = TimeSpan.FromSeconds(10);
    private const int BarColumns = 40;

    /// <summary>Whether stdout can be drawn on in place.</summary>
    internal static bool HasScreen => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb" or "unknown");

    /// <summary>Terminals that know no colours, as terminfo names them: agetty calls every serial line a vt220.</summary>
    internal static bool IsMonochrome(string? terminal) =>
        terminal is not null && (terminal.StartsWith("vt", StringComparison.Ordinal) || terminal.EndsWith("-m", StringComparison.Ordinal)
            || terminal.EndsWith("-mono", StringComparison.Ordinal));

    /// <summary>Draws until the statuses end, and leaves the last one standing. Gives it; null when there was none.</summary>
    internal static async Task<IntakeStatus?> DrawAsync(IAsyncEnumerable<IntakeStatus> statuses, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Console;
        if (IsMonochrome(Environment.GetEnvironmentVariable("TERM")))
        {
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        }

        IntakeStatus? newest = null;
        await console.Live(new Text("")).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async live =>
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reading = Task.Run(
                async () =>
                {
                    await foreach (var status in statuses.WithCancellation(over.Token))
                    {
                        Volatile.Write(ref newest, status);
                    }
                },
                CancellationToken.None);
            try
            {
                var size = (console.Profile.Width, console.Profile.Height);
                while (true)
                {
                    var isOver = reading.IsCompleted;
                    if (size != (size = (console.Profile.Width, console.Profile.Height)))
                    {
                        console.Clear(); // What another width has wrapped cannot be drawn over.
                    }

                    if (Volatile.Read(ref newest) is { } status)
                    {
                        live.UpdateTarget(Screen(status, console.Profile));
                    }

                    if (isOver)
                    {
                        break;
                    }

                    await Task.WhenAny(reading, Task.Delay(newest is null ? ScreenPeriod / 10 : ScreenPeriod, cancellationToken));
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                await over.CancelAsync();
                await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await reading;
        });
        return newest;
    }

    /// <summary>Writes lines until the statuses end. Gives the last status; null when there was none.</summary>
    internal static async Task<IntakeStatus?> AppendAsync(IAsyncEnumerable<IntakeStatus> statuses, TextWriter output, TimeProvider time)
    {
        IntakeStatus? newest = null;
        var written = (long?)null;
        await foreach (var status in statuses)
        {
            var isNews = newest is null || News(newest) != News(status);
            if (isNews || (status.Progress is not null && (written is null || time.GetElapsedTime(written.Value) >= LinePeriod)))
            {
                await output.WriteLineAsync(Line(status, time.GetUtcNow()));
                await output.FlushAsync();
                written = time.GetTimestamp();
            }

            newest = status;
        }

        return newest;
    }

    /// <summary>One line: when, state, and what matters there.</summary>
    internal static string Line(IntakeStatus status, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:HH:mm:ss}Z {Summary(status)}");

    /// <summary>One line without the time: what <c>systemctl status</c> shows.</summary>
    internal static string Summary(IntakeStatus status)
    {
        var what = status switch
        {
            { State: nameof(IntakeState.Ingesting), Progress: { } progress } => $"{StatusFields.Progress(progress)}, {StatusFields.Found(progress)}",
            { Request: { } request } => $"{request.Backend}: {string.Join(", or ", status.Type)}",
            { Detail: { } detail } => detail,
            _ => status.Reason,
        };
        var retries = status.Retries > 0 ? $", {Quantity.Count(status.Retries, "retry", "retries")}" : "";
        return $"{status.State}: {Printable.Text(what)}{retries}";
    }

    private static (string State, string? Detail, string? Request) News(IntakeStatus status) => (status.State, status.Detail, status.Request?.Id);

    private static Rows Screen(IntakeStatus status, Profile profile)
    {
        List<IRenderable> lines = [];
        if (status.Progress is { BytesTotal: > 0 and var total } progress && status.State == nameof(IntakeState.Ingesting))
        {
            lines.Add(Bar(Math.Clamp((double)progress.BytesDone / total, 0, 1), profile));
        }

        var room = Math.Max(profile.Height - 1 - lines.Count, 1);
        lines.InsertRange(0, StatusScreen.Lines(status, DateTimeOffset.UtcNow, Math.Min(room, StatusScreen.LinesMax - lines.Count))
            .Select(line => new Text(line, StyleOf(line, status.State)) { Overflow = Overflow.Ellipsis }));
        return new Rows(lines);
    }

    private static Style StyleOf(string line, string state) => line.Split(' ', 2)[0] switch
    {
        "state" => new Style(StateColor(state), decoration: Decoration.Bold),
        "warning" or "error" => new Style(Color.Yellow, decoration: Decoration.Bold),
        "type" => new Style(decoration: Decoration.Bold),
        _ => Style.Plain,
    };

    private static Color StateColor(string state) => state switch
    {
        nameof(IntakeState.Sealed) => Color.Green,
        nameof(IntakeState.Halted) => Color.Red,
        nameof(IntakeState.AwaitingApproval) or nameof(IntakeState.Retrying) => Color.Yellow,
        _ => Color.Default,
    };

    private static Text Bar(double share, Profile profile)
    {
        var columns = Math.Clamp(profile.Width - 20, 1, BarColumns);
        var done = (int)(share * columns);
        return new Text(string.Create(CultureInfo.InvariantCulture, $"{"",10} [{new string('#', done)}{new string('.', columns - done)}] {share * 100:F0} %"));
    }
}
