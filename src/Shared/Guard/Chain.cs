using AslRescue.Shared.Devices;

namespace AslRescue.Shared.Guard;

/// <summary>How something lies on a device: from the device up, as a person would draw it.</summary>
/// <param name="Device">The device that was reached.</param>
/// <param name="Links">From it to the thing: "/dev/sda2", "/dev/md0", "/dev/mapper/vg-root", "/".</param>
public sealed record Chain(BlockDevice Device, IReadOnlyList<string> Links)
{
    /// <summary>"/dev/sda2 → /dev/md0 → /dev/mapper/vg-root → /".</summary>
    public override string ToString() => string.Join(" → ", Links);
}
