using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>
/// Says of each disk that was counted what it is there for: what of ours is written on it, which sources lie on it, and whether nobody is
/// seen who may write to it.
/// </summary>
/// <remarks>
/// Only a disk that nobody should write to makes a run's seal doubtful. A disk with anything mounted for writing, swap or an imported pool is written to
/// in ordinary use, by the source's own machine too when that is the one that runs.
/// </remarks>
/// <param name="storage">The machine.</param>
/// <param name="places">What is written to, and the running system.</param>
/// <param name="sources">What is read.</param>
public sealed class DiskSurvey(Storage storage, IReadOnlyList<ProtectedPlace> places, IReadOnlyList<string> sources)
{
    private readonly Footprint _footprint = new(storage);

    /// <summary>The disks with what is known of them. Of one that lsblk does not show, or when it shows none, only the counters are.</summary>
    public IReadOnlyList<DiskCount> Describe(IReadOnlyList<DiskCount> disks)
    {
        var held = places.Select(place => (place, Disks: Bottoms(place.Chains(_footprint)))).ToList();
        var read = sources.Select(source => (source, Source: Below(source))).ToList();
        return [.. disks.Select(disk => storage.Devices?.ByNumber(disk.Number) is { } device ? Describe(disk, device, held, read) : disk)];
    }

    private DiskCount Describe(
        DiskCount disk, BlockDevice device, List<(ProtectedPlace Place, IReadOnlyList<BlockDevice> Disks)> held, List<(string Path, (bool IsTree, IReadOnlyList<BlockDevice> Disks) Found)> read)
    {
        string[] holds = [.. held.Where(one => IsAmong(device, one.Disks)).Select(one => one.Place.ToString())];
        var over = read.Where(one => IsAmong(device, one.Found.Disks)).ToList();
        return disk with
        {
            Model = device.Model ?? disk.Model,
            Serial = device.Serial ?? disk.Serial,
            WorldWideName = device.WorldWideName ?? disk.WorldWideName,
            Holds = holds,
            Sources = [.. over.Select(one => one.Path)],
            IsQuiet = holds.Length == 0 && over.Find(one => one.Found.IsTree) is { Path: { } tree } && new DeviceUse(storage, _footprint).Judge(tree, device) is null,
        };
    }

    /// <summary>The disks under a source: under a tree also those of what is mounted within it.</summary>
    private (bool IsTree, IReadOnlyList<BlockDevice> Disks) Below(string source)
    {
        var real = storage.Paths.Resolve(source);
        if (storage.DeviceAt(real) is { } device)
        {
            return (false, _footprint.DisksOf(device));
        }

        var within = storage.Mounts.Mounts.Where(mount => mount.Point != "/" && MountTable.IsAtOrBelow(mount.Point, real));
        return (true, Bottoms([.. _footprint.OfPath(real, OverlayLayers.All), .. within.SelectMany(mount => _footprint.OfPath(mount.Point, OverlayLayers.All))]));
    }

    private IReadOnlyList<BlockDevice> Bottoms(IEnumerable<Chain> chains) => [.. chains.Select(chain => chain.Device).Where(device => storage.Devices!.ParentsOf(device).Count == 0)];

    private static bool IsAmong(BlockDevice device, IReadOnlyList<BlockDevice> disks) => disks.Any(disk => disk.Path == device.Path || SourceGuard.IsOtherWay(disk, device));
}
