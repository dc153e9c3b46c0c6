using AslRescue.Audit.Journals;

namespace AslRescue.Audit.Replay;

/// <summary>A transition of a journal, gone through once more.</summary>
/// <param name="Record">Its record.</param>
/// <param name="From">As recorded.</param>
/// <param name="Trigger">As recorded.</param>
/// <param name="To">As recorded.</param>
/// <param name="Clause">As recorded.</param>
/// <param name="Reason">As recorded.</param>
/// <param name="Evidence">The documents that it names.</param>
/// <param name="Finding">Why it must not have happened; null when it may.</param>
public sealed record ReplayedTransition(
    RecordLine Record, string From, string Trigger, string To, string Clause, string Reason, IReadOnlyList<EvidenceDocument> Evidence, Finding? Finding);
