namespace AslRescue.Intake.Steps;

/// <summary>What a program said.</summary>
/// <param name="Exit">Its exit status; null when it could not be run or did not end in time.</param>
/// <param name="Stdout">Its output.</param>
/// <param name="Stderr">Its complaints, or why it was not run.</param>
public sealed record CommandResult(int? Exit, string Stdout, string Stderr)
{
    /// <summary>Whether it ended with 0.</summary>
    public bool IsDone => Exit == 0;
}

/// <summary>Runs programs, never through a shell.</summary>
public interface ICommandRunner
{
    /// <summary>Runs one to its end, or to the end of its budget, with <paramref name="input"/> as its standard input.</summary>
    Task<CommandResult> RunAsync(
        string program, IReadOnlyList<string> arguments, TimeSpan budget, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default);
}
