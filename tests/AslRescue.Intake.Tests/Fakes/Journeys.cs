using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>
/// What a run must be able to do, whatever stands in the contract: the triggers of whole runs with the evidence that the machine's steps
/// name at each. Written by hand from docs/machine.md, not made from the file.
/// </summary>
internal static class Journeys
{
    private const string Decided = "decided:decision,request>AwaitingApproval";
    private const string Local = "approved-local:request,approval>AttachingLocal";
    private const string Remote = "approved-remote:request,approval>AttachingRemote";
    private const string Attached = "attached:approval,attach>Ingesting";
    private const string Failed = "failed:failure>Retrying";
    private const string GaveUp = "gave-up:failure>Halted";
    private const string Unapproved = "unapproved:request>AwaitingApproval";
    private const string Cancelled = "cancelled:cancellation>Halted";
    private const string Sealed = "sealed:approval,attach,seal>Sealed";

    /// <summary>By name: each is a run from Detecting.</summary>
    public static IReadOnlyDictionary<string, string[]> All { get; } = new Dictionary<string, string[]>
    {
        ["a local run seals"] = [Decided, Local, Attached, Sealed],
        ["a remote run seals"] = [Decided, Remote, Attached, Sealed],
        ["a source is added before a decision is there"] = ["source-added:source>Detecting", Decided],
        ["a source is added while an approval is awaited"] = [Decided, "source-added:source,request>AwaitingApproval", Local],
        ["nobody decides in time"] = ["expired:>Halted"],
        ["nobody approves in time"] = [Decided, "expired:request>Halted"],
        ["the operator says no"] = [Decided, "denied:request,denial>Halted"],
        ["preflight decides anew"] = [Decided, "redecided:request>Detecting", Decided],
        ["a local attach is tried again"] = [Decided, Local, Failed, "retry-local:approval,failure>AttachingLocal", Attached],
        ["a remote attach is tried again"] = [Decided, Remote, Failed, "retry-remote:approval,failure>AttachingRemote", Attached],
        ["an ingest is tried again"] = [Decided, Local, Attached, Failed, "retry-local:approval,failure>AttachingLocal", Attached, Sealed],
        ["retries are used up"] = [Decided, Local, Failed, "exhausted:request,failure>AwaitingApproval", Local],
        ["a local attach fails for good"] = [Decided, Local, GaveUp],
        ["a remote attach fails for good"] = [Decided, Remote, GaveUp],
        ["an ingest fails for good"] = [Decided, Local, Attached, GaveUp],
        ["a local attach is resumed in another boot"] = [Decided, Local, Unapproved, Local],
        ["a remote attach is resumed in another boot"] = [Decided, Remote, Unapproved, Remote],
        ["an ingest is resumed in another boot"] = [Decided, Local, Attached, Unapproved, Local],
        ["a retry is resumed in another boot"] = [Decided, Local, Failed, Unapproved, Local],
        ["cancelled in Detecting"] = [Cancelled],
        ["cancelled in AwaitingApproval"] = [Decided, Cancelled],
        ["cancelled in AttachingLocal"] = [Decided, Local, Cancelled],
        ["cancelled in AttachingRemote"] = [Decided, Remote, Cancelled],
        ["cancelled in Ingesting"] = [Decided, Local, Attached, Cancelled],
        ["cancelled in Retrying"] = [Decided, Local, Failed, Cancelled],
    };

    /// <summary>Null when a journey can be made under a contract, else where it stops.</summary>
    public static string? WhyImpossible(Contract contract, IReadOnlyList<string> journey)
    {
        var time = new ManualTime();
        var journal = new MemoryJournal("run", "boot-1", time);
        var gate = new TransitionGate(contract, journal, new GateContext("boot-1", time, GateBench.Expiry));
        var kind = journey.Contains(Remote) ? BackendKinds.Remote : BackendKinds.LocalDirectory;
        var request = GateBench.NewRequest(kind);
        var nonce = 0;
        foreach (var step in journey)
        {
            var (trigger, names, to) = Parse(step);
            request = to == "AwaitingApproval" ? request with { Nonce = $"{++nonce:x2}" } : request;
            EvidenceReference[] evidence =
            [
                .. names.Select(name => name == EvidenceNames.Approval
                    ? journal.History.Newest(name) is var (digest, _) && trigger is not (IntakeTrigger.ApprovedLocal or IntakeTrigger.ApprovedRemote)
                        ? new EvidenceReference(name, digest)
                        : journal.Approve(request.Id().ToString())
                    : journal.Record(name, GateBench.Document(name, request))),
            ];
            if (gate.Take(trigger, evidence, "journey") is { } objection)
            {
                return $"{step}: {objection.Reason}";
            }

            if (gate.State.ToString() != to)
            {
                return $"{step} leads to {gate.State}";
            }
        }

        return null;
    }

    private static (IntakeTrigger Trigger, string[] Names, string To) Parse(string step)
    {
        var (head, to) = (step.Split('>')[0], step.Split('>')[1]);
        Assert.True(IntakeTriggers.TryParse(head.Split(':')[0], out var trigger));
        return (trigger, head.Split(':')[1].Split(',', StringSplitOptions.RemoveEmptyEntries), to);
    }
}
