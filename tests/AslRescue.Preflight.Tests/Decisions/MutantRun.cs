using System.Globalization;
using System.Text;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Tests.Explanations;
using AslRescue.Preflight.Toml;

namespace AslRescue.Preflight.Tests.Decisions;

/// <summary>What finds a mutant.</summary>
internal enum Fate
{
    /// <summary>The proof: the table would not be used.</summary>
    Proof,

    /// <summary>A recorded machine, whose folder expects another decision.</summary>
    Machine,

    /// <summary>Nothing, as there is nothing to find: mode and approval are the same in every world.</summary>
    Equivalent,

    /// <summary>Nothing.</summary>
    Survives,
}

/// <summary>Every mutant, held against the proof, then the recorded machines, then the shipped table itself.</summary>
internal static class MutantRun
{
    private static readonly Lazy<Task<IReadOnlyList<(Mutant Mutant, Fate Fate)>>> Done = new(RunAsync);

    public static Task<IReadOnlyList<(Mutant Mutant, Fate Fate)>> ResultsAsync() => Done.Value;

    /// <summary>The counts for docs/decision-table.md, and what there is to explain.</summary>
    public static async Task<string> ReportAsync()
    {
        var results = await ResultsAsync();
        var text = new StringBuilder("| change | mutants | found by the proof | found by a recorded machine | the same in every world | not found |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var kind in Mutant.Kinds.Append("all"))
        {
            var fates = results.Where(result => kind == "all" || result.Mutant.Kind == kind).Select(result => result.Fate).ToList();
            text.Append(CultureInfo.InvariantCulture, $"| {kind} | {fates.Count} | ");
            text.AppendJoin(" | ", Enum.GetValues<Fate>().Select(fate => fates.Count(one => one == fate))).Append(" |\n");
        }

        foreach (var (mutant, fate) in results.Where(result => result.Fate is Fate.Equivalent or Fate.Survives))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n- {(fate == Fate.Equivalent ? "the same in every world" : "NOT FOUND")}: {mutant}");
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static async Task<IReadOnlyList<(Mutant, Fate)>> RunAsync()
    {
        var machines = (await RecordedMachines.AllAsync())
            .Select(machine => (machine.Record.Facts, Expected: TomlSections.Parse(File.ReadAllText(
                Path.Combine(Repository.Tests, "machines", machine.Name, "expect.toml"))).Sections[0]))
            .ToList();
        return [.. Mutant.All().AsParallel().AsOrdered().Select(mutant => (mutant, Find(TableText.Prove(mutant.Text), machines)))];
    }

    private static Fate Find(TableVerdict verdict, List<(IReadOnlyList<Fact> Facts, TomlSection Expected)> machines) =>
        verdict.Rules is not { } rules ? Fate.Proof
        : machines.Exists(machine => !IsExpected(new DecisionMaker(new MaskEvaluator()).Decide(rules, machine.Facts), machine.Expected)) ? Fate.Machine
        : IsSameEverywhere(rules.File, RecordedMachines.Rules.File) ? Fate.Equivalent
        : Fate.Survives;

    /// <summary>The comparison of MachineTests, without the facts.</summary>
    private static bool IsExpected(Decision decision, TomlSection expected) =>
        Agrees("mode", decision.Mode, expected) && Agrees("needs", decision.Approval.ToString().ToLowerInvariant(), expected)
        && Agrees("row", decision.Row, expected) && Agrees("local-row", decision.LocalRow, expected);

    private static bool Agrees(string key, string? actual, TomlSection expected) => expected.Text(key) is not { } wanted || wanted == actual;

    /// <summary>
    /// Whether two proved files decide alike: wherever a pair of rows of one meets a pair of the other, they say the same. The pairs of
    /// a proved file cover every world, so no world is left out.
    /// </summary>
    private static bool IsSameEverywhere(RuleFile one, RuleFile other) => !(
        from a in Pairs(one)
        from b in Pairs(other)
        where a.Mode.Outcome != b.Mode.Outcome && Cube.Meets(a.Local.Cells, b.Local.Cells) && Meets(one.Mode, a.Mode, b.Mode)
        select a).Any();

    private static IEnumerable<(Row Local, Row Mode)> Pairs(RuleFile file)
    {
        var backend = file.Mode.Inputs.ToList().IndexOf(FactCatalog.LocalBackend);
        return from local in file.Local.Rows
               from mode in file.Mode.Rows
               where (mode.Cells[backend] & (1u << FactCatalog.LocalBackend.IndexOf(local.Outcome.Value))) != 0
               select (local, mode);
    }

    /// <summary>Without local.backend, which each pair has from its own row of `local`.</summary>
    private static bool Meets(RuleTable table, Row one, Row other) => Enumerable.Range(0, table.Inputs.Count)
        .All(i => table.Inputs[i] == FactCatalog.LocalBackend || (one.Cells[i] & other.Cells[i]) != 0);
}
