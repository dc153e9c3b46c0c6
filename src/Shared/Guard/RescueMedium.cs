using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>
/// The medium that a live system was started from: what the lower layers of its root lie on, the known places where live systems mount
/// it, and the device with the label of the kernel's command line (the medium may be unmounted after a copy to memory, and still be
/// the medium). A system that is installed has none.
/// </summary>
internal sealed class RescueMedium
{
    private static readonly string[] KnownPoints =
        ["/run/archiso/bootmnt", "/run/live/medium", "/lib/live/mount/medium", "/run/initramfs/live", "/cdrom"];

    public RescueMedium(Storage storage, Footprint footprint)
    {
        var mounts = Mounts(storage, footprint);
        FileSystems = mounts.Select(mount => mount.Number).ToHashSet(StringComparer.Ordinal);
        Chains =
        [
            .. mounts.SelectMany(mount => footprint.OfPath(mount.Point, OverlayLayers.All)),
            .. Labelled(storage).SelectMany(device => footprint.OfDevice(device)),
        ];
    }

    /// <summary>The file systems that are the medium or images on it, by number.</summary>
    public IReadOnlySet<string> FileSystems { get; }

    /// <summary>The devices under it.</summary>
    public IReadOnlyList<Chain> Chains { get; }

    private static List<Mount> Mounts(Storage storage, Footprint footprint)
    {
        var table = storage.Mounts;
        List<Mount> found = [.. KnownPoints.Select(table.At).OfType<Mount>()];
        if (table.Holding("/") is { FileSystem: "overlay" } root)
        {
            var lower = Overlay.Layers(root, OverlayLayers.All).Except(Overlay.Layers(root, OverlayLayers.Written))
                .Select(layer => table.Holding(layer)).OfType<Mount>().Where(mount => mount != root).ToList();
            found.AddRange(lower);
            found.AddRange(lower.SelectMany(footprint.DevicesOf).Select(storage.FileBehind).OfType<string>()
                .Select(file => table.Holding(storage.Paths.Resolve(file))).OfType<Mount>());
        }

        // What lies in memory is nobody's medium.
        return [.. found.Where(mount => footprint.DevicesOf(mount).Count > 0).DistinctBy(mount => mount.Id)];
    }

    private static IEnumerable<BlockDevice> Labelled(Storage storage) => storage.MediumLabel is { } label
        ? (storage.Devices?.Devices ?? []).Where(device => device.Label == label)
        : [];
}
