namespace AslRescue.Shared.Processes;

/// <summary>The seam to other programs: real ones, or recordings of them in a test.</summary>
public interface IToolRunner
{
    /// <summary>Where a program is, without running it.</summary>
    ToolPlace Find(string program);

    /// <summary>Runs a command to its end or to the end of its budget. Safe to call from several tasks at once.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the program was killed.</exception>
    Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken);
}

/// <summary>The answer to "is this program installed": a path, or none, or the reason why that cannot be told.</summary>
/// <param name="Path">The file to run, if there is one.</param>
/// <param name="Cause">Why the search is not to be trusted, when a folder could not be read and no other had the program.</param>
public sealed record ToolPlace(string? Path, string? Cause = null)
{
    /// <summary>True only when every folder was searched and none has it.</summary>
    public bool IsMissing => Path is null && Cause is null;
}
