using AslRescue.Shared;

namespace AslRescue.Intake.Approvals;

/// <summary>A pool as its label describes it.</summary>
/// <param name="Guid">Decimal digits.</param>
/// <param name="Name">May be shared by other pools; the guid is not.</param>
/// <param name="IsExported">
/// True only when nobody else can be using it: its label says that the last owner exported it, or it is imported on this very machine.
/// Anything unknown is false, and then the pool is foreign.
/// </param>
/// <param name="OwnerHost">Host name of the last owner, if the label has one.</param>
/// <param name="OwnerHostId">Its hostid, if the label has one. Rescue systems tend to share one, so it proves nothing.</param>
public sealed record PoolIdentity(string Guid, string Name, bool IsExported, string? OwnerHost, string? OwnerHostId);

/// <summary>The modes that can be acted on.</summary>
public enum DecidedMode
{
    /// <summary>Into the local backend.</summary>
    Local,

    /// <summary>To the remote endpoint.</summary>
    Remote,
}

/// <summary>What preflight, or an operator's command in its place, decided.</summary>
public sealed record Decision
{
    /// <summary>Which backend to ask approval for.</summary>
    public required DecidedMode Mode { get; init; }

    /// <summary>Why, in the words of the row that hit.</summary>
    public required string Because { get; init; }

    /// <summary>The row.</summary>
    public string? Row { get; init; }

    /// <summary>The row that hit demands a person's yes, whatever the configuration approves: the backend has to be looked at first.</summary>
    public bool NeedsOperator { get; init; }

    /// <summary>What a person has to confirm, where the table demands that; null when that is nothing.</summary>
    public string? Confirm { get; init; }

    /// <summary>The boot in which it was made.</summary>
    public required string Boot { get; init; }

    /// <summary>SHA-256 of the table that was used, as hex.</summary>
    public string? TableDigest { get; init; }

    /// <summary>SHA-256 of that table's proof, as hex.</summary>
    public string? ProofDigest { get; init; }

    /// <summary>The pool that the row chose.</summary>
    public PoolIdentity? Pool { get; init; }

    /// <summary>The bytes that it was read from: evidence.</summary>
    public required byte[] Record { get; init; }

    /// <summary>The bytes of the decision table now, if it is there: evidence.</summary>
    public byte[]? Table { get; init; }

    /// <summary>SHA-256 of <see cref="Record"/>.</summary>
    public Digest Digest => Digest.Of(Record);
}

/// <summary>A decision, or the reason why there is none to act on.</summary>
/// <param name="Decision">Null means wait.</param>
/// <param name="Wait">Why, for people.</param>
public sealed record DecisionReading(Decision? Decision, string Wait)
{
    /// <summary>Nothing to act on yet.</summary>
    public static DecisionReading Waiting(string why) => new(null, why);
}

/// <summary>Where decisions come from.</summary>
public interface IDecisionSource
{
    /// <summary>The newest decision. Never throws: what cannot be read is a reason to wait.</summary>
    DecisionReading Read();
}
