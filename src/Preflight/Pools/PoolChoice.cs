using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Which of the pools could be meant as the backend. A pool that the configuration names is meant. Otherwise only pools that were
/// released by their owner compete: one that was in use when its system died is most likely what is to be rescued. One that another system
/// uses at this very moment is never meant.
/// </summary>
/// <param name="Candidate">A value of pool.candidate.</param>
/// <param name="Pool">The pool, for named and only.</param>
/// <param name="Says">In plain words.</param>
internal sealed record PoolChoice(string Candidate, PoolSeen? Pool, string Says)
{
    public static PoolChoice Make(PoolSurvey survey, string? wanted)
    {
        var alive = survey.Pools.Where(pool => pool.State != "destroyed").ToList();
        return wanted is null ? Unnamed(alive, survey.Doubt) : Named(alive, wanted, survey.Doubt);
    }

    /// <summary>pool.state, pool.health and pool.encryption of the choice.</summary>
    public IEnumerable<Fact> Facts(IReadOnlyList<Evidence> evidence)
    {
        var otherwise = Candidate == FactDefinition.Unknown ? FactDefinition.Unknown : "none";
        yield return new Fact(FactIds.PoolCandidate, Candidate, Says, evidence);
        yield return new Fact(FactIds.PoolState, Pool?.State ?? otherwise, Pool?.DescribeState() ?? Says, []);
        yield return new Fact(FactIds.PoolHealth, Pool?.Health ?? otherwise, Pool?.DescribeHealth() ?? Says, []);
        yield return Pool is null
            ? new Fact(FactIds.PoolEncryption, otherwise, Says, [])
            : new Fact(
                FactIds.PoolEncryption, Pool.MayBeEncrypted ? "yes" : "no",
                Pool.MayBeEncrypted ? "the feature is active: datasets may be encrypted" : "the feature was never used", []);
    }

    private static PoolChoice Named(List<PoolSeen> alive, string wanted, string? doubt) =>
        (alive.Where(pool => pool.IsCalled(wanted)).ToList(), doubt) switch
        {
            // Importing it would destroy it: no approval can make it a candidate.
            ([{ InUse: not null } one], _) => new("none", null, $"pool {one.Name} (guid {one.Guid}) is {one.DescribeState()}"),

            // A guid is one pool whatever else may be hidden; a name could be borne by two.
            ([var one], null) => new("named", one, one.Describe()),
            ([var one], _) when one.Name != wanted => new("named", one, one.Describe()),
            ([], null) => new("none", null, $"no disk holds {wanted}"),
            ({ Count: >= 2 } many, _) => new("several", null, $"{many.Count} pools are called {wanted}: name one by its guid"),
            (_, var why) => new(FactDefinition.Unknown, null, why!),
        };

    private static PoolChoice Unnamed(List<PoolSeen> alive, string? doubt)
    {
        var released = alive.Where(pool => pool.State is "exported" or "imported").ToList();
        var others = alive.Except(released).ToList();
        return (released, others, doubt) switch
        {
            ({ Count: >= 2 }, _, _) => new("several", null, "released pools: " + Names(released)),
            (_, _, { } why) => new(FactDefinition.Unknown, null, why),
            ([var one], _, _) => new("only", one, one.Describe()),
            ([], [var one], _) => new("only", one, one.Describe()),
            ([], [], _) => new("none", null, "no disk holds a pool"),
            _ => new("none", null, "none of the pools was released by its owner: " + Names(others)),
        };
    }

    private static string Names(IEnumerable<PoolSeen> pools) => string.Join(", ", pools.Select(pool => $"{pool.Name} ({pool.Guid})"));
}
