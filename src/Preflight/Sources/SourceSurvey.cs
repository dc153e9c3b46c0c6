using AslRescue.Preflight.Machines;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;

namespace AslRescue.Preflight.Sources;

/// <summary>
/// Every disk of the machine as a possible source: what is on it, how it is, whether the guard would let it be read, whether it
/// fits. Only looks, wakes no disk, and is done within seconds however many disks hang: all are asked at once.
/// </summary>
/// <param name="Backend">What the disks are compared with: "/mnt/asl/local", "pool rescuepool".</param>
/// <param name="FreeBytes">Free there; null when that cannot be told.</param>
/// <param name="Cause">Why it cannot be told.</param>
/// <param name="Disks">The disks, and whatever else lies on nothing.</param>
public sealed record SourceSurvey(string Backend, long? FreeBytes, string? Cause, IReadOnlyList<SurveyedDevice> Disks)
{
    private static readonly string[] InMemory = ["zram", "ram"];

    /// <summary>Looks.</summary>
    /// <param name="machine">Live or recorded.</param>
    /// <param name="settings">The configuration: the backend that is meant.</param>
    /// <param name="store">A store that the operator names instead.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Shared.Errors.AslException">SourceMissing: there is no answer of lsblk.</exception>
    public static async Task<SourceSurvey> TakeAsync(Machine machine, PreflightSettings settings, string? store, CancellationToken cancellationToken)
    {
        IPathView paths = machine.IsRecorded ? new RecordedPaths() : new LivePaths(opensDevices: false);
        var space = DiskSpace.AskAsync(machine.Tools, cancellationToken);
        var storage = await new StorageReader(machine.Tools, paths, machine.IsRecorded ? machine.Root : "/").ReadAsync(cancellationToken);
        if (storage.Devices is not { } tree)
        {
            throw SurveyError.NoDevices(storage.DevicesCause!);
        }

        var backend = new SurveyBackend(machine, settings, store);
        var (free, cause) = backend.Free(storage, await space);
        var look = new Look(tree, new SourceGuard(storage, backend.Places(), GuardCaller.ByHand), storage, await space);
        var disks = tree.Devices.Where(device => tree.ParentsOf(device).Count == 0 && IsReal(device)).Select(look.At).ToList();
        var smart = await Task.WhenAll(disks.Select(disk => disk.Device.Type == "disk"
            ? SmartState.AskAsync(machine.Tools, disk.Device.Path, cancellationToken)
            : Task.FromResult<SmartState>(null!)));
        return new SourceSurvey(backend.Name, free, cause, [.. disks.Zip(smart, (disk, state) => disk with
        {
            Smart = state,
            Space = SpaceVerdict.Of(disk.Device.Bytes, UsedOf(disk), free, cause),
        })]);
    }

    private static bool IsReal(BlockDevice device) =>
        device.Bytes > 0 && !InMemory.Any(prefix => device.KernelName?.StartsWith(prefix, StringComparison.Ordinal) == true);

    /// <summary>Known only when every file system on it is mounted.</summary>
    private static long? UsedOf(SurveyedDevice disk)
    {
        var holders = disk.All.Where(device => device.Children.Count == 0 && device.Device.FileSystem is not (null or "swap")).DistinctBy(device => device.Device.Path).ToList();
        return holders.Count > 0 && holders.All(device => device.UsedBytes is not null) ? holders.Sum(device => device.UsedBytes) : null;
    }

    private sealed class Look(BlockDeviceTree tree, SourceGuard guard, Storage storage, DiskSpace space)
    {
        public SurveyedDevice At(BlockDevice device) => new(device, guard.Judge(device), [.. tree.ChildrenOf(device).Select(At)])
        {
            UsedBytes = storage.Mounts.Mounts.Where(mount => mount.Root == "/" && storage.DeviceOf(mount)?.Path == device.Path)
                .Select(mount => space.ByMount.TryGetValue(mount.Point, out var found) ? found.Used : (long?)null).FirstOrDefault(used => used is not null),
        };
    }

    /// <summary>A recording follows no links and has no nodes in /dev.</summary>
    private sealed class RecordedPaths : IPathView
    {
        public string Resolve(string path) => path;

        public (FileKind Kind, string? Number)? Look(string path) => null;

        public bool IsClaimed(string device) => false;
    }
}
