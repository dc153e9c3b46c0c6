using System.Globalization;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;

namespace AslRescue.Intake.Steps;

/// <summary>Waits, then goes back to attaching; or gives the run to the operator when attempts or time are used up.</summary>
internal sealed class RetryingStep(IntakeSession session) : IStateStep
{
    private readonly RetryPolicy _policy = new(session.Parts.Settings.Retry, session.Parts.Random);

    // Of this process: after a restart the time begins anew, the attempts do not.
    private long? _firstFailure;

    public async Task<StepOutcome> RunAsync(CancellationToken cancellationToken)
    {
        await session.LetGoAsync();
        var (history, time) = (session.History, session.Parts.Time);
        var (approval, why) = session.LiveApproval();
        if (approval is null)
        {
            return new StepOutcome(IntakeTrigger.Unapproved, [session.AskAnew()], why);
        }

        _firstFailure = history.Failures > 1 ? _firstFailure ?? time.GetTimestamp() : time.GetTimestamp();
        var failure = new EvidenceReference(EvidenceNames.Failure, history.Newest(EvidenceNames.Failure)!.Value.Digest);
        var delay = _policy.Delay(history.Failures);
        if (_policy.WhyExhausted(history.Failures, time.GetElapsedTime(_firstFailure.Value), delay) is { } exhausted)
        {
            return new StepOutcome(IntakeTrigger.Exhausted, [session.AskAnew(), failure], $"{exhausted}; the last failure: {history.Reason}");
        }

        var detail = string.Create(CultureInfo.InvariantCulture,
            $"attempt {history.Failures + 1} of {session.Parts.Settings.Retry.AttemptsMax} in {delay.TotalSeconds:0.0} s");
        session.Publish(status => status with
        {
            Detail = detail,
            Retry = new RetryView(session.Parts.Settings.Retry.AttemptsMax, Math.Round(delay.TotalSeconds, 1)),
        });
        using var bounded = session.Heart.Bounded(delay);
        if (!session.HasKey)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        var trigger = history.Request!.Kind == BackendKinds.Remote ? IntakeTrigger.RetryRemote : IntakeTrigger.RetryLocal;
        return new StepOutcome(trigger, [approval.Value, failure], $"retry {history.Failures.ToString(CultureInfo.InvariantCulture)}");
    }
}
