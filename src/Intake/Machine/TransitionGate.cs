using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>What is known of this process that judges evidence: its boot, its clock, how long an approval may lie unused.</summary>
public sealed record GateContext(string Boot, TimeProvider Time, TimeSpan ApprovalExpiry);

/// <summary>
/// The only way to move the machine. Order: check the contract and the evidence, write the transition to the journal, which flushes it,
/// move. The effect comes after that, and is for the caller.
/// </summary>
/// <param name="contract">Proved.</param>
/// <param name="journal">The run's.</param>
/// <param name="context">This process.</param>
public sealed class TransitionGate(Contract contract, IRunRecords journal, GateContext context)
{
    private readonly IntakeMachine _machine = new(journal.History.State);
    private readonly EvidenceGuard _guard = new(journal, context);

    /// <summary>Where the machine stands.</summary>
    public IntakeState State => _machine.State;

    /// <summary>
    /// Moves because the machine's own work asks for it. If the contract does not allow that, the machine is wrong, and halts.
    /// </summary>
    /// <returns>The violation, or null when the transition happened.</returns>
    public Objection? Take(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason)
    {
        var objection = Try(trigger, evidence, reason);
        if (objection is null)
        {
            return null;
        }

        if (State.IsTerminal())
        {
            Refuse(trigger.Word(), objection, "the machine");
        }
        else
        {
            _ = Try(IntakeTrigger.Violated, [], $"'{trigger.Word()}' in {State}: {objection.Reason}");
        }

        return objection;
    }

    /// <summary>Moves because somebody asked. If that is not allowed, the refusal is journalled and the machine stays where it is.</summary>
    /// <returns>Why not, or null when the transition happened.</returns>
    public Objection? Ask(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason, string by)
    {
        var objection = Try(trigger, evidence, reason);
        if (objection is not null)
        {
            Refuse(trigger.Word(), objection, by);
        }

        return objection;
    }

    /// <summary>Journals that something was asked for and not done.</summary>
    public void Refuse(string what, Objection why, string by) => journal.Append(new JournalEntry(RecordKinds.Refused)
    {
        Fields = [new("state", State.ToString()), new("what", what), new("refusal", why.Word), new("reason", why.Reason), new("by", by)],
    });

    /// <summary>Why an approval in the journal does not let the machine go on, or null when it does.</summary>
    public string? WhyVoid(EvidenceReference approval) => _guard.WhyVoid(approval);

    private Objection? Try(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, string reason)
    {
        if (Judge(trigger, evidence, out var clause, out var to) is { } objection)
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

    private Objection? Judge(IntakeTrigger trigger, IReadOnlyList<EvidenceReference> evidence, out string clause, out IntakeState to)
    {
        (clause, to) = ("", State);
        if (!IntakeMachine.Transitions.TryGetValue((State, trigger), out var own))
        {
            return Objection.NoTransition($"the machine has no '{trigger.Word()}' in {State}");
        }

        switch (contract.Check(State, trigger, [.. evidence.Select(one => one.Name)]))
        {
            case Verdict.NoClause refused:
                return Objection.NoTransition(refused.Reason);
            case Verdict.Unmet refused:
                return Objection.Guard(refused.Reason);
            case Verdict.Allowed allowed when allowed.To != own:
                return Objection.NoTransition($"{allowed.Clause} leads to {allowed.To}, the machine to {own}");
            case Verdict.Allowed allowed:
                (clause, to) = (allowed.Clause, allowed.To);
                return _guard.WhyNot(evidence, trigger, own) is { } why ? Objection.Guard(why) : null;
            default:
                throw new InvalidOperationException("a verdict of another kind");
        }
    }
}
