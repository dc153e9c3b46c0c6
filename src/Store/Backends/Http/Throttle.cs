namespace AslRescue.Store.Backends.Http;

/// <summary>Holds several threads together to so many bytes a second. A pause that was not used up is not saved for later.</summary>
/// <param name="bytesPerSecondMax">Null: no limit.</param>
/// <param name="time">The clock.</param>
internal sealed class Throttle(long? bytesPerSecondMax, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _free = time.GetTimestamp();

    /// <summary>Returns when so many bytes may go.</summary>
    internal void Take(int bytes, CancellationToken cancellation)
    {
        if (bytesPerSecondMax is not { } rate)
        {
            return;
        }

        TimeSpan pause;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _free = Math.Max(_free, now);
            pause = time.GetElapsedTime(now, _free);
            _free += (long)((double)bytes / rate * time.TimestampFrequency);
        }

        if (pause > TimeSpan.Zero)
        {
            cancellation.WaitHandle.WaitOne(pause);
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
