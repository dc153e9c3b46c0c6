using System.Globalization;
using AslRescue.Shared.Interop;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Imaging;

/// <summary>What the kernel and udev know of a device, from /sys and /run/udev: no program is run and nothing is asked of the disk.</summary>
internal static class DeviceFacts
{
    /// <summary>The device's folder in /sys.</summary>
    internal static string Folder((uint Major, uint Minor) device) =>
        string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{device.Major}:{device.Minor}");

    /// <summary>What a snapshot keeps of it.</summary>
    internal static SnapshotImage Describe(ImageDevice device)
    {
        var image = new SnapshotImage
        {
            Size = device.Size,
            LogicalSector = device.SectorBytes,
            PhysicalSector = device.PhysicalSectorBytes,
        };
        if (!device.IsBlockDevice)
        {
            return image;
        }

        var folder = Folder(device.Status.Node);
        var (isPartition, disk) = (IsPartition(folder), Disk(device.Status.Node));
        var udev = ReadUdev(device.Status.Node);
        return image with
        {
            Start = isPartition && long.TryParse(Text($"{folder}/start"), out var sectors) ? sectors * 512 : 0,
            IsReadOnly = Posix.IsDeviceReadOnly(device.Descriptor) == 1,
            Model = udev.GetValueOrDefault("ID_MODEL") ?? Text($"{disk}/device/model"),
            Serial = udev.GetValueOrDefault("ID_SERIAL_SHORT") ?? Text($"{disk}/device/serial") ?? Text($"{disk}/serial"),
            WorldWideName = udev.GetValueOrDefault("ID_WWN_WITH_EXTENSION") ?? udev.GetValueOrDefault("ID_WWN") ?? Text($"{disk}/wwid") ?? Text($"{disk}/device/wwid"),
        };
    }

    /// <summary>Where a device and its partitions start, in bytes from the start of the device.</summary>
    internal static IReadOnlyList<long> Heads((uint Major, uint Minor) device)
    {
        var folder = new DirectoryInfo(Folder(device));
        var partitions = !folder.Exists ? [] : folder.EnumerateDirectories().Where(part => File.Exists($"{part.FullName}/partition"))
            .Select(part => long.TryParse(Text($"{part.FullName}/start"), out var sectors) ? sectors * 512 : 0);
        return [.. partitions.Prepend(0).Distinct().Order()];
    }

    /// <summary>A number that no other disk, and no other plugging in of this one, has in this boot; null where the kernel does not count.</summary>
    internal static long? Appearance((uint Major, uint Minor) device) => long.TryParse(Text($"{Disk(device)}/diskseq"), out var number) ? number : null;

    /// <summary>The UUID of the file system on a device, as udev read it; null where nobody says.</summary>
    internal static string? FileSystemUuid((uint Major, uint Minor) device) => device.Major == 0 ? null : ReadUdev(device).GetValueOrDefault("ID_FS_UUID");

    /// <summary>Units of 512 bytes written since the device appeared; null where nobody counts.</summary>
    internal static long? SectorsWritten((uint Major, uint Minor) device)
    {
        const int written = 6; // Documentation/block/stat.rst: the seventh field
        var fields = (Text($"{Folder(device)}/stat") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > written && long.TryParse(fields[written], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    private static bool IsPartition(string folder) => File.Exists($"{folder}/partition");

    /// <summary>The folder of the disk that a device is, or is a partition of.</summary>
    private static string Disk((uint Major, uint Minor) device) =>
        Folder(device) is var folder && IsPartition(folder) ? Path.Combine(Resolve(folder), "..") : folder;

    private static Dictionary<string, string> ReadUdev((uint Major, uint Minor) device)
    {
        Dictionary<string, string> properties = [];
        try
        {
            var lines = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/run/udev/data/b{device.Major}:{device.Minor}"));
            foreach (var line in lines.Where(line => line.StartsWith("E:", StringComparison.Ordinal)))
            {
                var parts = line[2..].Split('=', 2);
                if (parts is [var name, var value] && value.Trim().Length > 0)
                {
                    properties[name] = value.Trim();
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // No udev here: then /sys is asked.
        }

        return properties;
    }

    private static string Resolve(string folder) => new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;

    /// <summary>A file's text without blanks around it; null when there is none.</summary>
    private static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
