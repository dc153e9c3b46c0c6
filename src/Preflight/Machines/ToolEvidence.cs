using AslRescue.Preflight.Facts;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Machines;

/// <summary>A run of a program as evidence, and the one reason why a run may give no answer.</summary>
internal static class ToolEvidence
{
    public static Evidence Of(ToolCommand command, ToolOutcome outcome)
    {
        var ran = outcome as ToolOutcome.Ran;
        return new Evidence($"ran {command.Line}")
        {
            Exit = ran?.Exit,
            Milliseconds = outcome.Took.TotalMilliseconds,
            Lines = ran is null ? [] : [.. FileAnswer.FirstLines(ran.Stderr), .. FileAnswer.FirstLines(ran.Stdout)],
            Cause = NoAnswer(command, outcome),
        };
    }

    /// <summary>Why nothing can be concluded from the run, or null when its exit and output can be looked at.</summary>
    public static string? NoAnswer(ToolCommand command, ToolOutcome outcome) => outcome switch
    {
        ToolOutcome.Ran { IsCut: true } => $"{command.Program} printed more than can be kept",
        ToolOutcome.Ran => null,
        ToolOutcome.Missing => $"{command.Program} is not installed",
        ToolOutcome.TimedOut => $"{command.Program} did not end within {command.Budget.TotalSeconds} s",
        ToolOutcome.Refused refused => $"{command.Program} could not be run: {refused.Reason}",
        _ => throw new InvalidOperationException(outcome.GetType().Name),
    };
}
