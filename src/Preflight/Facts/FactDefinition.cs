namespace AslRescue.Preflight.Facts;

/// <summary>
/// What a fact means and which values it can have. The domain is finite, so that a table over facts can be proved, and holds
/// <see cref="Unknown"/> wherever a look can fail, so that a failed look has a value of its own.
/// </summary>
/// <param name="Id">Dotted, lower case: "net.link".</param>
/// <param name="Meaning">One line for a person.</param>
/// <param name="Values">All values, <see cref="Unknown"/> last, if it is one.</param>
public sealed record FactDefinition(string Id, string Meaning, IReadOnlyList<string> Values)
{
    /// <summary>
    /// The value of a fact that could not be established: the tool is missing, hung, printed nonsense or was refused.
    /// </summary>
    public const string Unknown = "unknown";

    /// <summary>The place of a value in the domain, or -1.</summary>
    public int IndexOf(string value)
    {
        for (var i = 0; i < Values.Count; i++)
        {
            if (Values[i] == value)
            {
                return i;
            }
        }

        return -1;
    }
}
