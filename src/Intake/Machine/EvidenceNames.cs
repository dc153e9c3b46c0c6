namespace AslRescue.Intake.Machine;

/// <summary>
/// The kinds of evidence that a clause can require. Each is a document whose bytes stand in the journal; a transition names it by
/// its SHA-256.
/// </summary>
public static class EvidenceNames
{
    /// <summary>The bytes of /run/asl/preflight.json, or the operator's command that stands in for it.</summary>
    public const string Decision = "decision";

    /// <summary>What approval is asked for.</summary>
    public const string Request = "request";

    /// <summary>Who approved which request, when and from where.</summary>
    public const string Approval = "approval";

    /// <summary>What the backend was found to be once attached.</summary>
    public const string Attach = "attach";

    /// <summary>Name and counts of the sealed snapshot.</summary>
    public const string Seal = "seal";

    /// <summary>The error as it was reported.</summary>
    public const string Failure = "failure";

    /// <summary>Who denied which request.</summary>
    public const string Denial = "denial";

    /// <summary>Who cancelled the run.</summary>
    public const string Cancellation = "cancellation";

    /// <summary>Which source was added, and by whom.</summary>
    public const string Source = "source";

    /// <summary>Every name that a clause may use.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Decision, Request, Approval, Attach, Seal, Failure, Denial, Cancellation, Source];

    /// <summary>The bytes of rules/intake.toml. In every journal, so no clause needs to ask for it.</summary>
    public const string Contract = "contract";

    /// <summary>The bytes of rules/preflight.toml as they were when the decision was taken up.</summary>
    public const string Table = "table";

    /// <summary>Which disks lie under the sources, and what is doubtful about them. Before each attach, so no clause needs to ask for it.</summary>
    public const string Guard = "guard";

    /// <summary>The write counters of the machine's disks: when the run begins, before it reads and before it seals.</summary>
    public const string Disks = Shared.Devices.DiskCounts.EvidenceName;
}

/// <summary>A piece of evidence as a transition names it.</summary>
public readonly record struct EvidenceReference(string Name, Shared.Digest Digest)
{
    /// <summary>"approval:3f9a…", the form in journals.</summary>
    public override string ToString() => $"{Name}:{Digest}";

    /// <summary>Reads that form.</summary>
    public static bool TryParse(string text, out EvidenceReference reference)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        reference = default;
        if (colon <= 0 || !Shared.Digest.TryParse(text.AsSpan(colon + 1), out var digest))
        {
            return false;
        }

        reference = new EvidenceReference(text[..colon], digest);
        return true;
    }
}
