using System.Globalization;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Pools;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Probes;

/// <summary>Whether the file system that is mounted at local.mount is the one that is meant.</summary>
internal static class MountJudge
{
    /// <returns>A value of local.mount and the reason.</returns>
    public static (string Value, string Says) Judge(PreflightSettings settings, Mount mount, PoolSurvey survey)
    {
        if (settings.LocalKind.Value != "zfs")
        {
            return ("right", $"{mount.FileSystem} on {mount.Source}");
        }

        if (mount.FileSystem != "zfs")
        {
            return ("other", $"{mount.FileSystem} on {mount.Source}, not ZFS");
        }

        var pool = PoolName(settings.LocalPool?.Value, survey);
        if (settings.LocalPool is not null && pool is null)
        {
            return (FactDefinition.Unknown, $"{mount.Source} is mounted; whether that is pool {settings.LocalPool.Value} could not be seen");
        }

        var meant = Dataset(pool, settings.LocalDataset?.Value);
        var isRight = meant is null
            || mount.Source == meant
            || (settings.LocalDataset is null && mount.Source.StartsWith(meant + "/", StringComparison.Ordinal));
        return isRight
            ? ("right", $"dataset {mount.Source} is mounted")
            : ("other", $"dataset {mount.Source} is mounted, not {meant}");
    }

    /// <summary>The full name of the dataset: the configuration may leave the pool's name away.</summary>
    public static string? Dataset(string? pool, string? dataset) => (pool, dataset) switch
    {
        (null, _) => dataset,
        (_, null) => pool,
        _ when dataset == pool || dataset!.StartsWith(pool + "/", StringComparison.Ordinal) => dataset,
        _ => $"{pool}/{dataset}",
    };

    /// <summary>A mount shows the pool's name; the configuration may give its guid.</summary>
    private static string? PoolName(string? configured, PoolSurvey survey) =>
        ulong.TryParse(configured, NumberStyles.None, CultureInfo.InvariantCulture, out var guid)
            ? survey.Pools.FirstOrDefault(pool => pool.Guid == guid)?.Name
            : configured;
}
