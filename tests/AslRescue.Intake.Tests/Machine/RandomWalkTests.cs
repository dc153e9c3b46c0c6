using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Machine;

/// <summary>
/// 100,000 random walks, each with a seed of its own. ASL_WALK_SEED=N begins with another one, and ASL_WALKS=N makes more or fewer:
/// a failure prints the seed of its walk, and `ASL_WALK_SEED=that ASL_WALKS=1` walks it alone.
/// </summary>
public sealed class RandomWalkTests(ITestOutputHelper output)
{
    private const int WalksDefault = 100_000;
    private const int SeedDefault = 20_261_123;
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void A_hundred_thousand_random_walks_reach_no_violation_and_leave_a_record_of_every_step_and_refusal()
    {
        var (seed, walks) = (Number("ASL_WALK_SEED", SeedDefault), Number("ASL_WALKS", WalksDefault));
        output.WriteLine($"{walks} walks from seed {seed}; another one: ASL_WALK_SEED=N");
        ConcurrentDictionary<string, long> counts = new();
        Parallel.For(0, walks, new() { MaxDegreeOfParallelism = 1 + (Environment.ProcessorCount / 4) }, index => // Others wait for the pool's threads beside it.
        {
            try
            {
                Check(seed + index, counts);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"the walk with seed {seed + index} fails: {failure.Message}", failure);
            }
        });

        output.WriteLine(string.Join(", ", counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}")));
        if (walks >= WalksDefault)
        {
            // Walks that get nowhere would prove nothing.
            Assert.All(ContractText.Rows, row => Assert.True(counts.GetValueOrDefault(row.Id) > 50, $"{row.Id} was taken {counts.GetValueOrDefault(row.Id)} times"));
            Assert.True(counts["refused guard-failed"] > walks && counts["refused no-such-transition"] > walks / 2);
        }
    }

    private static void Check(int seed, ConcurrentDictionary<string, long> counts)
    {
        var walk = new Walk(Shipped, seed);
        walk.Go();
        var audit = new WalkAudit("run", GateBench.Expiry);
        audit.Read(walk.Lines);

        Assert.Equal(walk.State.ToString(), audit.State);
        Assert.Equal(walk.State, walk.Lines.Count == 0 ? IntakeStates.Initial : walk.Replayed().State);
        Assert.Equal(walk.Accepted + walk.Halts, audit.Transitions);
        Assert.Equal(walk.Refused, audit.Refusals.Values.Sum());
        foreach (var (clause, times) in audit.Clauses.Concat(audit.Refusals.Select(pair => KeyValuePair.Create("refused " + pair.Key, pair.Value))))
        {
            counts.AddOrUpdate(clause, times, (_, before) => before + times);
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
