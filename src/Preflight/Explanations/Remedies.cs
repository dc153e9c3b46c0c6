using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// A remedy for each value of each fact: how an operator changes the fact to it, or that nobody can. A test holds the list
/// against the catalog. Changes that would only do damage (pull a cable, take a disk out) are not offered.
/// </summary>
internal static class Remedies
{
    private const string Unseen = "a look that failed cannot be ordered";
    private static readonly string[] ByConfiguration =
    [
        FactIds.ConfigMode, FactIds.ConfigSources, FactIds.LocalKind, FactIds.RemoteEndpoint, FactIds.ApprovalLocal, FactIds.ApprovalRemote,
    ];

    /// <summary>All that are written down.</summary>
    public static IReadOnlyList<Remedy> All { get; } = [.. ConfigurationRemedies.All, .. BackendRemedies.All, .. NetworkRemedies.All];

    /// <summary>The remedy that leads from one value to another.</summary>
    public static Remedy Of(string fact, string from, string to) => (from, to) switch
    {
        (_, FactDefinition.Unknown) => new Remedy(fact, to, Effort.Never, Unseen),
        (FactDefinition.Unknown, _) when ByConfiguration.Contains(fact) =>
            Find(fact, from, to) with { How = "correct the configuration (asl-admin config says what is wrong), and say so there" },
        (FactDefinition.Unknown, _) => new Remedy(
            fact, to, Effort.Never, "nobody knows what it is: remove the cause, let preflight look again, and see what it finds"),
        _ => Find(fact, from, to),
    };

    private static Remedy Find(string fact, string from, string to)
    {
        var fitting = All.Where(remedy => remedy.Fact == fact && remedy.To == to).ToList();
        return fitting.Find(remedy => remedy.From == from) ?? fitting.Find(remedy => remedy.From is null)
            ?? throw new InvalidOperationException($"there is no remedy for {fact} = {to}");
    }

    internal static Remedy Line(string fact, string to, string key, string value) =>
        new(fact, to, Effort.Configuration, "") { Key = key, Value = value };

    internal static Remedy TakeOut(string fact, string to, string key) => new(fact, to, Effort.Configuration, "") { Key = key };

    internal static Remedy Never(string fact, string to, string why) => new(fact, to, Effort.Never, why);
}
