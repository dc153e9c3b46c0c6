using AslRescue.Shared.Interop;

namespace AslRescue.Preflight.Machines;

/// <summary>A block device, or a file that holds the image of one, open for reading.</summary>
public interface IDevice : IDisposable
{
    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>
    /// Whether reads come from the device itself. The kernel's cache may hold what was there before another machine wrote to a shared disk.
    /// </summary>
    bool IsPastCache { get; }

    /// <summary>Fills memory that starts at a page from an offset that is a multiple of 4096: how many bytes, or a negative errno.</summary>
    long Read(Span<byte> buffer, long offset);
}

/// <summary>What became of opening a device.</summary>
/// <param name="Device">The device; whoever asked closes it.</param>
/// <param name="Cause">Why there is none.</param>
public readonly record struct DeviceAnswer(IDevice? Device, string? Cause);

/// <summary>
/// A device of this machine. It is opened for reading, and past the page cache where that can be done: devices always, files not on
/// every file system. One thread.
/// </summary>
internal sealed class LiveDevice : IDevice
{
    private readonly int _file;

    private LiveDevice(int file, long size, bool isPastCache) => (_file, Size, IsPastCache) = (file, size, isPastCache);

    public long Size { get; }

    public bool IsPastCache { get; }

    public static DeviceAnswer Open(string path)
    {
        var name = System.Text.Encoding.UTF8.GetBytes(path);
        var flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking;
        var file = OpenQuietly(name, flags | OpenFlags.Direct);
        var isPastCache = file >= 0;
        file = file == -Errno.EINVAL ? OpenQuietly(name, flags) : file;
        if (file < 0)
        {
            return new DeviceAnswer(null, $"it cannot be opened: {Errno.Text(file)}");
        }

        var size = SizeOf(file);
        if (size < 0)
        {
            _ = Posix.Close(file);
            return new DeviceAnswer(null, size == -Errno.EINVAL ? "it is neither a block device nor a file" : $"its size cannot be read: {Errno.Text(size)}");
        }

        return new DeviceAnswer(new LiveDevice(file, size, isPastCache), null);
    }

    public long Read(Span<byte> buffer, long offset)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var count = Posix.Read(_file, buffer[filled..], offset + filled);
            if (count <= 0)
            {
                return count < 0 ? count : filled;
            }

            filled += (int)count;
        }

        return filled;
    }

    public void Dispose() => _ = Posix.Close(_file);

    /// <summary>Without a new time of access, which would be a write; only a file's owner may ask for that.</summary>
    private static int OpenQuietly(byte[] name, OpenFlags flags)
    {
        var file = Posix.OpenAt(Posix.WorkingDirectory, name, flags | OpenFlags.NoAccessTime);
        return file == -Errno.EPERM ? Posix.OpenAt(Posix.WorkingDirectory, name, flags) : file;
    }

    private static long SizeOf(int file)
    {
        var status = Posix.Stat(file, out var found);
        return status < 0 ? status : found.Kind switch
        {
            FileKind.BlockDevice => Posix.DeviceBytes(file),
            FileKind.Regular => found.Size,
            _ => -Errno.EINVAL,
        };
    }
}
