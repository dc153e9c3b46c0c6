namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Bounds the memory of what is between the walker and the assembler. Only the walker takes, in order, so whoever is next in
/// line has what it needs: there is no deadlock.
/// </summary>
internal sealed class ByteBudget(long bytesMax)
{
    private readonly object _gate = new();
    private long _taken;

    /// <summary>Waits until this many bytes are free. More than the whole budget waits for all of it.</summary>
    internal void Take(long count, CancellationToken cancellation)
    {
        lock (_gate)
        {
            while (_taken > 0 && _taken + count > bytesMax)
            {
                cancellation.ThrowIfCancellationRequested();
                Monitor.Wait(_gate, Step.CancellationPollMilliseconds);
            }

            _taken += count;
        }
    }

    internal void Give(long count)
    {
        lock (_gate)
        {
            _taken -= count;
            Monitor.PulseAll(_gate);
        }
    }
}
