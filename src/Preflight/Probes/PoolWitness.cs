using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Asks `zpool import` which pools it could import, and compares. It lists and imports nothing without a name; it is asked only
/// where the operator allowed a scan and the module is loaded anyway.
/// </summary>
internal static class PoolWitness
{
    private static readonly ToolCommand Scan = new("zpool", ["import"], TimeSpan.FromSeconds(8));

    public static async Task<Fact> AskAsync(ProbeContext context, IReadOnlyList<PoolSeen> seen, CancellationToken cancellationToken)
    {
        if (!context.IsScanAllowed)
        {
            return new Fact(FactIds.PoolWitness, "none", "zpool was not asked", []);
        }

        if (context.Machine.ReadHost("/sys/module/zfs/version").Text is null)
        {
            return new Fact(FactIds.PoolWitness, "none", "zpool was not asked: the module is not loaded", []);
        }

        var outcome = await context.Machine.Tools.RunAsync(Scan, cancellationToken);
        var evidence = ToolEvidence.Of(Scan, outcome);
        return outcome is ToolOutcome.Ran { IsCut: false } ran && (ran.Exit == 0 || IsEmptyList(ran))
            ? Compare(seen, ZpoolImportReader.Read(ran.Stdout), evidence)
            : Fact.Unknown(FactIds.PoolWitness, evidence.Cause ?? "zpool import failed", evidence);
    }

    /// <summary>zpool ends with 1 when it finds nothing, and says so.</summary>
    private static bool IsEmptyList(ToolOutcome.Ran ran) =>
        (ran.Stdout + ran.Stderr).Contains("no pools available to import", StringComparison.Ordinal);

    private static Fact Compare(IReadOnlyList<PoolSeen> seen, IReadOnlyList<ImportablePool> listed, Evidence evidence)
    {
        var labels = seen.Where(pool => pool.State is "exported" or "foreign").Select(pool => pool.Guid).ToHashSet();
        var zpool = listed.Where(pool => !pool.IsDestroyed).Select(pool => pool.Guid).ToHashSet();
        return labels.SetEquals(zpool)
            ? new Fact(FactIds.PoolWitness, "agrees", $"zpool lists the same {zpool.Count} pool(s)", [evidence])
            : new Fact(
                FactIds.PoolWitness, "differs",
                $"labels show {string.Join(", ", labels.Order())}; zpool lists {string.Join(", ", zpool.Order())}", [evidence]);
    }
}
