namespace AslRescue.Intake.Rehearsal;

/// <summary>A clock that runs faster than the real one, timers with it: the delays of retries, as configured, pass in milliseconds. Any thread.</summary>
/// <param name="factor">How much faster; at least 1.</param>
internal sealed class CompressedTime(int factor) : TimeProvider
{
    private readonly long _began = System.GetTimestamp();
    private readonly DateTimeOffset _beganAt = System.GetUtcNow();

    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp() => _began + ((System.GetTimestamp() - _began) * factor);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _beganAt + (System.GetElapsedTime(_began) * factor);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private TimeSpan Real(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((time / factor).TotalMilliseconds)));

    private sealed class Timer(CompressedTime time, TimerCallback callback, object? state) : ITimer
    {
        private readonly ITimer _inner = System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public bool Change(TimeSpan dueTime, TimeSpan period) => _inner.Change(time.Real(dueTime), time.Real(period));

        public void Dispose() => _inner.Dispose();

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
