using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Steps;

/// <summary>Waits for a decision of preflight that names a backend, and makes the request for it.</summary>
internal sealed class DetectingStep(IntakeSession session) : IStateStep
{
    internal static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private string? _waiting;

    public async Task<StepOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var began = session.Parts.Time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reading = session.Parts.Decisions.Read();
            var composed = reading.Decision is { } decision ? Compose(decision) : new Composition(null, reading.Wait);
            if (composed.Request is { } request)
            {
                return Decided(reading.Decision!, request);
            }

            Wait(composed.Why);
            if (session.Parts.Settings.DecisionTimeout is { } timeout && session.Parts.Time.GetElapsedTime(began) >= timeout)
            {
                return new StepOutcome(IntakeTrigger.Expired, [], $"no decision came within {timeout} (intake.decision-timeout): {composed.Why}");
            }

            if (session.Parts.LeavesWhenAsked)
            {
                return StepOutcome.Leave;
            }

            session.Heart.Beat();
            await Task.Delay(Poll, session.Parts.Time, cancellationToken);
        }
    }

    private Composition Compose(Decision decision)
    {
        var (run, history) = (session.Journal.Run, session.History);
        var composed = RequestComposer.Compose(decision, session.Parts.Settings, run, IntakeSession.NewNonce(), history.Added);
        if (composed.Request is { } request && history.Newest(EvidenceNames.Attach) is not null && history.Request?.HasBackendOf(request) == false)
        {
            // The run's journal lies in that backend, and its blocks may.
            return new Composition(null, $"the run began with another backend ({history.Request.Backend()}): cancel it, or configure that one again");
        }

        return composed;
    }

    private StepOutcome Decided(Decision decision, ApprovalRequest request)
    {
        var record = session.Record(EvidenceNames.Decision, decision.Record);
        if (decision.Table is { } table)
        {
            session.Record(EvidenceNames.Table, table);
        }

        var row = decision.Row is null ? "" : $" (row {decision.Row})";
        return new StepOutcome(
            IntakeTrigger.Decided, [record, session.Record(EvidenceNames.Request, request.Bytes())], $"{decision.Because}{row}: {request.Backend()}");
    }

    /// <summary>Each reason once: an auditor wants to know why nothing happened, not how often it was looked.</summary>
    private void Wait(string why)
    {
        if (why != _waiting)
        {
            _waiting = why;
            session.Journal.Append(new JournalEntry(RecordKinds.Waiting) { Fields = [new("reason", why)] });
            session.Show();
            session.Say(why);
        }
    }
}
