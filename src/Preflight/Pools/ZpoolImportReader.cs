using System.Globalization;

namespace AslRescue.Preflight.Pools;

/// <summary>A pool as `zpool import` lists it: the second witness, for a scan by hand.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Guid">Its guid.</param>
/// <param name="State">"ONLINE", "DEGRADED", "FAULTED", "UNAVAIL".</param>
/// <param name="IsForeign">Whether zpool says that another system used it last.</param>
/// <param name="IsDestroyed">Whether it was destroyed.</param>
public sealed record ImportablePool(string Name, ulong Guid, string State, bool IsForeign, bool IsDestroyed);

/// <summary>Reads the list of `zpool import`, which has no form for programs in any version.</summary>
public static class ZpoolImportReader
{
    /// <summary>The pools; empty when it lists none or prints something else.</summary>
    public static IReadOnlyList<ImportablePool> Read(string text)
    {
        var pools = new List<ImportablePool>();
        foreach (var line in text.Split('\n'))
        {
            var trimmed = line.Trim();
            if (trimmed.StartsWith("pool: ", StringComparison.Ordinal))
            {
                pools.Add(new ImportablePool(trimmed["pool: ".Length..].Trim(), 0, "", false, false));
            }
            else if (pools.Count > 0)
            {
                pools[^1] = With(pools[^1], trimmed);
            }
        }

        return [.. pools.Where(pool => pool.Guid != 0)];
    }

    private static ImportablePool With(ImportablePool pool, string line) => line switch
    {
        _ when line.StartsWith("id: ", StringComparison.Ordinal)
            && ulong.TryParse(line.AsSpan(4).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var guid) => pool with { Guid = guid },
        _ when line.StartsWith("state: ", StringComparison.Ordinal) =>
            pool with { State = line["state: ".Length..].Split(' ')[0], IsDestroyed = line.Contains("(DESTROYED)", StringComparison.Ordinal) },
        _ when line.Contains("last accessed by another system", StringComparison.Ordinal) => pool with { IsForeign = true },
        _ => pool,
    };
}
