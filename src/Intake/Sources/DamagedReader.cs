using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>What one attempt to read brought.</summary>
/// <param name="Good">Bytes read into the buffer.</param>
/// <param name="Bad">Bytes from the same offset on that cannot be read; only when none were.</param>
/// <param name="Errno">Why; 0 when nothing is bad.</param>
internal readonly record struct ReadOutcome(int Good, long Bad, int Errno);

/// <summary>Reads a file so that an unreadable spot costs that spot and nothing else.</summary>
internal static class DamagedReader
{
    /// <summary>What is given up at once: a page, which no device reads in smaller parts through the cache.</summary>
    internal const int PieceBytes = 4096;

    /// <summary>pread, as a delegate so that tests can put a failing one in its place.</summary>
    internal delegate long ReadAt(Span<byte> buffer, long offset);

    /// <summary>
    /// Reads from <paramref name="offset"/>, at most as much as the buffer takes. Nothing good and nothing bad means the end of the file.
    /// </summary>
    /// <param name="read">Does the reading.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="offset">From where.</param>
    /// <param name="remaining">Bytes from the offset to the end of what is wanted: given up whole for an error that is not the medium's.</param>
    internal static ReadOutcome Read(ReadAt read, Span<byte> buffer, long offset, long remaining)
    {
        var count = read(buffer, offset);
        if (count >= 0)
        {
            return new((int)count, 0, 0);
        }

        if (!Errno.IsMediumError(count))
        {
            return new(0, remaining, (int)-count);
        }

        // The kernel gives what lies before an error first, so the error is here: try its piece alone.
        var piece = (int)Math.Min(buffer.Length, PieceBytes - (offset % PieceBytes));
        count = read(buffer[..piece], offset);
        return count switch
        {
            > 0 => new((int)count, 0, 0),
            0 => default,
            _ => new(0, piece, (int)-count),
        };
    }
}
