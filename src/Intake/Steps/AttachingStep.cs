using AslRescue.Intake.Machine;

namespace AslRescue.Intake.Steps;

/// <summary>Attaches the approved backend, local or remote: the request says which, and the gate has held it against the state.</summary>
internal sealed class AttachingStep(IntakeSession session) : IStateStep
{
    public async Task<StepOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var (approval, why) = session.LiveApproval();
        if (approval is null)
        {
            return new StepOutcome(IntakeTrigger.Unapproved, [session.AskAnew()], why);
        }

        session.Say($"attaching {session.History.Request!.Backend()}");
        if (await session.AttachAsync(cancellationToken) is not { } backend)
        {
            return StepOutcome.LookAgain;
        }

        return new StepOutcome(
            IntakeTrigger.Attached, [approval.Value, session.Record(EvidenceNames.Attach, backend.Bytes())], $"{backend.Location} is attached");
    }
}
