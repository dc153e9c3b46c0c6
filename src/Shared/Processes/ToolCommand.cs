namespace AslRescue.Shared.Processes;

/// <summary>A program to run: never through a shell, so nothing in an argument can become a command.</summary>
/// <param name="Program">A name to be found in PATH, or an absolute path.</param>
/// <param name="Arguments">The arguments, one by one.</param>
/// <param name="Budget">After this time the program and its children are killed.</param>
public sealed record ToolCommand(string Program, IReadOnlyList<string> Arguments, TimeSpan Budget)
{
    /// <summary>What it is given on its standard input; never part of a line that is shown.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>The command as a person would type it; arguments with blanks are quoted.</summary>
    public string Line => string.Join(' ', Arguments.Prepend(Program).Select(Quoted));

    private static string Quoted(string argument) =>
        argument.Length == 0 || argument.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"')
            ? "'" + argument.Replace("'", "'\\''", StringComparison.Ordinal) + "'"
            : argument;
}
