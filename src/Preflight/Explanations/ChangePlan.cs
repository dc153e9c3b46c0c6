using AslRescue.Preflight.Decisions;

namespace AslRescue.Preflight.Explanations;

/// <summary>One fact that would have to be another.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="From">What it is.</param>
/// <param name="To">What it would be.</param>
/// <param name="Effort">What that takes.</param>
/// <param name="How">The command, the line of configuration, or why nobody can.</param>
public sealed record FactChange(string Fact, string From, string To, Effort Effort, string How);

/// <summary>Changes of facts that lead to another mode.</summary>
public sealed record ChangePlan
{
    /// <summary>local, remote or wait.</summary>
    public required string Mode { get; init; }

    /// <summary>Who would have to say yes.</summary>
    public required Approval Approval { get; init; }

    /// <summary>The row of table `mode` that would be hit.</summary>
    public required string Row { get; init; }

    /// <summary>The row of table `local` that would be hit.</summary>
    public required string LocalRow { get; init; }

    /// <summary>The reason: of the row of table `local` where the mode is local, else of the row of table `mode`.</summary>
    public required string Because { get; init; }

    /// <summary>The changes, in the order of the catalog.</summary>
    public required IReadOnlyList<FactChange> Changes { get; init; }

    /// <summary>How many sets of changes of this size lead to the mode, this one included.</summary>
    public required long SameSize { get; init; }

    /// <summary>True when the operator can make every one of the changes.</summary>
    public bool IsPossible => Changes.All(change => change.Effort != Effort.Never);
}
