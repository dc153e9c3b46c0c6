using AslRescue.Preflight.Machines;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;

namespace AslRescue.Preflight.Sources;

/// <summary>The backend that disks are held against: the one that is configured, or a directory that the operator names.</summary>
internal sealed class SurveyBackend(Machine machine, PreflightSettings settings, string? store)
{
    private bool IsPool => store is null && settings.LocalKind.Value == "zfs";

    private string Directory => store is null ? machine.MountName(settings.LocalMount.Value) : Path.GetFullPath(store);

    /// <summary>For people.</summary>
    public string Name => IsPool ? $"pool {settings.LocalPool?.Value ?? "(the one that preflight finds)"}, mounted at {Directory}" : Directory;

    /// <summary>What no source may lie under.</summary>
    public IReadOnlyList<ProtectedPlace> Places() =>
    [
        .. IsPool && settings.LocalPool?.Value is { } pool
            ? [pool.All(char.IsAsciiDigit) ? ProtectedPlace.Pool(null, pool) : ProtectedPlace.Pool(pool, null)]
            : Array.Empty<ProtectedPlace>(),
        ProtectedPlace.Written("the store", Directory),
        ProtectedPlace.Written("the state of intake", machine.MountName("/var/lib/asl")),
        ProtectedPlace.Written("what intake shares at run time", machine.MountName("/run/asl")),
        ProtectedPlace.RunningSystem,
    ];

    /// <summary>Free bytes; a pool that is not mounted has none that can be seen.</summary>
    public (long? Free, string? Cause) Free(Storage storage, DiskSpace space)
    {
        var mount = storage.Mounts.Holding(storage.Paths.Resolve(Directory));
        return mount switch
        {
            _ when IsPool && mount is not { FileSystem: "zfs" } => (null, "the pool is not mounted"),
            null => (null, "the table of mounts shows nothing"),
            _ when space.ByMount.TryGetValue(mount.Point, out var found) => (found.Free, null),
            _ => (null, space.Cause ?? $"df does not list {mount.Point}"),
        };
    }
}

/// <summary>Why there is nothing to survey.</summary>
internal static class SurveyError
{
    public static AslException NoDevices(string cause) => new(new AslError(ErrorCode.SourceMissing, "the disks cannot be listed")
    {
        Why = cause,
        Fix = "install util-linux, or look by hand: ls -l /sys/block /dev/disk/by-id",
        IsPermanent = false,
    });
}
