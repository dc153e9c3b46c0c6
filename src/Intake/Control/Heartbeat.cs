namespace AslRescue.Intake.Control;

/// <summary>
/// What the step at work shows of being alive, for the service manager's watchdog: a beat each time it comes round, or a wait that ends by
/// itself. From any thread.
/// </summary>
internal sealed class Heartbeat(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<Wait> _waits = [];
    private long _beats;

    /// <summary>Another number after each beat.</summary>
    public long Beats => Volatile.Read(ref _beats);

    /// <summary>Whether a bounded wait is on, and not over its time.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_lock)
            {
                return _waits.Exists(wait => time.GetElapsedTime(wait.Began) <= wait.AtMost);
            }
        }
    }

    /// <summary>The step has come round.</summary>
    public void Beat() => Interlocked.Increment(ref _beats);

    /// <summary>Begins something that has a limit of its own; it ends with the disposal.</summary>
    public IDisposable Bounded(TimeSpan atMost)
    {
        var wait = new Wait(this, time.GetTimestamp(), atMost);
        lock (_lock)
        {
            _waits.Add(wait);
        }

        return wait;
    }

    private sealed class Wait(Heartbeat heart, long began, TimeSpan atMost) : IDisposable
    {
        public long Began => began;

        public TimeSpan AtMost => atMost;

        public void Dispose()
        {
            heart.Beat();
            lock (heart._lock)
            {
                heart._waits.Remove(this);
            }
        }
    }
}
