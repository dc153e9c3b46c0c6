namespace AslRescue.Preflight.Decisions;

/// <summary>
/// A sentence that must hold for every row: in the worlds of <paramref name="When"/>, an outcome that <paramref name="Allows"/>
/// refuses must not occur.
/// </summary>
/// <param name="Id">"L1" for built-in ones.</param>
/// <param name="Sentence">For a person.</param>
/// <param name="Table">The table it speaks about.</param>
/// <param name="When">The worlds it speaks about: facts and the values that they may have there.</param>
/// <param name="Allows">Whether an outcome may occur in these worlds.</param>
public sealed record Lemma(
    string Id,
    string Sentence,
    string Table,
    IReadOnlyDictionary<string, IReadOnlyList<string>> When,
    Func<RowOutcome, bool> Allows)
{
    /// <summary>
    /// The worlds the lemma speaks about. A table that does not look at a fact gives the same answer for all its values, so there
    /// the lemma speaks about every world: leaving an input out of the file does not get around it.
    /// </summary>
    internal uint[] Region(RuleTable table) =>
    [
        .. table.Inputs.Select(input => When.TryGetValue(input.Id, out var values)
            ? values.Aggregate(0u, (cell, value) => cell | (1u << input.IndexOf(value)))
            : RuleTable.AnyOf(input)),
    ];
}
