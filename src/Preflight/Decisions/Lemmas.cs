using System.Collections.Frozen;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// The sentences that hold for every table that is ever used. They are code and not data: a file may add sentences, but it cannot
/// remove one. L2, on `unknown`, compares rows with each other and is in <see cref="UnknownLemma"/>.
/// </summary>
public static class Lemmas
{
    private const string Local = "local";
    private const string Remote = "remote";
    private const string Wait = "wait";

    /// <summary>The worlds in which a pool would have to be imported.</summary>
    private static readonly (string, string[])[] NotMounted =
        [(FactIds.LocalKind, ["zfs"]), (FactIds.LocalMount, ["none", "other", FactDefinition.Unknown])];

    /// <summary>All built-in sentences but L2.</summary>
    public static IReadOnlyList<Lemma> BuiltIn { get; } =
    [
        Mode(
            "L1.1", "Whatever is used is approved, by configuration or by the operator; waiting needs no approval.",
            outcome => outcome.Value == Wait == (outcome.Approval == Approval.None)),
        Mode(
            "L1.2", "A local backend counts as approved only where trusted configuration names it.",
            outcome => outcome is not { Value: Local, Approval: Approval.Config },
            (FactIds.ApprovalLocal, ["none", FactDefinition.Unknown])),
        Mode(
            "L1.3", "An endpoint counts as approved only where trusted configuration says so.",
            outcome => outcome is not { Value: Remote, Approval: Approval.Config },
            (FactIds.ApprovalRemote, ["none"])),
        Mode(
            "L1.4", "A backend that a person has to confirm is never used on the word of the configuration alone.",
            outcome => outcome is not { Value: Local, Approval: Approval.Config },
            (FactIds.LocalBackend, ["confirm"])),
        Table(
            "L1.5", "A pool that its last owner did not export is only used after a person has confirmed it.",
            outcome => outcome.Value is not ("ready" or "import"),
            [.. NotMounted, (FactIds.PoolState, ["foreign"])]),
        Table(
            "L1.6", "A degraded pool is only used after a person has confirmed it.",
            outcome => outcome.Value is not ("ready" or "import"),
            [.. NotMounted, (FactIds.PoolHealth, ["degraded"])]),
        Table(
            "L1.7", "A foreign pool that nobody named is not offered: it is most likely the crashed system's own.",
            outcome => outcome.Value is "none" or FactDefinition.Unknown,
            [.. NotMounted, (FactIds.PoolCandidate, ["only"]), (FactIds.PoolState, ["foreign"])]),
        Mode(
            "L3.1", "mode = local never becomes remote.", outcome => outcome.Value != Remote, (FactIds.ConfigMode, [Local])),
        Mode(
            "L3.2", "mode = remote never becomes local.", outcome => outcome.Value != Local, (FactIds.ConfigMode, [Remote])),
        Mode(
            "L3.3", "A configuration that cannot be read leads to nothing but waiting.", outcome => outcome.Value == Wait,
            (FactIds.ConfigMode, [FactDefinition.Unknown])),
        Mode(
            "L4.1", "Local needs one backend that is there.", outcome => outcome.Value != Local,
            (FactIds.LocalBackend, ["several", "none", FactDefinition.Unknown])),
        Mode(
            "L4.2", "Remote needs an endpoint.", outcome => outcome.Value != Remote,
            (FactIds.ConfigMode, [Remote]), (FactIds.RemoteEndpoint, ["unset", FactDefinition.Unknown])),
        Mode(
            "L4.3", "Without an order, remote needs an endpoint that answers.", outcome => outcome.Value != Remote,
            (FactIds.ConfigMode, ["auto"]), (FactIds.RemoteAnswer, Except(FactIds.RemoteAnswer, "answers"))),
        .. ImportNeeds(FactIds.ZfsTools, "L4.4", "the tools", "yes"),
        .. ImportNeeds(FactIds.ZfsModule, "L4.5", "a module that fits the kernel", "loaded", "loadable"),
        .. ImportNeeds(FactIds.PoolCandidate, "L4.6", "one pool", "named", "only"),
        .. ImportNeeds(FactIds.PoolState, "L4.7", "a pool whose state is known", "exported", "imported", "foreign"),
        .. ImportNeeds(FactIds.PoolHealth, "L4.8", "enough of its devices", "complete", "degraded"),
        Table(
            "L4.9", "A ZFS backend is ready only when the right dataset is mounted.", outcome => outcome.Value != "ready",
            NotMounted),
        Table(
            "L4.10", "A directory is never imported.", outcome => outcome.Value != "import", (FactIds.LocalKind, ["directory"])),
        Table(
            "L4.11", "A directory is used only when it is there, and without asking only when it outlasts a power-off.",
            outcome => outcome.Value is not "ready",
            (FactIds.LocalKind, ["directory"]), (FactIds.LocalDirectory, Except(FactIds.LocalDirectory, "usable"))),
        Table(
            "L4.12", "A directory that is not there cannot be confirmed either.", outcome => outcome.Value is not "confirm",
            (FactIds.LocalKind, ["directory"]),
            (FactIds.LocalDirectory, Except(FactIds.LocalDirectory, "usable", "volatile"))),
    ];

    private static IEnumerable<Lemma> ImportNeeds(string fact, string id, string what, params string[] good) =>
    [
        Table(
            id, $"An import needs {what}: nothing is presumed.", outcome => outcome.Value is not ("import" or "confirm"),
            [.. NotMounted, (fact, Except(fact, good))]),
    ];

    private static string[] Except(string fact, params string[] values) => [.. FactCatalog.Find(fact)!.Values.Except(values)];

    private static Lemma Mode(string id, string sentence, Func<RowOutcome, bool> allows, params (string, string[])[] when) =>
        new(id, sentence, "mode", Worlds(when), allows);

    private static Lemma Table(string id, string sentence, Func<RowOutcome, bool> allows, params (string, string[])[] when) =>
        new(id, sentence, Local, Worlds(when), allows);

    private static FrozenDictionary<string, IReadOnlyList<string>> Worlds((string Fact, string[] Values)[] when) =>
        when.ToFrozenDictionary(pair => pair.Fact, pair => (IReadOnlyList<string>)pair.Values);
}
