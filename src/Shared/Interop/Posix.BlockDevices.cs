namespace AslRescue.Shared.Interop;

/// <summary>What the kernel says of an open block device (linux/fs.h). Nothing here changes a device.</summary>
public static unsafe partial class Posix
{
    private const nuint SizeRequest = 0x80081272; // BLKGETSIZE64
    private const nuint LogicalSectorRequest = 0x1268; // BLKSSZGET
    private const nuint PhysicalSectorRequest = 0x127b; // BLKPBSZGET
    private const nuint ReadOnlyRequest = 0x125e; // BLKROGET

    /// <summary>Bytes of an open block device, or a negative errno.</summary>
    public static long DeviceBytes(int file)
    {
        ulong value = 0;
        var result = Result(ioctl(file, SizeRequest, &value));
        return result < 0 ? result : (long)value;
    }

    /// <summary>Bytes of the smallest unit that can be addressed, or a negative errno.</summary>
    public static int LogicalSectorBytes(int file) => Number(file, LogicalSectorRequest);

    /// <summary>Bytes of the smallest unit that the medium reads and writes, or a negative errno.</summary>
    public static int PhysicalSectorBytes(int file) => Number(file, PhysicalSectorRequest);

    /// <summary>Whether the kernel refuses writes to an open block device: 1 or 0, or a negative errno.</summary>
    public static int IsDeviceReadOnly(int file) => Number(file, ReadOnlyRequest);

    private static int Number(int file, nuint request)
    {
        var value = 0;
        var result = Result(ioctl(file, request, &value));
        return result < 0 ? result : value;
    }
}
