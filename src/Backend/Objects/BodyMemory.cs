namespace AslRescue.Backend.Objects;

/// <summary>
/// The memory that bodies may take together. Who finds no room waits in line for a while: that is what slows clients down before anything
/// runs out. Journal records, seals and signatures have room of their own, so that they do not wait behind the blocks of slow clients; and no client takes more
/// than half of either while it has anything else there.
/// </summary>
/// <param name="bytesMax">For all bodies; more than the largest one.</param>
internal sealed class BodyMemory(long bytesMax)
{
    private const int SmallBytesMax = 64 << 10;
    private const int SmallBodiesMax = 512;
    private const int UnitBytes = 1 << 20;
    private const int LargeBytesPerSecondMin = 64 << 10;
    private static readonly TimeSpan LargeGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Room _large = new((int)(bytesMax / UnitBytes), Patience);
    private readonly Room _small = new(SmallBodiesMax, Patience);

    /// <summary>
    /// How long a body may take to come in; null for one that leaves enough to others. One of more than half of the memory keeps all other large ones waiting, so it has to come faster than
    /// the rate that the server demands of each.
    /// </summary>
    internal TimeSpan? TimeMax(long bytes) => bytes <= bytesMax / 2 ? null : LargeGrace + TimeSpan.FromSeconds((double)bytes / LargeBytesPerSecondMin);

    /// <summary>Bytes in use.</summary>
    internal long UsedBytes => ((long)_large.Used * UnitBytes) + ((long)_small.Used * SmallBytesMax);

    /// <summary>Room for a body, first come, first served; null when there was none in time.</summary>
    /// <param name="client">Whose it is.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal Task<IDisposable?> TakeAsync(string client, long bytes, CancellationToken cancellationToken) => bytes <= SmallBytesMax
        ? _small.TakeAsync(client, 1, cancellationToken)
        : _large.TakeAsync(client, (int)Math.Min((bytes + UnitBytes - 1) / UnitBytes, int.MaxValue), cancellationToken);
}
