using System.Globalization;
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
        return new IntakeStatus
        {
            Run = session.Journal.Run,
            State = state.ToString(),
            Since = history.Since?.Wall,
            Reason = history.Reason,
            Request = request,
            Type = Type(state, request),
            Failures = history.Failures,
            JournalSequence = sequence,
            JournalHash = hash.ToString(),
        };
    }

    private static RequestView View(IntakeSession session, ApprovalRequest request)
    {
        long? left = session.Parts.Settings.ApprovalTimeout is { } timeout
            ? Math.Max(0, (long)(timeout - session.Since(session.History.Since)).TotalSeconds)
            : null;
        return new RequestView(
            request.Id().ToString(), request.Backend(), request.Warning(), [.. request.Sources.Select(source => source.Path)],
            left, session.ConfigObjection);
    }

    private static IReadOnlyList<string> Type(IntakeState state, RequestView? request) => state switch
    {
        IntakeState.Detecting => ["asl-admin preflight --report", "asl-admin preflight", "asl-intake cancel"],
        IntakeState.AwaitingApproval when request is { Sources.Count: 0 } => ["asl-intake add SOURCE", "asl-intake cancel"],
        IntakeState.AwaitingApproval when request is not null =>
            [string.Create(CultureInfo.InvariantCulture, $"asl-intake approve {request.Id[..8]}"), $"asl-intake deny {request.Id[..8]}"],
        IntakeState.Sealed => ["asl-admin show latest", "asl-admin verify --data"],
        IntakeState.Halted => ["asl-admin rules check", "systemctl restart asl-intake"],
        _ => ["asl-intake cancel"],
    };
}
