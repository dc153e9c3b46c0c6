using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Tests.Pools;

/// <summary>Which pools are watched, and what is recorded of it.</summary>
public sealed class PoolWatchTests
{
    [Fact]
    public async Task A_pool_that_another_system_uses_is_recorded_as_such()
    {
        using var machine = new MachineFolder("pool-in-use-elsewhere");
        var result = await machine.RunAsync();
        var pool = Assert.Single(result.Record.Pools);
        Assert.Equal("foreign", pool.State);
        Assert.Contains("from txg 4 to 14", pool.InUse, StringComparison.Ordinal);
        Assert.Contains("in use by another system right now", result.Record.Facts.Single(fact => fact.Id == FactIds.PoolCandidate).Says, StringComparison.Ordinal);
        Assert.Contains(Watched(result), evidence => evidence.Lines.Count == 2);
    }

    [Fact]
    public async Task A_pool_that_stands_still_stays_a_candidate()
    {
        using var machine = new MachineFolder("pool-left-by-a-crash");
        var result = await machine.RunAsync();
        Assert.Null(Assert.Single(result.Record.Pools).InUse);
        Assert.Single(Assert.Single(Watched(result)).Lines);
    }

    [Fact]
    public async Task A_pool_that_cannot_be_watched_stays_what_it_was()
    {
        using var machine = new MachineFolder("foreign-approved-by-guid-and-owner");
        Assert.NotNull(Assert.Single(Watched(await machine.RunAsync())).Cause);
    }

    [Theory]
    [InlineData("pool-exported")]
    [InlineData("crashed-pool")]
    [InlineData("two-exported-pools")]
    [InlineData("bare-no-network")]
    [InlineData("pool-imported")]
    public async Task No_time_is_spent_where_no_pool_in_use_is_named(string name)
    {
        using var machine = new MachineFolder(name);
        Assert.Empty(Watched(await machine.RunAsync()));
    }

    private static IEnumerable<Evidence> Watched(PreflightResult result) => result.Record.Facts.SelectMany(fact => fact.Evidence)
        .Where(evidence => evidence.Looked.StartsWith("watched", StringComparison.Ordinal));
}
