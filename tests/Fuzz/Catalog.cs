using AslRescue.Fuzz.Targets;

namespace AslRescue.Fuzz;

/// <summary>Every parser of bytes that we did not write; docs/fuzzing.md lists them.</summary>
internal static class Catalog
{
    internal static IReadOnlyList<FuzzTarget> All { get; } =
        [.. StoreTargets.All, .. LogTargets.All, .. RemoteTargets.All, .. IntakeTargets.All, .. ConfigurationTargets.All, .. MachineTargets.All, .. AuditTargets.All];

    internal static FuzzTarget? Find(string name) => All.Concat(BrokenTargets.All).FirstOrDefault(target => target.Name == name);

    /// <summary>The folder of a target's inputs in the checkout.</summary>
    internal static string CorpusOf(FuzzTarget target) => Path.Combine(Fixtures.Root, "tests/Fuzz/corpus", target.Name);
}
