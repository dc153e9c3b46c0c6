using AslRescue.Shared.Processes;

namespace AslRescue.Intake.Steps;

/// <summary>Real programs, through the runner that preflight's probes use too.</summary>
public sealed class ToolCommands(IToolRunner runner) : ICommandRunner
{
    /// <inheritdoc/>
    public async Task<CommandResult> RunAsync(
        string program, IReadOnlyList<string> arguments, TimeSpan budget, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default) =>
        await runner.RunAsync(new ToolCommand(program, arguments, budget) { Input = input }, cancellationToken) switch
        {
            ToolOutcome.Ran ran => new CommandResult(ran.Exit, ran.Stdout, ran.Stderr),
            ToolOutcome.Missing => new CommandResult(null, "", $"there is no program {program}"),
            ToolOutcome.TimedOut => new CommandResult(null, "", $"{program} did not end within {budget}"),
            ToolOutcome.Refused refused => new CommandResult(null, "", $"{program} was not started: {refused.Reason}"),
            _ => throw new InvalidOperationException("an outcome of another kind"),
        };
}
