using System.Globalization;
using System.Text;
using AslRescue.Intake.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// A block device, or a file that holds the image of one, open for reading only. A device is read past the page cache from the
/// start: the cache may hold what the medium no longer gives, and turns one bad sector into a bad page. A file is read through it
/// until the first failure. One thread.
/// </summary>
internal sealed class ImageDevice : IDisposable
{
    private const int FileSectorBytes = 512;
    private const int PageBytes = 4096;
    private readonly string _path;
    private readonly ReadBuffer _tail = ReadBuffer.Rent();
    private readonly int _file;
    private readonly int _direct;
    private bool _isDirect;

    private ImageDevice(string path, int file, in FileStatus status)
    {
        (_path, _file, Status) = (path, file, status);
        IsBlockDevice = status.Kind == FileKind.BlockDevice;
        Size = IsBlockDevice ? Posix.DeviceBytes(file) : status.Size;
        var sector = IsBlockDevice ? Math.Max(Posix.LogicalSectorBytes(file), FileSectorBytes) : FileSectorBytes;
        (_direct, SectorBytes) = OpenDirect(sector);
        _isDirect = IsBlockDevice && _direct >= 0;
        PhysicalSectorBytes = IsBlockDevice ? Math.Max(Posix.PhysicalSectorBytes(file), SectorBytes) : SectorBytes;
    }

    /// <summary>What the file or the node is.</summary>
    internal FileStatus Status { get; }

    internal bool IsBlockDevice { get; }

    /// <summary>Bytes.</summary>
    internal long Size { get; }

    /// <summary>Bytes of what is given up at once. Of a file that cannot be read past the page cache: a page.</summary>
    internal int SectorBytes { get; }

    internal int PhysicalSectorBytes { get; }

    internal int Descriptor => _file;

    /// <summary>Whether a source is read as an image.</summary>
    internal static bool IsImage(string path, ImageOptions options)
    {
        var file = SourcePath.Open(path);
        _ = Posix.Stat(file, out var status);
        _ = Posix.Close(file);
        return status.Kind == FileKind.BlockDevice || (status.Kind == FileKind.Regular && options.FilesAreImages);
    }

    /// <exception cref="AslException">SourceMissing.</exception>
    internal static ImageDevice Open(string path)
    {
        var file = SourcePath.Open(path);
        if (Posix.Stat(file, out var status) < 0)
        {
            _ = Posix.Close(file);
            throw Gone(path, "it cannot be looked at");
        }

        var device = new ImageDevice(path, file, status);
        if (device.Size < 0)
        {
            device.Dispose();
            throw Gone(path, $"its size cannot be read: {Errno.Text(device.Size)}");
        }

        return device;
    }

    /// <summary>
    /// Reads: how many bytes, or a negative errno of a medium that gave up what was asked for. Past the cache the buffer's address and the
    /// offset must be multiples of the sector.
    /// </summary>
    /// <exception cref="AslException">SourceMissing: it is not the medium but the device that is gone. Trying again may help.</exception>
    internal long Read(Span<byte> buffer, long offset)
    {
        var count = ReadAligned(buffer, offset);
        if (count >= 0)
        {
            return count;
        }

        if (!_isDirect && _direct >= 0)
        {
            _isDirect = true;
            count = ReadAligned(buffer, offset);
        }

        if (count < 0 && (!Errno.IsDeviceMediumError(count) || IsGone()))
        {
            throw Gone(_path, Errno.Text(count));
        }

        return count;
    }

    /// <summary>The next data at or behind a position of a file with holes; the position itself where nobody can tell.</summary>
    internal long NextData(long position)
    {
        if (IsBlockDevice || Status.Blocks * 512 >= Status.Size)
        {
            return position;
        }

        var data = Posix.SeekData(_file, position);
        return data == -Errno.ENXIO ? Size : Math.Max(data, position);
    }

    /// <summary>Where the data at a position ends.</summary>
    internal long DataEnd(long position)
    {
        var hole = Posix.SeekHole(_file, position);
        return hole > position ? Math.Min(hole, Size) : Size;
    }

    public void Dispose()
    {
        _ = Posix.Close(_file);
        _ = _direct >= 0 ? Posix.Close(_direct) : 0;
        _tail.Return();
    }

    private long ReadAligned(Span<byte> buffer, long offset)
    {
        var whole = _isDirect ? buffer.Length / SectorBytes * SectorBytes : buffer.Length;
        var count = whole > 0 ? Posix.Read(_isDirect ? _direct : _file, buffer[..whole], offset) : 0;
        if (count < whole || whole == buffer.Length)
        {
            return count;
        }

        // The last sector of an image is short: it is asked for whole.
        var rest = Posix.Read(_direct, _tail.Span[..SectorBytes], offset + whole);
        if (rest < 0)
        {
            return whole > 0 ? whole : rest;
        }

        rest = Math.Min(rest, buffer.Length - whole);
        _tail.Span[..(int)rest].CopyTo(buffer[whole..]);
        return whole + rest;
    }

    /// <summary>Opens it once more, past the page cache, and finds out in which units it can be read; negative where that is not possible.</summary>
    private (int File, int Sector) OpenDirect(int sector)
    {
        var path = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_file}"));
        var flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.Direct;
        var file = Posix.OpenAt(Posix.WorkingDirectory, path, flags | OpenFlags.NoAccessTime);
        file = file == -Errno.EPERM ? Posix.OpenAt(Posix.WorkingDirectory, path, flags) : file;
        if (file < 0)
        {
            return (file, IsBlockDevice ? sector : PageBytes);
        }

        // Where the disk below has larger sectors, a smaller read is refused.
        var isRefused = sector < PageBytes && Posix.Read(file, _tail.Span[..sector], sector) == -Errno.EINVAL;
        return (file, isRefused ? PageBytes : sector);
    }

    /// <summary>A disk that was pulled out answers each read with an error too, and none of that is the medium's.</summary>
    private bool IsGone() => IsBlockDevice
        ? Posix.DeviceBytes(_file) != Size || !Directory.Exists(DeviceFacts.Folder(Status.Node))
        : Posix.Stat(_file, out _) < 0;

    private static AslException Gone(string path, string why) => new(new AslError(ErrorCode.SourceMissing, "a source cannot be read")
    {
        Where = path,
        Why = why,
        Fix = "check that the disk is there: lsblk, dmesg",
        IsPermanent = false,
    });
}
