using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Control;

/// <summary>How things stand while no intake runs, from what lies on the disk: preflight's decision and the newest run's journal.</summary>
public static class AbsentStatus
{
    /// <summary>The name that stands in place of a state.</summary>
    public const string State = "NotRunning";

    /// <summary>Reads it. Never throws and writes nothing.</summary>
    /// <param name="paths">Where things lie.</param>
    /// <param name="boot">This boot.</param>
    /// <param name="type">Commands that make sense when nothing else is known.</param>
    public static IntakeStatus Read(IntakePaths paths, string boot, IReadOnlyList<string> type)
    {
        var decision = DecisionView.Read(paths, boot);
        var status = new IntakeStatus
        {
            Run = "",
            State = State,
            Reason = "no run has begun on this machine since it was started",
            Decision = decision,
            Type = decision.Mode is null ? ["asl-admin preflight", .. type] : type,
            JournalHash = "",
        };
        return Newest(paths) is { } run ? OfRun(status, paths.Run(run), run) : status;
    }

    private static string? Newest(IntakePaths paths)
    {
        try
        {
            // One that only found another in the backend has a later name than that, and nothing to tell.
            var folders = Directory.GetDirectories(paths.Runtime);
            return (folders.Where(folder => !RunFolders.GaveWay(folder)).Max(StringComparer.Ordinal) ?? folders.Max(StringComparer.Ordinal)) is { } newest
                ? Path.GetFileName(newest)
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IntakeStatus OfRun(IntakeStatus status, string folder, string run)
    {
        try
        {
            var path = Path.Combine(folder, "journal");
            var content = File.ReadAllBytes(path);
            var whole = content.AsMemory(0, content.AsSpan().LastIndexOf((byte)'\n') + 1);
            var records = new JournalReader(run, allowGaps: true).Read(path, whole);
            var history = RunHistory.Of(records);
            return status with
            {
                Run = run,
                Reason = Why(history, records),
                Since = records.Count > 0 ? records[^1].Wall : null,
                Type = history.State == IntakeState.Sealed ? ["asl-admin show latest", .. status.Type] : status.Type,
                Sources = [.. history.Request?.Sources.Select(source => source.Path) ?? []],
                Retries = history.Retries,
                JournalSequence = records.Count > 0 ? records[^1].Sequence : 0,
                JournalHash = records.Count > 0 ? records[^1].Hash.ToString() : "",
            };
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or AslException)
        {
            return status with { Run = run, Reason = $"its journal cannot be read: {unreadable.Message}" };
        }
    }

    private static string Why(RunHistory history, IReadOnlyList<JournalRecord> records)
    {
        if (history.State.IsTerminal())
        {
            return $"the last run is over, it is {history.State}: {history.Reason}";
        }

        var stopped = records.Count > 0 && records[^1].Kind == RecordKinds.Stopped
            ? records[^1].Text("reason") ?? "it was stopped"
            : "it was killed, or the power failed, or it is just starting";
        return $"the last run can go on, it is {history.State} ({history.Reason}); why nobody answers: {stopped}";
    }
}
