namespace AslRescue.Intake.Imaging;

/// <summary>How images are cut: docs/adr/0025-image-chunks.md.</summary>
internal static class ImageFormat
{
    /// <summary>Bytes of a chunk; chunk n starts at n times this. The last one may be shorter.</summary>
    internal const int ChunkBytes = 64 << 10;

    /// <summary>
    /// Bytes to which the good areas of GNU ddrescue's own image are kept: each. They are those of the disk that it read; the sectors of the disk on which the image
    /// lies have nothing to do with them.
    /// </summary>
    internal const int RescuedUnitBytes = 1;

    /// <summary>Whether a range is a chunk, or several, of an image of this size.</summary>
    internal static bool IsWhole(long start, long end, long size) => start % ChunkBytes == 0 && (end % ChunkBytes == 0 || end == size);

    /// <summary>Where the chunk ends that holds a byte.</summary>
    internal static long ChunkEnd(long position, long size) => Math.Min(((position / ChunkBytes) + 1) * ChunkBytes, size);
}
