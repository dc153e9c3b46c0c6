using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;

namespace AslRescue.Intake.Machine;

/// <summary>
/// Judges the evidence that a transition names. The contract says which kinds must be there; this says whether each stands in the journal
/// and is about what is to happen: the request that stands, this run, this boot, this backend.
/// </summary>
/// <param name="journal">The run's.</param>
/// <param name="context">This process.</param>
internal sealed class EvidenceGuard(IRunRecords journal, GateContext context)
{
    private RunHistory History => journal.History;

    /// <summary>Why these do not let a transition happen, or null when they do.</summary>
    public string? WhyNot(IReadOnlyList<EvidenceReference> evidence, IntakeTrigger trigger, IntakeState to)
    {
        try
        {
            return evidence.Select(one => WhyNot(one, to)).FirstOrDefault(why => why is not null)
                ?? (trigger == IntakeTrigger.Decided ? WhyOtherDecision(evidence) : null);
        }
        catch (JsonException malformed)
        {
            return $"a piece of evidence cannot be read: {malformed.Message}";
        }
    }

    /// <summary>Why an approval in the journal does not let the machine go on, or null when it does.</summary>
    public string? WhyVoid(EvidenceReference approval)
    {
        if (History.Request is not { } request)
        {
            return "nothing was asked for";
        }

        var age = TimeSpan.FromTicks(((long)context.Time.GetElapsedTime(0).TotalNanoseconds - History.RecordOf(approval).Monotonic) / 100);
        return Approval.Parse(History.BytesOf(approval))
            .WhyVoid(request.Id(), context.Boot, age, History.IsUsed(approval.Digest), context.ApprovalExpiry);
    }

    private string? WhyNot(EvidenceReference evidence, IntakeState to)
    {
        if (!History.Has(evidence))
        {
            return $"the evidence {evidence.Name} {evidence.Digest.Short} is not in the journal";
        }

        return evidence.Name switch
        {
            EvidenceNames.Request => to == IntakeState.AwaitingApproval ? WhyNotAskable(evidence) : WhyNotStanding(evidence.Digest.ToString(), "request"),
            EvidenceNames.Approval => WhyVoid(evidence) ?? WhyOtherKind(to),
            EvidenceNames.Denial => WhyNotStanding(Parse(evidence, IntakeJson.Default.OperatorAct).Request ?? "", "denial"),
            EvidenceNames.Attach => WhyNotApproved(AttachedBackend.Parse(History.BytesOf(evidence))),
            _ => null,
        };
    }

    /// <summary>A question is asked once: the yes to an earlier one of the same words must not fit.</summary>
    private string? WhyNotAskable(EvidenceReference evidence)
    {
        var request = ApprovalRequest.Parse(History.BytesOf(evidence));
        return request.Run != journal.Run ? $"the request belongs to run {request.Run}"
            : History.WasAsked(evidence.Digest) ? $"request {evidence.Digest.Short} was asked about before"
            : null;
    }

    private string? WhyNotStanding(string request, string what)
    {
        var standing = History.Request?.Id();
        return standing?.ToString() == request ? null
            : $"the {what} is of request {request[..Math.Min(8, request.Length)]}, what stands is {standing?.Short ?? "none"}";
    }

    private string? WhyOtherKind(IntakeState to) =>
        to.IsAttaching() && (History.Request!.Kind == BackendKinds.Remote) != (to == IntakeState.AttachingRemote)
            ? $"the approval is for {History.Request.Backend()}, which {to} is not"
            : null;

    private string? WhyNotApproved(AttachedBackend backend) => History.Request is { } request && backend.IsOf(request)
        ? null
        : $"what is attached, {backend.Kind} at {backend.Location}, is not what was approved: {History.Request?.Backend() ?? "nothing"}";

    private string? WhyOtherDecision(IReadOnlyList<EvidenceReference> evidence)
    {
        var decision = evidence.First(one => one.Name == EvidenceNames.Decision).Digest.ToString();
        var request = evidence.First(one => one.Name == EvidenceNames.Request);
        return ApprovalRequest.Parse(History.BytesOf(request)).Decision == decision ? null : "the request was made from another decision";
    }

    private T Parse<T>(EvidenceReference evidence, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(History.BytesOf(evidence), type) ?? throw new JsonException($"the {evidence.Name} is null");
}
