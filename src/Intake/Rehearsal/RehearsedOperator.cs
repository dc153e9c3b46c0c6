using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// Answers what intake asks for, as a person at the console would who looks at the status: approves when the configuration did not, makes room when
/// there is none.
/// </summary>
/// <param name="commands">Where commands go.</param>
/// <param name="approved">Called for each approval.</param>
/// <param name="mend">Called when intake waits for room.</param>
internal sealed class RehearsedOperator(ChannelWriter<OperatorCommand> commands, Action approved, Action mend)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _seen = [];

    /// <summary>A status was put up. From any thread.</summary>
    internal void See(IntakeStatus status)
    {
        lock (_lock)
        {
            if (status.Detail?.StartsWith("waiting for room", StringComparison.Ordinal) == true)
            {
                mend();
            }

            // The first status with a question is put up before the configuration was asked; the second one says that it does not answer.
            if (status.Request is { } request && (_seen[request.Id] = _seen.GetValueOrDefault(request.Id) + 1) == 2)
            {
                approved();
                commands.TryWrite(new OperatorCommand(OperatorVerb.Approve, request.Id, new Peer(Posix.EffectiveUser(), "rehearsal")));
            }
        }
    }
}
