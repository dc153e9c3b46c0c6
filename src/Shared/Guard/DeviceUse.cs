using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>
/// Whether somebody writes to a block device while it would be read: the image would hold two states at once. Asked of the device
/// and of all that lies on it.
/// </summary>
internal sealed class DeviceUse(Storage storage, Footprint footprint)
{
    private const string Swap = "[SWAP]";

    /// <summary>The refusal, or null when nobody is seen writing.</summary>
    public SourceVerdict? Judge(string source, BlockDevice device)
    {
        var above = footprint.Above(device);
        foreach (var chain in above.Concat(Wholes(device)))
        {
            if (UseOf(chain.Device) is var (use, fix))
            {
                return SourceVerdict.Refused(source, GuardRule.InUse, $"{use}: {chain}", fix);
            }
        }

        // A mount that is seen has claimed the device, and was judged above; so has a mapping. Any other claim is of somebody unseen.
        var isExplained = above.Concat(Wholes(device)).Any(chain => MountsOf(chain.Device).Any()) || above.Any(IsMapping);
        return !isExplained && storage.Paths.IsClaimed(device.Path)
            ? SourceVerdict.Refused(
                source, GuardRule.InUse, "the kernel has given it to somebody for exclusive use who is not seen here, as a mount in another container is",
                $"find out who: grep --files-with-matches {device.Path} /proc/*/mountinfo; lsof {device.Path}")
            : null;
    }

    /// <summary>What is active on it and may begin to write, although nothing is mounted for writing.</summary>
    public IReadOnlyList<string> Warnings(BlockDevice device) =>
    [
        .. footprint.Above(device).Where(IsMapping)
            .Select(chain => $"{chain.Device.Path} ({chain.Device.Type}) is active on it, though nothing is mounted for writing: {chain}"),
    ];

    /// <summary>Anything but a partition that lies on another device: an array, a volume, a mapping, a loop.</summary>
    private static bool IsMapping(Chain chain) => chain.Links.Count > 1 && chain.Device.Type is not ("part" or "loop");

    private (string Use, string Fix)? UseOf(BlockDevice device)
    {
        if (MountsOf(device).FirstOrDefault(mount => !mount.IsFileSystemReadOnly) is { } written)
        {
            return ($"it is mounted for writing at {written.Point}", $"umount {written.Point}   (or: mount -o remount,ro {written.Point})");
        }

        if (device.MountPoints.Contains(Swap))
        {
            return ("it is used as swap", $"swapoff {device.Path}");
        }

        return device is { FileSystem: "zfs_member", Label: { } pool } && storage.ImportedPools.Contains(pool)
            ? ($"it is a member of pool {pool}, which is imported", $"zpool export {pool}")
            : null;
    }

    private IEnumerable<Mount> MountsOf(BlockDevice device) =>
        storage.Mounts.Mounts.Where(mount => footprint.DevicesOf(mount).Any(under => under.Path == device.Path));

    /// <summary>What a partition is a part of: a file system over the whole disk would write to it too.</summary>
    private IEnumerable<Chain> Wholes(BlockDevice device) => Wholes(device, [device.Path]);

    private IEnumerable<Chain> Wholes(BlockDevice device, IReadOnlyList<string> links) => storage.Devices!.ParentsOf(device).SelectMany(parent =>
    {
        IReadOnlyList<string> up = [parent.Path, .. links];
        return Wholes(parent, up).Prepend(new Chain(parent, up));
    });
}
