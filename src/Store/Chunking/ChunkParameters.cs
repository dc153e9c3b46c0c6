namespace AslRescue.Store.Chunking;

/// <summary>How long chunks are, in bytes. They belong to the store: sources cut differently do not de-duplicate.</summary>
/// <param name="BytesMin">No chunk but the last of a piece is shorter; at least 64, so that the hash window lies inside.</param>
/// <param name="BytesAverage">About the mean; a power of two.</param>
/// <param name="BytesMax">No chunk is longer.</param>
public readonly record struct ChunkParameters(int BytesMin, int BytesAverage, int BytesMax)
{
    /// <summary>No store may have longer chunks: what is read ahead of the workers is measured by it.</summary>
    public const int BytesLimit = 2 << 20;

    /// <summary>Measured in docs/adr/0027-frames-and-chunk-sizes.md.</summary>
    public static ChunkParameters Default => new(16 << 10, 64 << 10, 512 << 10);

    internal bool IsPossible =>
        BytesMin >= 64 && BytesMin < BytesAverage && BytesAverage < BytesMax && BytesMax <= BytesLimit
        && int.IsPow2(BytesAverage);
}
