using AslRescue.Shared;

namespace AslRescue.Intake.Machine;

/// <summary>One numbered sentence of the contract: it allows one transition, given its evidence.</summary>
/// <param name="Id">"IN-07".</param>
/// <param name="From">The state in which it applies.</param>
/// <param name="Trigger">What must happen.</param>
/// <param name="To">Where that leads.</param>
/// <param name="Requires">The evidence that must be in the journal and named by the transition.</param>
/// <param name="Text">The sentence, for people, with one of RFC 2119's words.</param>
/// <param name="Line">Where it stands in the file, from 1.</param>
public sealed record Clause(
    string Id, IntakeState From, IntakeTrigger Trigger, IntakeState To, IReadOnlyList<string> Requires, string Text, int Line);

/// <summary>
/// What the machine may do, as data. Nothing here decides whether the contract is a sound one: that is
/// <see cref="ContractProof"/>, and a machine only runs under a contract whose proof holds.
/// </summary>
/// <param name="Clauses">In the order of the file.</param>
/// <param name="Bytes">The file as it was read: evidence.</param>
public sealed record Contract(IReadOnlyList<Clause> Clauses, byte[] Bytes)
{
    /// <summary>
    /// The one clause that no file can take away: a machine that would leave its contract halts instead. It is in code because it has
    /// to hold when the file is the thing that is wrong.
    /// </summary>
    public const string HaltClause = "IN-00";

    /// <summary>SHA-256 of the file.</summary>
    public Digest Digest { get; } = Digest.Of(Bytes);

    /// <summary>May this transition happen, with this evidence? "No such transition" and "evidence is missing" are told apart.</summary>
    public Verdict Check(IntakeState from, IntakeTrigger trigger, IReadOnlyCollection<string> evidence)
    {
        if (trigger == IntakeTrigger.Violated && !from.IsTerminal())
        {
            return new Verdict.Allowed(HaltClause, IntakeState.Halted);
        }

        var clause = Clauses.FirstOrDefault(one => one.From == from && one.Trigger == trigger);
        if (clause is null)
        {
            return new Verdict.NoClause($"no clause allows '{trigger.Word()}' in {from}");
        }

        var missing = clause.Requires.Where(name => !evidence.Contains(name)).ToArray();
        return missing.Length == 0
            ? new Verdict.Allowed(clause.Id, clause.To)
            : new Verdict.Unmet(clause.Id, $"{clause.Id} requires evidence that is missing: {string.Join(", ", missing)}");
    }
}

/// <summary>What the contract says of a transition.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>It may happen, under this clause, and leads there.</summary>
    public sealed record Allowed(string Clause, IntakeState To) : Verdict;

    /// <summary>There is no such transition.</summary>
    public sealed record NoClause(string Reason) : Verdict;

    /// <summary>There is one, but what it requires is not met.</summary>
    public sealed record Unmet(string Clause, string Reason) : Verdict;
}
