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
        var read = sources.Select(Below).ToList();
        return [.. disks.Select(disk => storage.Devices?.ByNumber(disk.Number) is { } device ? Describe(disk, device, held, read) : disk)];
    }

    private DiskCount Describe(DiskCount disk, BlockDevice device, List<(ProtectedPlace Place, IReadOnlyList<BlockDevice> Disks)> held, List<ReadPlace> read)
    {
        string[] holds = [.. held.Where(one => IsAmong(device, one.Disks)).Select(one => one.Place.ToString())];
        var over = read.Where(one => IsAmong(device, one.Disks)).ToList();
        return disk with
        {
            Model = device.Model ?? disk.Model,
            Serial = device.Serial ?? disk.Serial,
            WorldWideName = device.WorldWideName ?? disk.WorldWideName,
            Holds = holds,
            Sources = [.. over.Select(one => one.Path)],
            IsQuiet = holds.Length == 0 && !WritesByItself(device) && over.Find(one => one.IsTree) is { } tree && new DeviceUse(storage, _footprint).Judge(tree.Path, device) is null,
        };
    }

    /// <summary>An array brings its disks into agreement after a crash, and notes how far it is, whoever reads from it.</summary>
    private bool WritesByItself(BlockDevice device) => _footprint.Above(device).Any(chain => chain.Device.Type?.StartsWith("raid", StringComparison.Ordinal) == true);

    /// <summary>The disks under a source: under a tree also those of what is mounted within it.</summary>
    private ReadPlace Below(string source)
    {
        var real = storage.Paths.Resolve(source);
        if (storage.DeviceAt(real) is { } device)
        {
            return new(source, false, _footprint.DisksOf(device));
        }

        var within = storage.Mounts.Mounts.Where(mount => mount.Point != "/" && MountTable.IsAtOrBelow(mount.Point, real));
        return new(real, true, Bottoms([.. _footprint.OfPath(real, OverlayLayers.All), .. within.SelectMany(mount => _footprint.OfPath(mount.Point, OverlayLayers.All))]));
    }

    private IReadOnlyList<BlockDevice> Bottoms(IEnumerable<Chain> chains) => [.. chains.Select(chain => chain.Device).Where(device => storage.Devices!.ParentsOf(device).Count == 0)];

    private static bool IsAmong(BlockDevice device, IReadOnlyList<BlockDevice> disks) => disks.Any(disk => disk.Path == device.Path || SourceGuard.IsOtherWay(disk, device));

    /// <param name="Path">Of a tree the real one, as its snapshot has it.</param>
    /// <param name="IsTree">And not a block device.</param>
    /// <param name="Disks">What is under it.</param>
    private sealed record ReadPlace(string Path, bool IsTree, IReadOnlyList<BlockDevice> Disks);
}
