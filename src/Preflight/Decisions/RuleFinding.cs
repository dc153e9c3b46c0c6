using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Decisions;

/// <summary>What is wrong with a rule file.</summary>
/// <param name="Error">Code, place, reason and what to do.</param>
public sealed record RuleFinding(AslError Error)
{
    /// <summary>
    /// The smallest description of worlds in which it goes wrong: no description with fewer facts would do. Empty when it goes
    /// wrong in every world, or when the file did not get as far as a proof.
    /// </summary>
    public IReadOnlyList<(string Fact, string Value)> Counterexample { get; init; } = [];

    /// <summary>Lines to put into the file, where a row is missing.</summary>
    public string? ProposedRow { get; init; }

    public override string ToString() => ProposedRow is null ? Error.ToString() : Error + "\n" + ProposedRow;
}
