using System.Text.Json;

namespace AslRescue.Intake.Approvals;

/// <summary>An operator's command in place of preflight's decision: whoever types <c>asl-intake ingest … --store DIR</c> has decided.</summary>
public sealed class CommandDecision(Decision decision) : IDecisionSource
{
    /// <summary>A decision for the endpoint that was named.</summary>
    /// <param name="boot">This boot.</param>
    /// <param name="peer">Who typed it.</param>
    /// <param name="command">What was typed.</param>
    public static CommandDecision Remote(string boot, Peer peer, IReadOnlyList<string> command) => new(DecisionOf(DecidedMode.Remote, boot, peer, command));

    /// <summary>A decision for the local backend.</summary>
    /// <param name="boot">This boot.</param>
    /// <param name="peer">Who typed it.</param>
    /// <param name="command">What was typed.</param>
    public static CommandDecision Local(string boot, Peer peer, IReadOnlyList<string> command) => new(DecisionOf(DecidedMode.Local, boot, peer, command));

    /// <inheritdoc/>
    public DecisionReading Read() => new(decision, "");

    private static Decision DecisionOf(DecidedMode mode, string boot, Peer peer, IReadOnlyList<string> command) => new()
    {
        Mode = mode,
        Because = "the operator named the backend",
        Boot = boot,
        Record = JsonSerializer.SerializeToUtf8Bytes(new CommandRecord(boot, peer.Uid, peer.Tty, command), IntakeJson.Default.CommandRecord),
    };
}

/// <summary>The evidence for such a decision.</summary>
public sealed record CommandRecord(string Boot, uint Uid, string? Tty, IReadOnlyList<string> Command);
