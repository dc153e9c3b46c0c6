using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>Which layers of an overlay count.</summary>
public enum OverlayLayers
{
    /// <summary>The upper one: where a write goes.</summary>
    Written,

    /// <summary>All: from where something is read.</summary>
    All,
}

/// <summary>
/// What paths and devices lie on, down to the disks: through mounts, bind mounts, overlays, loop files, ZFS pools, file systems on
/// several devices, and all that lsblk's tree knows (partitions, LVM, md, dm-crypt, multipath).
/// </summary>
/// <remarks>
/// Where the trail is lost (a pool whose members are not seen, a layer that is mounted nowhere any more) it ends: the chains found
/// are true, but there may be more.
/// </remarks>
public sealed class Footprint(Storage storage)
{
    private const int DepthMax = 24;

    /// <summary>Every device that a path lies on, each with the way to it.</summary>
    /// <param name="path">Any absolute path; it need not exist yet.</param>
    /// <param name="layers">Which layers of overlays count.</param>
    public IReadOnlyList<Chain> OfPath(string path, OverlayLayers layers) => [.. Below(storage.Paths.Resolve(path), layers, [], 0)];

    /// <summary>A device and every device that it lies on; through files too, when it is a loop device.</summary>
    public IReadOnlyList<Chain> OfDevice(BlockDevice device) => [.. Below(device, OverlayLayers.All, [], 0)];

    /// <summary>The members of a pool, and what they lie on. By guid, or by name where there is none.</summary>
    public IReadOnlyList<Chain> OfPool(string? name, string? guid) =>
        [.. Members(name, guid).SelectMany(member => Below(member, OverlayLayers.All, [$"pool {name ?? guid}"], 0))];

    /// <summary>
    /// The disks at the bottom of a device, not followed through files: a loop device is the bottom of what lies on it, as its file may
    /// well lie beside the store on one disk.
    /// </summary>
    public IReadOnlyList<BlockDevice> DisksOf(BlockDevice device)
    {
        var parents = storage.Devices!.ParentsOf(device);
        return parents.Count == 0 ? [device] : [.. parents.SelectMany(DisksOf).DistinctBy(disk => disk.Path)];
    }

    /// <summary>Everything that lies on a device, nearest first: partitions, mappings, and loop devices that were laid over it directly.</summary>
    public IReadOnlyList<Chain> Above(BlockDevice device) => [.. Above(device, [device.Path], 0)];

    /// <summary>Every place in which the bytes of a path lie: its own, in overlays the upper layer's, and the files behind loop devices.</summary>
    public IReadOnlyList<FilePlace> Places(string path) => [.. Places(storage.Paths.Resolve(path), 0)];

    /// <summary>The devices that a file system lies on; none for one in memory or on a network.</summary>
    public IReadOnlyList<BlockDevice> DevicesOf(Mount mount) => mount.FileSystem switch
    {
        "zfs" => Members(mount.Source.Split('/')[0], guid: null),
        "btrfs" or "bcachefs" => SeveralDevices(mount),
        _ => storage.DeviceOf(mount) is { } device ? [device] : [],
    };

    private IEnumerable<Chain> Below(string path, OverlayLayers layers, IReadOnlyList<string> links, int depth)
    {
        if (depth > DepthMax || storage.Mounts.Holding(path) is not { } mount)
        {
            return [];
        }

        IReadOnlyList<string> up = [mount.Point, .. links];
        return mount.FileSystem == "overlay"
            ? Overlay.Layers(mount, layers).Where(layer => storage.Mounts.Holding(layer) != mount)
                .SelectMany(layer => Below(layer, layers, up, depth + 1))
            : DevicesOf(mount).SelectMany(device => Below(device, layers, up, depth + 1));
    }

    private IEnumerable<Chain> Below(BlockDevice device, OverlayLayers layers, IReadOnlyList<string> links, int depth)
    {
        if (depth > DepthMax)
        {
            return [];
        }

        IReadOnlyList<string> up = [device.Path, .. links];
        var parents = storage.Devices!.ParentsOf(device).SelectMany(parent => Below(parent, layers, up, depth + 1));
        var behind = storage.FileBehind(device) is { } file ? BelowFile(file, layers, up, depth + 1) : [];
        return [new Chain(device, up), .. parents, .. behind];
    }

    private IEnumerable<Chain> BelowFile(string file, OverlayLayers layers, IReadOnlyList<string> up, int depth) =>
        storage.DeviceAt(file) is { } device
            ? Below(device, layers, up, depth)
            : Below(storage.Paths.Resolve(file), layers, [file, .. up], depth);

    private IEnumerable<Chain> Above(BlockDevice device, IReadOnlyList<string> links, int depth)
    {
        if (depth > DepthMax)
        {
            return [];
        }

        var loops = storage.LoopFiles.Where(loop => storage.DeviceAt(loop.Value)?.Path == device.Path)
            .Select(loop => storage.Devices!.Devices.FirstOrDefault(found => found.KernelName == loop.Key)).OfType<BlockDevice>();
        var children = storage.Devices!.ChildrenOf(device).Concat(loops);
        return
        [
            new Chain(device, links),
            .. children.SelectMany(child => Above(child, [.. links, child.Path], depth + 1)),
        ];
    }

    private IEnumerable<FilePlace> Places(string path, int depth)
    {
        if (depth > DepthMax || storage.Mounts.Holding(path) is not { } mount)
        {
            return [];
        }

        var here = FilePlace.Of(mount, path);
        if (mount.FileSystem == "overlay")
        {
            var upper = Overlay.Layers(mount, OverlayLayers.Written).Where(layer => storage.Mounts.Holding(layer) != mount);
            return [here, .. upper.SelectMany(layer => Places(layer.TrimEnd('/') + here.Path, depth + 1))];
        }

        var files = DevicesOf(mount).SelectMany(device => Below(device, OverlayLayers.Written, [], depth + 1))
            .Select(chain => storage.FileBehind(chain.Device)).OfType<string>();
        return [here, .. files.SelectMany(file => Places(storage.Paths.Resolve(file), depth + 1))];
    }

    private List<BlockDevice> Members(string? name, string? guid) =>
    [
        .. (storage.Devices?.Devices ?? []).Where(device => device.FileSystem == "zfs_member"
            && (guid is not null ? device.Uuid == guid : device.Label == name)),
    ];

    /// <summary>The mount names one device, or all with colons between; the others of a btrfs have the same id.</summary>
    private List<BlockDevice> SeveralDevices(Mount mount)
    {
        var named = mount.Source.Split(':').Select(storage.DeviceAt).OfType<BlockDevice>().ToList();
        var ids = named.Select(device => device.Uuid).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return [.. named.Concat((storage.Devices?.Devices ?? []).Where(device => device.Uuid is { } id && ids.Contains(id))).DistinctBy(device => device.Path)];
    }
}
