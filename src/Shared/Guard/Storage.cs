using AslRescue.Shared.Devices;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>What is known of a machine's disks and of what lies on them: the ground of every judgement of the guard. Nothing in it was changed by looking.</summary>
public sealed record Storage
{
    /// <summary>What lsblk shows; null when it could not be asked.</summary>
    public required BlockDeviceTree? Devices { get; init; }

    /// <summary>Why there are no devices.</summary>
    public string? DevicesCause { get; init; }

    /// <summary>The mounts that this process sees.</summary>
    public required MountTable Mounts { get; init; }

    /// <summary>Of each loop device in use ("loop0") the file behind it, from /sys/block.</summary>
    public IReadOnlyDictionary<string, string> LoopFiles { get; init; } = new Dictionary<string, string>();

    /// <summary>The ZFS pools that are imported now, by name.</summary>
    public IReadOnlySet<string> ImportedPools { get; init; } = new HashSet<string>();

    /// <summary>The label of the boot medium as the kernel's command line gives it; null where it gives none.</summary>
    public string? MediumLabel { get; init; }

    /// <summary>The paths themselves.</summary>
    public required IPathView Paths { get; init; }

    /// <summary>The device that a resolved path names; null when it names none, or one that lsblk does not list.</summary>
    public BlockDevice? DeviceAt(string path) => Devices is null
        ? null
        : Devices.ByPath(path) ?? (Paths.Look(path) is (FileKind.BlockDevice, { } number) ? Devices.ByNumber(number) : null);

    /// <summary>The device that a mount says it comes from.</summary>
    public BlockDevice? DeviceOf(Mount mount) => Devices is null
        ? null
        : Devices.ByNumber(mount.Number) ?? Devices.ByPath(mount.Source) ?? DeviceAt(Paths.Resolve(mount.Source));

    /// <summary>The file behind a loop device.</summary>
    public string? FileBehind(BlockDevice device) =>
        LoopFiles.GetValueOrDefault(device.KernelName ?? Path.GetFileName(device.Path));
}
