using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Explanations;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight.Tests.Explanations;

/// <summary>
/// What preflight decides on each recorded machine by the shipped table, looked at once for all tests. Machines without a proved table
/// of their own are left out: nothing was decided there.
/// </summary>
internal static class RecordedMachines
{
    private static readonly Lazy<Task<IReadOnlyList<(string Name, DecisionRecord Record)>>> Looked = new(LookAsync);

    public static ProvedRules Rules { get; } = TableProof.Prove(Repository.ShippedTable).Rules!;

    public static Task<IReadOnlyList<(string Name, DecisionRecord Record)>> AllAsync() => Looked.Value;

    /// <summary>The explanation, with what changes with every run or every edit of the table taken out.</summary>
    public static async Task<Explanation> ExplainAsync(string name)
    {
        var record = (await AllAsync()).Single(machine => machine.Name == name).Record;
        return Explainer.Explain(record, Rules) with
        {
            Table = new TableRecord("/etc/asl/rules/preflight.toml", new string('a', 64), new string('b', 64)),
        };
    }

    private static async Task<IReadOnlyList<(string, DecisionRecord)>> LookAsync()
    {
        List<(string, DecisionRecord)> machines = [];
        foreach (var name in MachineFolder.Names)
        {
            using var machine = new MachineFolder(name);
            var record = (await machine.RunAsync()).Record;
            if (record.Table.ProofDigest is not null)
            {
                Assert.Equal(Rules.ProofDigest, record.Table.ProofDigest);
                machines.Add((name, record));
            }
        }

        Assert.True(machines.Count > 100, $"only {machines.Count} machines decide");
        return machines;
    }
}
