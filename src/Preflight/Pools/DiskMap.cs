using AslRescue.Preflight.Machines;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Which whole disks a device or a path lies on, through partitions, volumes, mirrors, pools, overlays and loop devices. Asked from
/// tables only: the path itself is not touched.
/// </summary>
internal sealed class DiskMap(Machine machine, MountTable mounts, BlockDeviceTree devices, IReadOnlyList<PoolSeen> pools)
{
    private const int DepthMax = 8;

    /// <summary>The disks; empty for memory and for another machine's disk; null when it cannot be told.</summary>
    public IReadOnlySet<string>? Under(string path) => Under(path, 0);

    private HashSet<string>? Under(string path, int depth) =>
        depth > DepthMax ? null
        : path.StartsWith("/dev/", StringComparison.Ordinal) && Device(path) is { } device ? OfDevice(device, depth)
        : path.StartsWith("/dev/", StringComparison.Ordinal) ? null
        : mounts.IsLasting(path) == false ? []
        : mounts.Holding(path) is { } mount ? OfMount(mount, depth)
        : null;

    private HashSet<string>? OfMount(Mount mount, int depth) => mount.FileSystem switch
    {
        "overlay" => Upper(mount) is { } upper ? Under(upper, depth + 1) : null,
        "zfs" => pools.FirstOrDefault(pool => pool.Name == mount.Source.Split('/')[0]) is { } pool ? All(pool.Devices, depth) : null,
        _ when mount.Source.StartsWith("//", StringComparison.Ordinal) => [],
        _ when mount.Source.StartsWith('/') => All(Members(mount.Source), depth),
        _ when mount.Source.Contains(":/", StringComparison.Ordinal) => [],
        _ => null,
    };

    private static string? Upper(Mount mount) =>
        mount.SuperOptions.FirstOrDefault(option => option.StartsWith("upperdir=", StringComparison.Ordinal))?["upperdir=".Length..];

    private HashSet<string>? OfDevice(BlockDevice device, int depth)
    {
        var parents = devices.ParentsOf(device);
        return parents.Count > 0 ? All(parents.Select(parent => parent.Path), depth)
            : device.Type == "loop" ? Backing(device, depth)
            : [device.Path];
    }

    /// <summary>All devices of a file system: btrfs has several with one id, of which a mount names any.</summary>
    private IEnumerable<string> Members(string source) =>
        Device(source) is { FileSystem: "btrfs", Uuid: { } id }
            ? devices.Devices.Where(device => device.Uuid == id).Select(device => device.Path)
            : [source];

    /// <summary>A loop device is the disk of its file.</summary>
    private HashSet<string>? Backing(BlockDevice loop, int depth) =>
        machine.ReadHost($"/sys/block/{Path.GetFileName(loop.Path)}/loop/backing_file").Text?.Trim() is { Length: > 0 } file
            ? Under(file, depth + 1)
            : null;

    private HashSet<string>? All(IEnumerable<string> paths, int depth)
    {
        var disks = new HashSet<string>();
        foreach (var path in paths)
        {
            if (Under(path, depth + 1) is not { } under)
            {
                return null;
            }

            disks.UnionWith(under);
        }

        return disks;
    }

    /// <summary>Links like /dev/disk/by-id/… are followed on a live machine; a recorded one has none.</summary>
    private BlockDevice? Device(string path) => devices.ByPath(path) ?? (machine.IsRecorded ? null : Resolved(path));

    private BlockDevice? Resolved(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target ? devices.ByPath(target.FullName) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
