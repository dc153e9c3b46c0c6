using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>What one attempt to read brought.</summary>
/// <param name="Good">Bytes read into the buffer.</param>
/// <param name="Bad">Bytes from the same offset on that cannot be read; only when none were.</param>
/// <param name="Errno">Why; 0 when nothing is bad.</param>
internal readonly record struct ReadOutcome(int Good, long Bad, int Errno);

/// <summary>
/// Reads a file so that an unreadable spot costs that spot and nothing else: of a page that the cache cannot fill, each sector is tried past it.
/// </summary>
/// <param name="read">Reads through the cache.</param>
/// <param name="readSector">Reads from an offset to the end of its sector, past the cache; an error that is not the medium's means that it cannot.</param>
internal sealed class DamagedReader(DamagedReader.ReadAt read, DamagedReader.ReadAt readSector)
{
    /// <summary>What is given up at once where sectors cannot be read: a page, which no device reads in smaller parts through the cache.</summary>
    internal const int PageBytes = 4096;

    private long _bySectorsUntil;

    /// <summary>pread, as a delegate so that tests can put a failing one in its place.</summary>
    internal delegate long ReadAt(Span<byte> buffer, long offset);

    /// <summary>
    /// Reads from <paramref name="offset"/>, at most as much as the buffer takes. Nothing good and nothing bad means the end of the file.
    /// </summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="offset">From where; not before where the last call ended.</param>
    /// <param name="remaining">Bytes from the offset to the end of what is wanted: given up whole for an error that is not the medium's.</param>
    internal ReadOutcome Read(Span<byte> buffer, long offset, long remaining)
    {
        if (offset >= _bySectorsUntil)
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

            // The kernel gives what lies before an error first, so the error is in this page.
            _bySectorsUntil = EndOf(offset, PageBytes);
        }

        return OfPart(readSector, SectorReader.SectorBytes, Errno.IsDeviceMediumError, buffer, offset) ?? OfPart(read, PageBytes, _ => true, buffer, offset)!.Value;
    }

    /// <summary>What one part brings; null for an error that says nothing of the medium. Past the cache the block layer's own errors come through.</summary>
    private static ReadOutcome? OfPart(ReadAt read, int partBytes, Func<long, bool> isOfMedium, Span<byte> buffer, long offset)
    {
        var length = (int)Math.Min(buffer.Length, EndOf(offset, partBytes) - offset);
        var count = read(buffer[..length], offset);
        return count >= 0 ? new((int)count, 0, 0)
            : isOfMedium(count) ? new(0, length, (int)-count)
            : null;
    }

    private static long EndOf(long offset, int partBytes) => offset - (offset % partBytes) + partBytes;
}
