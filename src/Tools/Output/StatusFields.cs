using System.Globalization;
using AslRescue.Intake.Control;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>A line of the status: what it is called, and what it says.</summary>
/// <param name="Label">A word; the same for several lines when they belong together.</param>
/// <param name="Text">Printable.</param>
/// <param name="LinesMin">How many lines of it must stay when there is no room for all. 0: none.</param>
/// <param name="IsCommand">To be typed as it stands.</param>
internal sealed record StatusField(string Label, string Text, int LinesMin = 1, bool IsCommand = false)
{
    /// <summary>A minimum for what must never be shortened.</summary>
    internal const int All = int.MaxValue;
}

/// <summary>A status as labelled lines, in the order in which an operator asks: where to and why, where it stands, what is asked, what to type.</summary>
internal static class StatusFields
{
    /// <summary>No estimate is longer: by then it says nothing.</summary>
    private const long SecondsLeftMax = 7 * 24 * 3600;
    private const int SourcesShownMax = 3;
    private const int IdDigits = 8;

    internal static IEnumerable<StatusField> Of(IntakeStatus status, DateTimeOffset now) =>
        [
            .. Mode(status), .. State(status, now), .. Work(status), .. Asked(status), .. Failed(status),
            .. status.Type.Select((command, index) => new StatusField(index == 0 ? "type" : "", Printable.Text(command), StatusField.All, IsCommand: true)),
            .. Field("journal", Journal(status), 0),
        ];

    /// <summary>"3.8 GB of about 5.0 GB (76 %), 130 MB/s, 1.2 GB left in 9 s".</summary>
    internal static string Progress(ProgressView progress)
    {
        List<string> parts = [Quantity.Bytes(progress.BytesDone) + Share(progress)];
        if (progress.BytesPerSecond is { } rate)
        {
            parts.Add($"{Quantity.Bytes(rate)}/s");
        }

        if (progress.BytesTotal is { } total && total > progress.BytesDone)
        {
            var left = total - progress.BytesDone;
            var when = progress.BytesPerSecond is > 1 and { } speed ? $" in {Quantity.Duration(TimeSpan.FromSeconds(Math.Min(left / speed, SecondsLeftMax)))}" : "";
            parts.Add($"{Quantity.Bytes(left)} left{when}");
        }

        return string.Join(", ", parts);
    }

    /// <summary>"12,034 entries, 1.1 GB stored, 0 bad areas, 0 problems".</summary>
    internal static string Found(ProgressView progress) => string.Join(", ",
        Quantity.Count(progress.Entries, "entry", "entries"),
        $"{Quantity.Bytes(progress.StoredBytes)} stored",
        Quantity.Count(progress.BadAreas, "bad area", "bad areas") + (progress.BadBytes > 0 ? $" of {Quantity.Bytes(progress.BadBytes)}" : ""),
        Quantity.Count(progress.Problems, "problem", "problems"));

    private static string Share(ProgressView progress) => progress.BytesTotal is { } total and > 0
        ? string.Create(CultureInfo.InvariantCulture, $" of about {Quantity.Bytes(total)} ({Math.Min(100.0 * progress.BytesDone / total, 100):F0} %)")
        : "";

    private static IEnumerable<StatusField> Mode(IntakeStatus status) => status.Decision is { } decision
        ?
        [
            .. Field("mode", (decision.Mode ?? "not decided") + (decision.Row is { } row ? $", by row {row}" : "")),
            .. Field("why", decision.Because),
        ]
        : [];

    private static IEnumerable<StatusField> State(IntakeStatus status, DateTimeOffset now)
    {
        var since = status.Since is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z{Ago(now - time)}") : null;
        var isRunning = status.State != AbsentStatus.State;
        return
        [
            .. Field("run", status.Run),
            .. Field("state", isRunning ? $"{status.State}{(since is null ? "" : $" since {since}")}" : "not running"),
            .. Field("last", isRunning ? null : since),
            .. Field("because", IsSaidElsewhere(status) ? null : status.Reason),
            .. Field("now", status.Detail),
        ];
    }

    /// <summary>The reason of a state is that of the decision at first, and the error after a failure.</summary>
    private static bool IsSaidElsewhere(IntakeStatus status) =>
        (status.Decision is { } decision && status.Reason.StartsWith(decision.Because, StringComparison.Ordinal))
        || (status.Error is { } error && status.Reason.StartsWith(error.What, StringComparison.Ordinal));

    private static string Ago(TimeSpan span) => span < TimeSpan.Zero || span.TotalDays > 3650 ? "" : $" ({Quantity.Rounded(span)} ago)";

    private static IEnumerable<StatusField> Work(IntakeStatus status)
    {
        var isAsked = status.Request is not null;
        return
        [
            .. isAsked ? [] : Field("backend", status.Backend),
            .. isAsked || status.Run.Length == 0 ? [] : Sources(status.Sources),
            .. status.Progress is { } progress && !isAsked ? [.. Field("progress", Progress(progress)), .. Field("found", Found(progress))] : Array.Empty<StatusField>(),
            .. Field("retries", Retries(status)),
            .. Field("snapshot", status.Snapshot),
        ];
    }

    private static string? Retries(IntakeStatus status) => (status.Retries, status.Retry) switch
    {
        (0, _) => null,
        ( > 0, { } retry) => string.Create(CultureInfo.InvariantCulture, $"{status.Retries} in all, {status.Failures} of {retry.AttemptsMax} in a row"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{status.Retries} in all"),
    };

    private static IEnumerable<StatusField> Asked(IntakeStatus status)
    {
        if (status.Request is not { } request)
        {
            return [];
        }

        var left = request.SecondsLeft is { } seconds ? $", good for {Quantity.Rounded(TimeSpan.FromSeconds(seconds))}" : "";
        var what = request.Sources.Count == 0 ? "which source, and then: may it be stored there" : "may these sources be stored there";
        return
        [
            .. Field("asked", $"{what}? Request {request.Id[..Math.Min(IdDigits, request.Id.Length)]}{left}"),
            .. Field("backend", request.Backend, 2),
            .. Field("warning", request.Warning, StatusField.All),
            .. Sources(request.Sources),
            .. Field("by hand", request.WhyNotByConfiguration is { } why ? $"because {why}" : null, 0),
        ];
    }

    private static IEnumerable<StatusField> Failed(IntakeStatus status) => status.Error is { } error
        ?
        [
            .. Field("error", $"{error.Code}: {error.What}"),
            .. Field("where", error.Where),
            .. Field("cause", error.Why),
            .. Field("fix", error.Fix, 2),
        ]
        : [];

    private static StatusField[] Sources(IReadOnlyList<string> sources) => sources.Count == 0
        ? Field("sources", "none is named")
        :
        [
            .. sources.Take(SourcesShownMax).Select((path, index) => new StatusField(index == 0 ? "sources" : "", Printable.Text(path))),
            .. sources.Count > SourcesShownMax ? Field("", $"and {sources.Count - SourcesShownMax} more: --json lists all") : [],
        ];

    private static string? Journal(IntakeStatus status) => status.JournalSequence == 0
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"record {status.JournalSequence}, hash {status.JournalHash[..Math.Min(16, status.JournalHash.Length)]}");

    private static StatusField[] Field(string label, string? text, int linesMin = 1) =>
        string.IsNullOrEmpty(text) ? [] : [new(label, Printable.Text(text), linesMin)];
}
