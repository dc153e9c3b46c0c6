namespace AslRescue.Intake.Control;

/// <summary>The newest status, for any number of readers in other threads.</summary>
public sealed class StatusBoard(IntakeStatus first)
{
    private readonly Lock _lock = new();
    private IntakeStatus _current = first;
    private TaskCompletionSource _changed = New();

    /// <summary>The newest.</summary>
    public IntakeStatus Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <summary>Completes when there is another than this one.</summary>
    public Task ChangedSince(IntakeStatus seen)
    {
        lock (_lock)
        {
            return ReferenceEquals(seen, _current) ? _changed.Task : Task.CompletedTask;
        }
    }

    /// <summary>Puts up a new one, made from the newest.</summary>
    public IntakeStatus Update(Func<IntakeStatus, IntakeStatus> change)
    {
        TaskCompletionSource changed;
        IntakeStatus next;
        lock (_lock)
        {
            next = _current = change(_current);
            (changed, _changed) = (_changed, New());
        }

        changed.TrySetResult();
        return next;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
