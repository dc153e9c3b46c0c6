namespace AslRescue.Intake.Ingestion;

/// <summary>How fast a count grows, over the last seconds: slow enough to be read, fast enough to show a disk that begins to fail.</summary>
/// <remarks>Samples may come from any thread.</remarks>
public sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SpanMin = TimeSpan.FromSeconds(1);
    private readonly Queue<(long At, long Count)> _samples = new();
    private readonly Lock _lock = new();

    /// <summary>Takes the count as it is now and gives its growth per second; null while there is less than a second to judge by.</summary>
    public double? Sample(long count)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_samples.TryPeek(out var first) && count < first.Count)
            {
                _samples.Clear(); // Another attempt has begun.
            }

            _samples.Enqueue((now, count));
            while (_samples.Count > 1 && time.GetElapsedTime(_samples.Peek().At, now) > Window)
            {
                _samples.Dequeue();
            }

            var (at, before) = _samples.Peek();
            var elapsed = time.GetElapsedTime(at, now);
            return elapsed < SpanMin ? null : (count - before) / elapsed.TotalSeconds;
        }
    }
}
