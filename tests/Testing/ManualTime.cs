namespace AslRescue.Testing;

/// <summary>
/// A clock that stands still until it is moved. With <see cref="RunsByItself"/> every timer is due at once and moves the clock by what it
/// would have waited: a day of retries takes milliseconds, in the right order. Timers above <see cref="PauseMax"/> are limits, not pauses: they
/// fire when the others have moved the clock that far.
/// </summary>
public sealed class ManualTime : TimeProvider
{
    public static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly DateTimeOffset _begin = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);
    private TimeSpan _now = TimeSpan.FromHours(1);

    /// <summary>Whether timers fire without <see cref="Advance"/>.</summary>
    public bool RunsByItself { get; init; }

    /// <summary>Every delay that was asked for, in order.</summary>
    public List<TimeSpan> Delays { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Now
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => _begin + Now;

    public void Advance(TimeSpan by)
    {
        ManualTimer[] due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(timer => timer.Due <= _now);
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Schedule(ManualTimer timer, TimeSpan after)
    {
        if (after == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        lock (_lock)
        {
            Delays.Add(after);
            timer.Due = _now + after;
            _timers.Add(timer);
        }

        if (RunsByItself && after <= PauseMax)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(after));
        }
    }

    private void Forget(ManualTimer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Forget(this);
            time.Schedule(this, dueTime);
            return true;
        }

        public void Dispose() => time.Forget(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
