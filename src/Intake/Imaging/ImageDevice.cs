using AslRescue.Intake.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Snapshots;

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
    private readonly DisksBelow _disks;
    private readonly ReadBuffer _around = ReadBuffer.Rent();
    private readonly int _file;
    private readonly int _direct;
    private bool _isDirect;

    private ImageDevice(string path, int file, in FileStatus status, DisksBelow disks)
    {
        (_path, _file, Status, _disks) = (path, file, status, disks);
        IsBlockDevice = status.Kind == FileKind.BlockDevice;
        Size = IsBlockDevice ? Posix.DeviceBytes(file) : status.Size;
        var sector = IsBlockDevice ? Math.Max(Posix.LogicalSectorBytes(file), FileSectorBytes) : FileSectorBytes;
        (_direct, SectorBytes) = OpenDirect(sector);
        _isDirect = IsBlockDevice && _direct >= 0;
        PhysicalSectorBytes = IsBlockDevice ? Math.Max(Posix.PhysicalSectorBytes(file), SectorBytes) : SectorBytes;
    }

    private ImageDevice(string path, SnapshotImage facts, bool wasFile)
    {
        (_path, _file, _direct, _disks, IsAbsent, WasFile) = (path, -1, -1, DisksBelow.Kernel, true, wasFile);
        (Size, SectorBytes, PhysicalSectorBytes) = (facts.Size, facts.LogicalSector, facts.PhysicalSector);
    }

    /// <summary>What the file or the node is.</summary>
    internal FileStatus Status { get; }

    internal bool IsBlockDevice { get; }

    /// <summary>Whether it only stands for one that is lost: it has a size, and nothing can be read.</summary>
    internal bool IsAbsent { get; }

    /// <summary>Whether what is lost was a file: its owner, its times and its attributes are lost too.</summary>
    internal bool WasFile { get; }

    /// <summary>Bytes.</summary>
    internal long Size { get; }

    /// <summary>Bytes of what is given up at once. Of a file that cannot be read past the page cache: a page.</summary>
    internal int SectorBytes { get; }

    internal int PhysicalSectorBytes { get; }

    internal int Descriptor => _file;

    /// <summary>The device itself, or the one that holds the file.</summary>
    private (uint Major, uint Minor) Holder => IsBlockDevice ? Status.Node : Status.Device;

    /// <summary>Whether a source is read as an image.</summary>
    internal static bool IsImage(string path, ImageOptions options)
    {
        var file = SourcePath.Open(path);
        _ = Posix.Stat(file, out var status);
        _ = Posix.Close(file);
        return status.Kind == FileKind.BlockDevice || (status.Kind == FileKind.Regular && options.FilesAreImages);
    }

    /// <param name="path">Absolute.</param>
    /// <param name="disks">Tells whether a disk is there; null: the kernel's.</param>
    /// <exception cref="AslException">SourceMissing.</exception>
    internal static ImageDevice Open(string path, DisksBelow? disks = null)
    {
        var file = SourcePath.Open(path);
        if (Posix.Stat(file, out var status) < 0)
        {
            _ = Posix.Close(file);
            throw Gone(path, "it cannot be looked at");
        }

        var device = new ImageDevice(path, file, status, disks ?? DisksBelow.Kernel);
        if (device.Size < 0)
        {
            device.Dispose();
            throw Gone(path, $"its size cannot be read: {Errno.Text(device.Size)}");
        }

        return device;
    }

    /// <summary>What stands for a device or a file that is lost, so that what was read of it can be sealed. Nothing is opened.</summary>
    internal static ImageDevice Absent(string path, SnapshotImage facts, bool wasFile) => new(path, facts, wasFile);

    /// <summary>
    /// Reads: how many bytes, or a negative errno of a medium that gave up what was asked for. Any range may be asked for: what a parent
    /// lacks may begin within a sector, when the disk came back with larger ones.
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
        _ = _file >= 0 ? Posix.Close(_file) : 0;
        _ = _direct >= 0 ? Posix.Close(_direct) : 0;
        _around.Return();
    }

    private long ReadAligned(Span<byte> buffer, long offset)
    {
        if (!_isDirect)
        {
            return Posix.Read(_file, buffer, offset);
        }

        // The last sector of an image may be short: it is asked for whole.
        var whole = offset % SectorBytes == 0 && AlignedBuffer.IsAligned(buffer, SectorBytes) ? buffer.Length / SectorBytes * SectorBytes : 0;
        var count = whole > 0 ? Posix.Read(_direct, buffer[..whole], offset) : 0;
        if (count < whole || whole == buffer.Length)
        {
            return count;
        }

        var rest = ReadAround(buffer[whole..], offset + whole);
        return rest >= 0 ? whole + rest : whole > 0 ? whole : rest;
    }

    /// <summary>Reads the sectors in which a range lies, and gives the range.</summary>
    private long ReadAround(Span<byte> buffer, long offset)
    {
        for (var done = 0; ;)
        {
            var start = (offset + done) / SectorBytes * SectorBytes;
            var ahead = (int)(offset + done - start);
            var wanted = (int)Math.Min(_around.Span.Length, (ahead + (long)(buffer.Length - done) + SectorBytes - 1) / SectorBytes * SectorBytes);
            var count = Posix.Read(_direct, _around.Span[..wanted], start);
            if (count < 0)
            {
                return done > 0 ? done : count;
            }

            var got = (int)Math.Clamp(count - ahead, 0, buffer.Length - done);
            _around.Span.Slice(ahead, got).CopyTo(buffer[done..]);
            done += got;
            if (count < wanted || done == buffer.Length)
            {
                return done;
            }
        }
    }

    /// <summary>Opens it once more, past the page cache, and finds out in which units it can be read; negative where that is not possible.</summary>
    private (int File, int Sector) OpenDirect(int sector)
    {
        var file = SourcePath.OpenDirect(_file);
        if (file < 0)
        {
            return (file, IsBlockDevice ? sector : PageBytes);
        }

        // Where the disk below has larger sectors, a smaller read is refused.
        var isRefused = sector < PageBytes && Posix.Read(file, _around.Span[..sector], sector) == -Errno.EINVAL;
        return (file, isRefused ? PageBytes : sector);
    }

    /// <summary>A disk that was pulled out answers each read with an error too, and none of that is the medium's.</summary>
    private bool IsGone() => (IsBlockDevice ? Posix.DeviceBytes(_file) != Size : Posix.Stat(_file, out _) < 0) || _disks.AreGone(Holder);

    private static AslException Gone(string path, string why) => new(new AslError(ErrorCode.SourceMissing, "a source cannot be read")
    {
        Where = path,
        Why = why,
        Fix = "check that the disk is there: lsblk, dmesg",
        IsPermanent = false,
    });
}
