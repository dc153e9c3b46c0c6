using System.Globalization;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>
/// Whether the disks below what is read are still there: a disk that was pulled out gives an error for each read, as a bad sector does, and
/// none of what lies behind is bad. Any thread.
/// </summary>
/// <param name="root">The kernel's folder of block devices by number.</param>
/// <remarks>
/// A file system without a block device (FUSE, network, btrfs, ZFS), and a system that shows no block devices, give no answer, and then an error is the medium's.
/// </remarks>
internal sealed class DisksBelow(string root = "/sys/dev/block")
{
    private const int DepthMax = 16;

    // drivers/scsi/scsi_sysfs.c and drivers/nvme/host/sysfs.c
    private static readonly string[] GoneStates = ["offline", "transport-offline", "cancel", "deleted", "dead", "deleting", "deleting (no IO)"];


    /// <summary>Those of the kernel that runs.</summary>
    internal static DisksBelow Kernel { get; } = new();

    /// <summary>
    /// Whether a device, or a disk that it needs, is not there. What was mounted or mapped before its disk was pulled out may open as ever, also for a
    /// program that was started since: what it needs of the disk is in memory.
    /// </summary>
    internal bool AreGone((uint Major, uint Minor) device) => device.Major != 0 && HasAny() && IsMissing(Folder(device), 0);

    /// <summary>Ends the reading of a device that is gone.</summary>
    /// <param name="device">What holds the file that was read.</param>
    /// <param name="errno">What reading gave.</param>
    /// <exception cref="AslException">SourceMissing. Trying again may help.</exception>
    internal void ThrowIfGone((uint Major, uint Minor) device, long errno)
    {
        if (AreGone(device))
        {
            throw new AslException(new AslError(ErrorCode.SourceMissing, "a source cannot be read")
            {
                Where = string.Create(CultureInfo.InvariantCulture, $"block device {device.Major}:{device.Minor}"),
                Why = $"{Errno.Text(errno)}, and the disk is not there any more",
                Fix = "check that the disk is there, and mounted anew if it was plugged in again: lsblk, dmesg",
                IsPermanent = false,
            });
        }
    }

    private bool HasAny() => Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any();

    private string Folder((uint Major, uint Minor) device) => string.Create(CultureInfo.InvariantCulture, $"{root}/{device.Major}:{device.Minor}");

    private static bool IsMissing(string folder, int depth)
    {
        // A disk that the kernel has given up keeps its folder and its size, and answers nothing.
        if (!Directory.Exists(folder) || Text($"{folder}/size") == "0" || Array.IndexOf(GoneStates, Text($"{folder}/device/state")) >= 0)
        {
            return true;
        }

        if (depth == DepthMax)
        {
            return false;
        }

        if (File.Exists($"{folder}/partition"))
        {
            return IsMissing(Path.GetDirectoryName(LivePaths.RealPath(folder))!, depth + 1);
        }

        // A link to a disk that is gone leads nowhere.
        var slaves = new DirectoryInfo($"{folder}/slaves") is { Exists: true } all ? all.GetFileSystemInfos() : [];
        return slaves.Length > 0 && (NeedsAll(folder, slaves)
            ? Array.Exists(slaves, slave => IsMissing(slave.FullName, depth + 1))
            : Array.TrueForAll(slaves, slave => IsMissing(slave.FullName, depth + 1)));
    }

    /// <summary>An array may do with fewer disks, also one that LVM makes of parts of its own, and a disk with fewer ways to it.</summary>
    private static bool NeedsAll(string folder, FileSystemInfo[] slaves) =>
        !Directory.Exists($"{folder}/md")
        && Text($"{folder}/dm/uuid")?.StartsWith("mpath-", StringComparison.Ordinal) != true
        && !Array.Exists(slaves, slave => Text($"{slave.FullName}/dm/name") is { } name && (name.Contains("_rimage_", StringComparison.Ordinal) || name.Contains("_mimage_", StringComparison.Ordinal)));

    private static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
