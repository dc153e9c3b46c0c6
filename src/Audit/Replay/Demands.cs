namespace AslRescue.Audit.Replay;

/// <summary>
/// What any contract must demand, written down here a second time from docs/machine.md, so that a contract that was weakened before a run began does
/// not make the run right.
/// </summary>
internal static class Demands
{
    public const string Initial = "Detecting";
    public const string Halted = "Halted";
    public const string Sealed = "Sealed";
    public const string AwaitingApproval = "AwaitingApproval";
    public const string AttachingLocal = "AttachingLocal";
    public const string AttachingRemote = "AttachingRemote";
    public const string Ingesting = "Ingesting";
    public const string Violated = "violated";
    public const string HaltClause = "IN-00";

    private static readonly Dictionary<string, string[]> ByTrigger = new(StringComparer.Ordinal)
    {
        ["decided"] = ["decision", "request"],
        ["source-added"] = ["source"],
        ["redecided"] = [],
        ["approved-local"] = ["request", "approval"],
        ["approved-remote"] = ["request", "approval"],
        ["denied"] = ["denial"],
        ["expired"] = [],
        ["cancelled"] = ["cancellation"],
        ["attached"] = ["approval", "attach"],
        ["failed"] = ["failure"],
        ["gave-up"] = ["failure"],
        ["unapproved"] = ["request"],
        ["retry-local"] = ["approval", "failure"],
        ["retry-remote"] = ["approval", "failure"],
        ["exhausted"] = ["request", "failure"],
        ["sealed"] = ["approval", "attach", "seal"],
        [Violated] = [],
    };

    /// <summary>Why no contract may allow this transition, or null when one may.</summary>
    public static string? WhyNot(string from, string trigger, string to, IReadOnlyCollection<string> names)
    {
        if (!ByTrigger.TryGetValue(trigger, out var needs))
        {
            return $"there is no trigger '{Text.Readable(trigger)}'";
        }

        var missing = needs.Except(names, StringComparer.Ordinal).ToList();
        return missing.Count > 0 ? $"'{trigger}' needs {string.Join(" and ", missing)}, whatever the contract says" : (trigger, to) switch
        {
            ("approved-local" or "retry-local", not AttachingLocal) or ("approved-remote" or "retry-remote", not AttachingRemote)
                or ("attached", not Ingesting) or ("sealed", not Sealed) => $"'{trigger}' cannot lead to {to}",
            ("approved-local" or "approved-remote", _) when from != AwaitingApproval => $"nothing can be approved in {from}",
            ("retry-local" or "retry-remote", _) when from != "Retrying" => $"nothing is retried in {from}",
            ("attached", _) when from is not (AttachingLocal or AttachingRemote) => $"nothing is attached in {from}",
            ("sealed", _) when from != Ingesting => $"nothing is sealed in {from}",
            (not ("approved-local" or "approved-remote" or "retry-local" or "retry-remote"), AttachingLocal or AttachingRemote) => $"'{trigger}' cannot reach a backend",
            (not "attached", Ingesting) => $"'{trigger}' cannot begin an ingest",
            (not "sealed", Sealed) => $"'{trigger}' seals nothing",
            _ => null,
        };
    }
}
