namespace AslRescue.Intake.Machine;

/// <summary>Why a transition does not happen: two different answers, and the operator is told which.</summary>
public enum ObjectionKind
{
    /// <summary>From here nothing of the kind leads anywhere.</summary>
    NoSuchTransition,

    /// <summary>It exists, but what it demands is not met: evidence that is missing, or that is for something else.</summary>
    GuardFailed,
}

/// <summary>Why a transition does not happen.</summary>
/// <param name="Kind">Which of the two answers.</param>
/// <param name="Reason">For people.</param>
public sealed record Objection(ObjectionKind Kind, string Reason)
{
    /// <summary>As journals have it.</summary>
    public string Word => Kind == ObjectionKind.NoSuchTransition ? "no-such-transition" : "guard-failed";

    internal static Objection NoTransition(string reason) => new(ObjectionKind.NoSuchTransition, reason);

    internal static Objection Guard(string reason) => new(ObjectionKind.GuardFailed, reason);
}
