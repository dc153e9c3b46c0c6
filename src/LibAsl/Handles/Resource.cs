namespace AslRescue.LibAsl.Handles;

/// <summary>What a handle stands for. The numbers are part of handles that programs hold, and of nothing else.</summary>
internal enum HandleKind
{
    Store = 1,
    Snapshots = 2,
    Snapshot = 3,
    Node = 4,
    Directory = 5,
    Verification = 6,
}

/// <summary>
/// Something that is open. It is held by its handle, by each call that is at work on it, and by what was opened from it; when the last of them
/// lets go it is freed, on that thread.
/// </summary>
/// <remarks>Invariant: whoever calls <see cref="Hold"/> holds it already, so the count never rises from 0.</remarks>
internal abstract class Resource(HandleKind kind)
{
    private int _holders = 1;

    internal HandleKind Kind => kind;

    internal void Hold() => Interlocked.Increment(ref _holders);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Free();
        }
    }

    /// <summary>Closes what it has open, and lets go of what it was opened from. Called once.</summary>
    protected abstract void Free();
}
