using AslRescue.Intake.Approvals;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>What is known of this process that judges evidence: its boot, its clock, how long an approval may lie.</summary>
public sealed record GateContext(string Boot, TimeProvider Time, TimeSpan ApprovalTimeout);

/// <summary>
/// The only way to move the machine. Order: check the contract and the evidence, write the transition to the journal, which flushes it,
/// move. The effect comes after that, and is for the caller.
/// </summary>
/// <param name="contract">Proved.</param>
/// <param name="journal">The run's.</param>
/// <param name="context">This process.</param>
public sealed class TransitionGate(Contract contract, MachineJournal journal, GateContext context)
{
    private readonly IntakeMachine _machine = new(journal.History.State);

    /// <summary>Where the machine stands.</summary>
    public IntakeState State => _machine.State;

    /// <summary>
    /// Moves because the machine's own work asks for it. If the contract does not allow that, the machine is wrong, and halts.
    /// </summary>
    /// <returns>The violation, or null when the transition happened.</returns>
    public string? Take(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason)
    {
        var objection = Try(trigger, evidence, reason);
        if (objection is not null && !State.IsTerminal())
        {
            _ = Try(IntakeTrigger.Violated, [], $"'{trigger.Word()}' in {State}: {objection}");
        }

        return objection;
    }

    /// <summary>Moves because somebody asked. If that is not allowed, the refusal is journalled and the machine stays where it is.</summary>
    /// <returns>Why not, or null when the transition happened.</returns>
    public string? Ask(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason, string by)
    {
        var objection = Try(trigger, evidence, reason);
        if (objection is not null)
        {
            Refuse(trigger.Word(), objection, by);
        }

        return objection;
    }

    /// <summary>Journals that something was asked for and not done.</summary>
    public void Refuse(string what, string why, string by) => journal.Append(new JournalEntry(RecordKinds.Refused)
    {
        Fields = [new("state", State.ToString()), new("what", what), new("reason", why), new("by", by)],
    });

    /// <summary>Why an approval in the journal does not let the machine go on, or null when it does.</summary>
    public string? WhyVoid(EvidenceReference approval)
    {
        var history = journal.History;
        if (history.Request is not { } request)
        {
            return "nothing was asked for";
        }

        var age = TimeSpan.FromTicks(((long)context.Time.GetElapsedTime(0).TotalNanoseconds - history.RecordOf(approval).Monotonic) / 100);
        return Approval.Parse(history.AllEvidence[approval])
            .WhyVoid(request.Id(), context.Boot, age, history.IsUsed(approval.Digest), context.ApprovalTimeout);
    }

    private string? Try(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason)
    {
        if (Objection(trigger, evidence, out var clause, out var to) is { } objection)
        {
            return objection;
        }

        journal.Append(new JournalEntry(RecordKinds.Transition)
        {
            Fields =
            [
                new("from", State.ToString()), new("trigger", trigger.Word()), new("to", to.ToString()), new("clause", clause),
                new("evidence", evidence.Select(one => one.ToString())), new("reason", reason),
            ],
        });
        _machine.Move(trigger);
        return null;
    }

    private string? Objection(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, out string clause, out IntakeState to)
    {
        (clause, to) = ("", State);
        if (!IntakeMachine.Transitions.TryGetValue((State, trigger), out var own))
        {
            return $"the machine has no such transition in {State}";
        }

        switch (contract.Check(State, trigger, [.. evidence.Select(one => one.Name)]))
        {
            case Verdict.NoClause refused:
                return refused.Reason;
            case Verdict.Unmet refused:
                return refused.Reason;
            case Verdict.Allowed allowed when allowed.To != own:
                return $"{allowed.Clause} leads to {allowed.To}, the machine to {own}";
            case Verdict.Allowed allowed:
                (clause, to) = (allowed.Clause, allowed.To);
                return evidence.Select(one => WhyNot(one, own)).FirstOrDefault(why => why is not null);
            default:
                throw new InvalidOperationException("a verdict of another kind");
        }
    }

    /// <summary>Evidence must stand in the journal, and an approval must be for what is about to happen.</summary>
    private string? WhyNot(EvidenceReference evidence, IntakeState to)
    {
        if (!journal.History.Has(evidence))
        {
            return $"the evidence {evidence.Name} {evidence.Digest.Short} is not in the journal";
        }

        if (evidence.Name != EvidenceNames.Approval)
        {
            return null;
        }

        return WhyVoid(evidence) ?? (to.IsAttaching() && IsRemote() != (to == IntakeState.AttachingRemote)
            ? $"the approval is for {journal.History.Request!.Backend()}, which {to} is not"
            : null);
    }

    private bool IsRemote() => journal.History.Request!.Kind == BackendKinds.Remote;
}
