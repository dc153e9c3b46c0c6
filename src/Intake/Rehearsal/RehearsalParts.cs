using AslRescue.Intake.Approvals;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Rehearsal;

/// <summary>What is rehearsed: the real decision, configuration and rules.</summary>
public sealed record RehearsalParts
{
    /// <summary>The configuration. Its sources are replaced by a synthetic one, and nobody's time to answer runs out.</summary>
    public required IntakeSettings Settings { get; init; }

    /// <summary>Where the rules are read, and where a scratch folder may lie. Nothing else in there is touched.</summary>
    public required IntakePaths Paths { get; init; }

    /// <summary>The decision, as it would be acted on.</summary>
    public required Decision Decision { get; init; }

    /// <summary>How to ingest.</summary>
    public required IngestOptions Template { get; init; }

    /// <summary>The operator who would type the command; null for the service.</summary>
    public Peer? Commander { get; init; }

    /// <summary>What is wrong with the evidence in a store and in a machine's folder of runs: nothing, or a line each.</summary>
    public required Func<string, string, IReadOnlyList<string>> Audit { get; init; }

    /// <summary>How long it may take; null for every point that there is. The undisturbed run comes before that.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>At most so many points are tried, spread evenly over all; null for no limit.</summary>
    public int? PointsMax { get; init; }

    /// <summary>Points that are tried at once.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Called with each point that was tried, from any thread: how many so far.</summary>
    public Action<int>? OnTried { get; init; }

    /// <summary>Stands between the program and the disk that fails, in tests: a program that does not do what it must has to be found out.</summary>
    public Func<FileCalls, FileCalls>? Between { get; init; }
}
