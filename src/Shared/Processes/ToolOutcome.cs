namespace AslRescue.Shared.Processes;

/// <summary>
/// What became of a command. The four cases are never mixed up: only <see cref="Ran"/> says anything about the world, and even
/// there a non-zero exit may mean "could not look". The caller decides which exits it understands.
/// </summary>
public abstract record ToolOutcome(TimeSpan Took)
{
    /// <summary>The program ended by itself.</summary>
    /// <param name="Exit">Its exit status.</param>
    /// <param name="Stdout">All of its output up to the bound, decoded as UTF-8.</param>
    /// <param name="Stderr">The first lines of its error output.</param>
    /// <param name="IsCut">True when the output was longer than the bound: the text is then a beginning, not an answer.</param>
    /// <param name="Took">Wall time.</param>
    public sealed record Ran(int Exit, string Stdout, string Stderr, bool IsCut, TimeSpan Took) : ToolOutcome(Took);

    /// <summary>No such program in any folder of PATH, and each of them could be read.</summary>
    public sealed record Missing(TimeSpan Took) : ToolOutcome(Took);

    /// <summary>Still running at the end of its budget; it was killed.</summary>
    public sealed record TimedOut(TimeSpan Took) : ToolOutcome(Took);

    /// <summary>The system did not start it.</summary>
    public sealed record Refused(string Reason, TimeSpan Took) : ToolOutcome(Took);
}
