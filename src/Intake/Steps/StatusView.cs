using System.Globalization;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;

namespace AslRescue.Intake.Steps;

/// <summary>A session as an operator wants to see it.</summary>
internal static class StatusView
{
    public static IntakeStatus Of(IntakeSession session)
    {
        var (history, state) = (session.History, session.Gate.State);
        var (sequence, hash) = session.Journal.Writer.Head;
        var request = state == IntakeState.AwaitingApproval && history.Request is { } asked ? View(session, asked) : null;
        var (seal, error) = (Seal(history), Failure(history));
        return new IntakeStatus
        {
            Run = session.Journal.Run,
            State = state.ToString(),
            Since = history.Since?.Wall,
            Reason = history.Reason,
            Decision = Decision(session),
            Backend = history.Request?.Backend(),
            Sources = [.. history.Request?.Sources.Select(source => source.Path) ?? session.Parts.Settings.Sources.Select(source => source.Path)],
            Request = request,
            Type = [.. !session.HasKey && IsKeyMissing(state, error) ? [ZfsAttach.KeyCommand] : Array.Empty<string>(), .. Type(state, request, seal)],
            Failures = history.Failures,
            Retries = history.Retries,
            Retry = state == IntakeState.Retrying ? new RetryView(session.Parts.Settings.Retry.AttemptsMax, null) : null,
            Error = error,
            Snapshot = seal?.Snapshot,
            JournalSequence = sequence,
            JournalHash = hash.ToString(),
        };
    }

    /// <summary>Before a run could be begun.</summary>
    public static IntakeStatus WithoutJournal(string run, IntakeParts parts) => new()
    {
        Run = run,
        State = nameof(IntakeState.Detecting),
        Reason = "no run could be begun yet",
        Decision = DecisionView.Read(parts.Paths, parts.Boot),
        Sources = [.. parts.Settings.Sources.Select(source => source.Path)],
        Type = [],
        JournalHash = "",
    };

    /// <summary>The one that the run acts on; before there is one, what preflight says now.</summary>
    private static DecisionView Decision(IntakeSession session) => session.History.Newest(EvidenceNames.Decision) is var (_, record)
        ? DecisionView.Of(record)
        : DecisionView.Read(session.Parts.Paths, session.Parts.Boot);

    /// <summary>A failure is of interest until somebody has approved the next attempt or the run has gone on.</summary>
    private static ControlError? Failure(RunHistory history) =>
        history.Trigger is IntakeTrigger.Failed or IntakeTrigger.GaveUp or IntakeTrigger.Exhausted && history.Newest(EvidenceNames.Failure) is var (_, bytes)
            ? ControlError.Of(FailureDocument.Parse(bytes).ToError())
            : null;

    private static bool IsKeyMissing(IntakeState state, ControlError? error) =>
        state is IntakeState.Retrying or IntakeState.AwaitingApproval && error?.Fix.StartsWith(ZfsAttach.KeyCommand, StringComparison.Ordinal) == true;

    private static SealEvidence? Seal(RunHistory history) => history.State == IntakeState.Sealed && history.Newest(EvidenceNames.Seal) is var (_, bytes)
        ? JsonSerializer.Deserialize(bytes, IntakeJson.Default.SealEvidence)
        : null;

    private static RequestView View(IntakeSession session, ApprovalRequest request)
    {
        long? left = session.Parts.Settings.ApprovalTimeout is { } timeout
            ? Math.Max(0, (long)(timeout - session.Since(session.History.Since)).TotalSeconds)
            : null;
        return new RequestView(
            request.Id().ToString(), request.Backend(), request.Warning(), [.. request.Sources.Select(source => source.Path)],
            left, session.ConfigObjection);
    }

    private static IReadOnlyList<string> Type(IntakeState state, RequestView? request, SealEvidence? seal) => state switch
    {
        IntakeState.Detecting => ["asl-admin preflight --report", "asl-admin preflight", "asl-intake cancel"],
        IntakeState.AwaitingApproval when request is { Sources.Count: 0 } => ["asl-intake add SOURCE", "asl-intake cancel"],
        IntakeState.AwaitingApproval when request is not null =>
            [string.Create(CultureInfo.InvariantCulture, $"asl-intake approve {request.Id[..8]}"), $"asl-intake deny {request.Id[..8]}"],
        IntakeState.Sealed when seal is { Problems: > 0 } => ["asl-admin show latest --problems", "asl-admin verify --data"],
        IntakeState.Sealed => ["asl-admin show latest", "asl-admin verify --data"],
        IntakeState.Halted => ["systemctl restart asl-intake"],
        _ => ["asl-intake cancel"],
    };
}
