using System.Text.Json;
using AslRescue.Intake.Steps;

namespace AslRescue.Intake.Control;

/// <summary>What is asked of the operator.</summary>
/// <param name="Id">The request's id; its first eight digits do.</param>
/// <param name="Backend">Which backend, in one line.</param>
/// <param name="Warning">What must be known before a yes.</param>
/// <param name="Sources">What would be read.</param>
/// <param name="SecondsLeft">Until the request expires; null when it never does.</param>
/// <param name="WhyNotByConfiguration">Why the configuration does not approve it.</param>
public sealed record RequestView(
    string Id, string Backend, string? Warning, IReadOnlyList<string> Sources, long? SecondsLeft, string? WhyNotByConfiguration);

/// <summary>How failures that may pass are dealt with.</summary>
/// <param name="AttemptsMax">Failures in a row after which the operator is asked.</param>
/// <param name="SecondsLeft">Retrying: until the next attempt, when the status was put up.</param>
public sealed record RetryView(int AttemptsMax, double? SecondsLeft);

/// <summary>A run as an operator wants to see it: where it stands, since when, why, what is asked, and what to type.</summary>
public sealed record IntakeStatus
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>The state's name.</summary>
    public required string State { get; init; }

    /// <summary>Wall time at which it was entered.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why it was entered.</summary>
    public required string Reason { get; init; }

    /// <summary>Where preflight sends the data, and why.</summary>
    public DecisionView? Decision { get; init; }

    /// <summary>What is going on right now.</summary>
    public string? Detail { get; init; }

    /// <summary>Where to, in one line, as soon as it is known.</summary>
    public string? Backend { get; init; }

    /// <summary>What is read, as soon as it is known.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>AwaitingApproval: the question.</summary>
    public RequestView? Request { get; init; }

    /// <summary>Commands that make sense now.</summary>
    public required IReadOnlyList<string> Type { get; init; }

    /// <summary>Ingesting: how far.</summary>
    public ProgressView? Progress { get; init; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Failures of the run, whether or not it got further in between.</summary>
    public int Retries { get; init; }

    /// <summary>Retrying: how long and how often.</summary>
    public RetryView? Retry { get; init; }

    /// <summary>The failure that the run stands at: Retrying, Halted, or asked about again.</summary>
    public ControlError? Error { get; init; }

    /// <summary>Sealed: the snapshot.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The run is over: what intake ends with (docs/exit-codes.md).</summary>
    public int? ExitCode { get; init; }

    /// <summary>Newest record of the journal.</summary>
    public long JournalSequence { get; init; }

    /// <summary>Its hash: what an auditor can be told over the telephone.</summary>
    public required string JournalHash { get; init; }

    /// <summary>The status as one line of JSON, as the socket sends it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, IntakeJson.Default.IntakeStatus);
}
