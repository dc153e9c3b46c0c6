using System.Text.Json;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake;

/// <summary>How a process's work on a run ended.</summary>
public sealed record IntakeOutcome
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>Sealed or Halted: the run is over. Anything else: it can be resumed.</summary>
    public required IntakeState State { get; init; }

    /// <summary>Why it is there.</summary>
    public required string Reason { get; init; }

    /// <summary>Sealed: the snapshot.</summary>
    public SealEvidence? Snapshot { get; init; }

    /// <summary>What to report when it is not sealed. Null when it is.</summary>
    public AslError? Error { get; init; }

    /// <summary>Sealed or halted, but this could not be cleaned up: an export that failed, a journal that lags behind.</summary>
    public AslError? Leftover { get; init; }

    /// <summary>What the process ends with.</summary>
    public int ExitCode => Error is { } error ? ExitCodes.For(error.Code)
        : Snapshot is { WasWritten: true } ? ExitCodes.SourceWritten
        : Snapshot is { Problems: > 0 } || Leftover is not null ? ExitCodes.DoneWithProblems
        : ExitCodes.Done;

    /// <summary>The process leaves a run that cannot go on, or begin, because its journal cannot be written.</summary>
    internal static IntakeOutcome WithoutRoom(string? run, IntakeStatus? status, AslError full, bool isStopped) => new()
    {
        Run = run ?? "",
        State = IntakeStates.TryParse(status?.State, out var state) ? state : IntakeStates.Initial,
        Reason = status?.Reason ?? full.What,
        Error = full with
        {
            Code = isStopped ? ErrorCode.Interrupted : ErrorCode.ApprovalAwaited,
            What = isStopped ? "the run was interrupted" : "the run waits for the operator",
            Why = $"{full.What}: {full.Why}",
            Fix = full.Fix + (status is { JournalSequence: > 0 } ? $"; then asl-intake resume   (goes on with run {run})" : "; then type the command again"),
            IsPermanent = status is not { JournalSequence: > 0 },
        },
    };

    internal static IntakeOutcome Of(IntakeSession session, AslError? unproved, bool isStopped = false)
    {
        var (history, state) = (session.History, session.Gate.State);
        return new IntakeOutcome
        {
            Run = session.Journal.Run,
            State = state,
            Reason = history.Reason,
            Snapshot = state == IntakeState.Sealed && history.Newest(EvidenceNames.Seal) is var (_, bytes)
                ? JsonSerializer.Deserialize(bytes, IntakeJson.Default.SealEvidence)
                : null,
            Error = state switch
            {
                IntakeState.Sealed => null,
                IntakeState.Halted => Halt(history, unproved),
                _ when isStopped => Paused(ErrorCode.Interrupted, "the run was interrupted", history, session.Journal.Run),
                _ => Paused(ErrorCode.ApprovalAwaited, "the run waits for the operator", history, session.Journal.Run),
            },
        };
    }

    private static AslError Halt(RunHistory history, AslError? unproved) => history.Trigger switch
    {
        IntakeTrigger.Denied => Halted(
            ErrorCode.ApprovalDenied, "the run was denied", history, "nothing was attached; asl-intake ingest SOURCE… begins another run"),
        IntakeTrigger.Expired => Halted(
            ErrorCode.ApprovalAwaited, "nobody answered in time", history, "systemctl restart asl-intake   (asks again)"),
        IntakeTrigger.Cancelled => Halted(
            ErrorCode.RunCancelled, "the run was cancelled", history,
            "asl-intake ingest SOURCE…   (begins another run; what is stored is not stored again)"),
        IntakeTrigger.GaveUp when history.Newest(EvidenceNames.Failure) is var (_, bytes) => FailureDocument.Parse(bytes).ToError(),
        _ => unproved ?? Halted(
            ErrorCode.ContractViolated, "the machine halted rather than leave its contract", history,
            "asl-admin rules check   (please report it with the journal in /var/lib/asl/runtime)"),
    };

    private static AslError Halted(ErrorCode code, string what, RunHistory history, string fix) =>
        new(code, what) { Why = history.Reason, Fix = fix };

    private static AslError Paused(ErrorCode code, string what, RunHistory history, string run) => new(code, what)
    {
        Why = $"it is {history.State}: {history.Reason}",
        Fix = history.State == IntakeState.Detecting
            ? $"asl-admin preflight   (decides); then asl-intake resume   (goes on with run {run})"
            : $"asl-intake resume   (goes on with run {run})",
        IsPermanent = false,
    };
}
