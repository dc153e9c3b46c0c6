namespace AslRescue.Shared.Devices;

/// <summary>
/// A block device as lsblk shows it. Whatever a column did not say is null or empty: older versions lack some columns, and lsblk
/// leaves out what neither udev nor sysfs knew.
/// </summary>
/// <param name="Path">"/dev/sda1", "/dev/mapper/vg-root".</param>
public sealed record BlockDevice(string Path)
{
    /// <summary>The kernel's own name, "sda1" or "dm-0": what /sys/class/block lists.</summary>
    public string? KernelName { get; init; }

    /// <summary>Major and minor number, "8:1": how /proc/self/mountinfo names the device.</summary>
    public string? Number { get; init; }

    /// <summary>"disk", "part", "loop", "lvm", "crypt", "mpath", "raid1", "rom", …</summary>
    public string? Type { get; init; }

    /// <summary>Size in bytes.</summary>
    public long? Bytes { get; init; }

    /// <summary>Whether the kernel refuses to write to it.</summary>
    public bool? IsReadOnly { get; init; }

    /// <summary>Whether the medium can be taken out.</summary>
    public bool? IsRemovable { get; init; }

    /// <summary>Maker's name of the disk.</summary>
    public string? Model { get; init; }

    /// <summary>Serial number of the disk.</summary>
    public string? Serial { get; init; }

    /// <summary>World-wide name: equal for two paths to one disk.</summary>
    public string? WorldWideName { get; init; }

    /// <summary>"sata", "usb", "nvme", …</summary>
    public string? Transport { get; init; }

    /// <summary>What libblkid recognised: "zfs_member", "ext4", "crypto_LUKS", …</summary>
    public string? FileSystem { get; init; }

    /// <summary>The file system's label: of a zfs_member the pool's name.</summary>
    public string? Label { get; init; }

    /// <summary>The file system's id: of a zfs_member the pool's guid.</summary>
    public string? Uuid { get; init; }

    /// <summary>What the partition table calls the partition, "Linux filesystem".</summary>
    public string? PartitionType { get; init; }

    /// <summary>Where it is mounted in the view of lsblk; "[SWAP]" for swap in use.</summary>
    public IReadOnlyList<string> MountPoints { get; init; } = [];

    /// <summary>Smallest unit that can be addressed, in bytes.</summary>
    public int? LogicalSectorBytes { get; init; }

    /// <summary>Smallest unit that the medium reads and writes, in bytes.</summary>
    public int? PhysicalSectorBytes { get; init; }
}
