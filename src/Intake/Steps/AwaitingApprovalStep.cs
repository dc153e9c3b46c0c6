using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Shared;

namespace AslRescue.Intake.Steps;

/// <summary>
/// Looks for an approval of exactly the request that stands: in the journal (an operator's, or one written just before a kill), from the
/// command that runs, carried over, from the configuration. Else it waits, and withdraws the request when its ground is gone.
/// </summary>
internal sealed class AwaitingApprovalStep(IntakeSession session) : IStateStep
{
    private readonly HashSet<Digest> _refused = [];
    private bool _hasCommandApproved;

    public async Task<StepOutcome> RunAsync(CancellationToken cancellationToken)
    {
        await session.LetGoAsync();
        var request = session.History.Request!;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reading = session.Parts.Decisions.Read();
            if (WhyWithdrawn(request, reading) is { } why)
            {
                return new StepOutcome(IntakeTrigger.Redecided, [session.RequestEvidence()], why);
            }

            if (Approval(request, reading.Decision!) is { } approval)
            {
                var trigger = request.Kind == BackendKinds.Remote ? IntakeTrigger.ApprovedRemote : IntakeTrigger.ApprovedLocal;
                return new StepOutcome(trigger, [session.RequestEvidence(), approval], $"approved by {By(approval)}: {request.Backend()}");
            }

            if (session.Parts.Settings.ApprovalTimeout is { } timeout && session.Since(session.History.Since) >= timeout)
            {
                return new StepOutcome(IntakeTrigger.Expired, [session.RequestEvidence()], $"nobody approved within {timeout} (intake.approval-timeout)");
            }

            if (session.Parts.LeavesWhenAsked)
            {
                return StepOutcome.Leave;
            }

            session.Show();
            session.Heart.Beat();
            await Task.Delay(DetectingStep.Poll, session.Parts.Time, cancellationToken);
        }
    }

    /// <summary>The request must still be what decision and configuration would ask for now.</summary>
    private string? WhyWithdrawn(ApprovalRequest request, DecisionReading reading)
    {
        if (reading.Decision is not { } decision)
        {
            return reading.Wait;
        }

        var now = RequestComposer.Compose(decision, session.Parts.Settings, request.Run, request.Nonce, session.History.Added);
        if (now.Request is null)
        {
            return now.Why;
        }

        return now.Request.Id() == request.Id() ? null
            : decision.Digest.ToString() == request.Decision ? "the configuration asks for something else now"
            : "preflight has decided anew";
    }

    private EvidenceReference? Approval(ApprovalRequest request, Decision decision)
    {
        if (request.Sources.Count == 0)
        {
            session.ConfigObjection = "no source is named";
            return null;
        }

        return Live(request) ?? ByCommand() ?? ByCarrying(request) ?? ByConfiguration(request, decision);
    }

    /// <summary>One that was given for this request, but lay too long, is refused in the journal, once: whoever gave it has to see why.</summary>
    private EvidenceReference? Live(ApprovalRequest request)
    {
        var (live, why) = session.LiveApproval();
        if (live is null && session.History.Newest(EvidenceNames.Approval) is var (digest, bytes)
            && Approvals.Approval.Parse(bytes) is var approval && approval.Request == request.Id().ToString() && _refused.Add(digest))
        {
            session.Refuse($"approval {digest.Short}", Objection.Guard(why), approval.By);
            session.Say(why);
        }

        return live;
    }

    /// <summary>Typing the command approves the first request of this process; when that has failed for good, it takes a new yes.</summary>
    private EvidenceReference? ByCommand()
    {
        // What an earlier process of this boot was told does not count: whoever types the command again has looked at why it failed.
        if (session.Parts.Commander is not { } peer || _hasCommandApproved)
        {
            return null;
        }

        _hasCommandApproved = true;
        return session.Approve(Approvers.Command, peer, "the operator typed the command");
    }

    private EvidenceReference? ByCarrying(ApprovalRequest request)
    {
        if (session.Carried is not var (before, approval) || HasApproved(Approvers.Carried) || !before.IsBackendOf(request)
            || request.Sources.Any(source => !before.Sources.Any(other => other.Path == source.Path)))
        {
            return null;
        }

        var peer = approval.Uid is { } uid ? new Peer(uid, approval.Tty) : null;
        return session.Approve(Approvers.Carried, peer, $"request {approval.Request} of run {before.Run}, approved by {approval.By}");
    }

    /// <summary>Once in a boot: after it has led to a failure, a person has to look.</summary>
    private EvidenceReference? ByConfiguration(ApprovalRequest request, Decision decision)
    {
        var given = ConfigApproval.For(request, session.Parts.Settings, decision);
        var isUsedUp = session.History.ConfigApprovedIn.Contains(session.Parts.Boot);
        session.ConfigObjection = !given.IsGiven ? given.Because : isUsedUp ? $"{given.Because} was used already" : null;
        return session.ConfigObjection is null ? session.Approve(Approvers.Configuration, null, given.Because) : null;
    }

    private bool HasApproved(string by) => session.History.AllEvidence()
        .Where(pair => pair.Key.Name == EvidenceNames.Approval)
        .Select(pair => Approvals.Approval.Parse(pair.Value))
        .Any(approval => approval.By == by && approval.Boot == session.Parts.Boot);

    private string By(EvidenceReference reference)
    {
        var approval = Approvals.Approval.Parse(session.History.BytesOf(reference));
        return approval.Uid is { } uid ? $"{approval.By} (uid {uid}{(approval.Tty is { } tty ? " at " + tty : "")})" : approval.By;
    }
}
