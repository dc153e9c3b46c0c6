using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>
/// The same file once more, read past the page cache and by single sectors: of a page that the cache cannot fill, most sectors may still be good. Opened when
/// it is first needed. One thread.
/// </summary>
/// <param name="file">An open descriptor of it.</param>
internal sealed class SectorReader(int file) : IDisposable
{
    /// <summary>No device has smaller ones, and where they are larger the kernel refuses.</summary>
    internal const int SectorBytes = 512;

    private AlignedBuffer? _sector;
    private int _direct = -1;

    /// <summary>Reads from an offset to the end of its sector, at most.</summary>
    /// <returns>How many bytes, 0 at the end of the file, or a negative errno: EINVAL where the file cannot be read in such parts.</returns>
    internal long Read(Span<byte> buffer, long offset)
    {
        if (_sector is null)
        {
            _sector = new AlignedBuffer(SectorBytes);
            _direct = SourcePath.OpenDirect(file);
        }

        if (_direct < 0)
        {
            return -Errno.EINVAL;
        }

        var start = offset / SectorBytes * SectorBytes;
        var count = Posix.Read(_direct, _sector.Span[..SectorBytes], start);
        if (count < 0)
        {
            return count;
        }

        var got = (int)Math.Clamp(count - (offset - start), 0, buffer.Length);
        _sector.Span.Slice((int)(offset - start), got).CopyTo(buffer);
        return got;
    }

    public void Dispose()
    {
        _ = _direct >= 0 ? Posix.Close(_direct) : 0;
        _direct = -1;
        _sector?.Dispose();
    }
}
