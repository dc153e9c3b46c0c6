using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Control;

/// <summary>What an operator can ask a running intake to do.</summary>
public enum OperatorVerb
{
    /// <summary>Yes to the request whose id is given.</summary>
    Approve,

    /// <summary>No to it.</summary>
    Deny,

    /// <summary>One more source.</summary>
    Add,

    /// <summary>End the run.</summary>
    Cancel,

    /// <summary>The key of the backend's encrypted dataset.</summary>
    Key,

    /// <summary>Something that is no verb; it is journalled as refused.</summary>
    Unknown,
}

/// <summary>A request of an operator, on its way to the machine.</summary>
/// <param name="Verb">What.</param>
/// <param name="Argument">Id, source, or the unknown word.</param>
/// <param name="By">Who, as the kernel says.</param>
public sealed record OperatorCommand(OperatorVerb Verb, string Argument, Peer By)
{
    /// <summary>Key: what was given. Not the argument, which may be shown and journalled.</summary>
    public byte[] Secret { get; init; } = [];

    private readonly TaskCompletionSource<AslError?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null when it was done, else why not.</summary>
    public Task<AslError?> Answer => _answer.Task;

    /// <summary>"uid 0 at pts/3".</summary>
    public string Who => By.Tty is null ? $"uid {By.Uid}" : $"uid {By.Uid} at {By.Tty}";

    /// <summary>It was done.</summary>
    public void Done() => _answer.TrySetResult(null);

    /// <summary>It was not: the run has no such thing to do from where it stands, or what it demands is not met.</summary>
    public void Refuse(Objection why, string fix) => _answer.TrySetResult(new AslError(
        ErrorCode.RequestRefused,
        why.Kind == ObjectionKind.NoSuchTransition ? "the run cannot do this from where it stands" : "the request was refused")
    {
        Why = why.Reason,
        Fix = fix,
    });
}
