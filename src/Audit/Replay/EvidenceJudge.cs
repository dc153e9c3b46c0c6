using System.Text.Json;
using AslRescue.Audit.Journals;

namespace AslRescue.Audit.Replay;

/// <summary>
/// Whether the documents that a transition names are about what happens: the request that stands, this run, this boot, this backend. An approval
/// that fits anything else was replayed.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="documents">Those of the journal, up to where the replay is.</param>
internal sealed class EvidenceJudge(string run, EvidenceDocuments documents)
{
    private static readonly string[] Approvers = ["operator", "command", "configuration", "carried"];
    private DecisionReplay? _decision;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private EvidenceDocument? _standing;
    private RecordLine? _askedBy;

    /// <summary>Why these documents do not let a transition happen; null when they do.</summary>
    public (FindingKind Kind, string Why)? WhyNot(RecordLine record, string trigger, string to, IReadOnlyList<EvidenceDocument> named)
    {
        try
        {
            foreach (var document in named)
            {
                if (WhyNot(record, trigger, to, document) is { } why)
                {
                    return why;
                }
            }

            return trigger == "decided" ? WhyOtherDecision(named) : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return (FindingKind.Malformed, $"a document that it names cannot be read: {malformed.Message}");
        }
    }

    /// <summary>Takes in which decision stands.</summary>
    public void Decided(DecisionReplay decision) => _decision = decision;

    /// <summary>Why a request is not one that a decision leads to; null when it is.</summary>
    public string? WhyNotOf(DecisionReplay decision, EvidenceDocument document)
    {
        try
        {
            var request = Json.Parse(document.Bytes);
            var kind = Json.Text(request, "kind");
            return decision.IsCommand || decision.Findings.Count > 0 ? null
                : decision.Mode is not ("local" or "remote") ? $"the decision is to {Text.Readable(decision.Mode)}, and a backend was asked for"
                : (decision.Mode == "remote") != (kind == "remote") ? $"the decision is {decision.Mode}, and the request is for a backend of kind {Text.Readable(kind ?? "")}"
                : kind == "local-zfs" && Json.Text(Json.Inner(request, "pool"), "guid") != decision.PoolGuid ? "the request is for another pool than the decision"
                : null;
        }
        catch (JsonException)
        {
            return "the request cannot be read";
        }
    }

    /// <summary>Takes in that a transition happened, rightly or not.</summary>
    public void Happened(RecordLine record, string to, IReadOnlyList<EvidenceDocument> named)
    {
        if (to == Demands.AwaitingApproval && named.FirstOrDefault(document => document.Name == "request") is { } request)
        {
            (_standing, _askedBy) = (request, record);
            _asked.Add(request.Digest);
        }
    }

    /// <summary>Which snapshot and root a seal document names; null when it is none.</summary>
    public (string Snapshot, string Root)? SealOf(EvidenceDocument document)
    {
        try
        {
            var seal = Json.Parse(document.Bytes);
            return (Json.Text(seal, "snapshot") ?? "", Json.Text(seal, "root") ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private (FindingKind, string)? WhyNot(RecordLine record, string trigger, string to, EvidenceDocument document) => document.Name switch
    {
        "request" when to == Demands.AwaitingApproval => WhyNotAskable(document),
        "request" => document.Digest == _standing?.Digest ? null
            : (FindingKind.Replayed, $"the request is {Sha.Short(document.Digest)}; what stands is {Sha.Short(_standing?.Digest)}"),
        "approval" => WhyNotApproved(record, to, document),
        "denial" => Json.Text(Json.Parse(document.Bytes), "request") == _standing?.Digest ? null : (FindingKind.Replayed, "the denial is of another request"),
        "attach" => WhyOtherBackend(Json.Parse(document.Bytes)),
        "seal" when trigger == "sealed" => SealOf(document) is var (snapshot, root) && Sha.IsOne(snapshot) && Sha.IsOne(root) ? null
            : (FindingKind.Malformed, "the seal names no snapshot and root"),
        _ => null,
    };

    private (FindingKind, string)? WhyNotAskable(EvidenceDocument request)
    {
        var own = Json.Text(Json.Parse(request.Bytes), "run");
        return own != run ? (FindingKind.Foreign, $"the request belongs to run {Text.Readable(own ?? "")}")
            : _asked.Contains(request.Digest) ? (FindingKind.Replayed, $"request {Sha.Short(request.Digest)} was asked about before")
            : null;
    }

    private (FindingKind, string)? WhyNotApproved(RecordLine record, string to, EvidenceDocument document)
    {
        var approval = Json.Parse(document.Bytes);
        if (_standing is null)
        {
            return (FindingKind.Replayed, "nothing was asked that could be approved");
        }

        if (Json.Text(approval, "request") is var request && request != _standing.Digest)
        {
            return (FindingKind.Replayed, $"the approval is for request {Sha.Short(request)}; what stands is {Sha.Short(_standing.Digest)}");
        }

        if (Json.Text(approval, "boot") is var boot && boot != record.Boot)
        {
            return (FindingKind.Replayed, $"the approval was given in boot {Text.Readable(boot ?? "")}, and used in boot {record.Boot}");
        }

        if (document.Record.Sequence < _askedBy!.Sequence)
        {
            return (FindingKind.Replayed, $"the approval stands in record {document.Record.Sequence}, before its request was asked about in record {_askedBy.Sequence}");
        }

        if (!long.TryParse(Json.Text(approval, "monotonic"), out var given) || given > record.Monotonic)
        {
            return (FindingKind.Replayed, "the approval was given after it was used, by the monotonic clock of this boot");
        }

        var by = Json.Text(approval, "by");
        return !Approvers.Contains(by, StringComparer.Ordinal) ? (FindingKind.Malformed, $"nobody approves as '{Text.Readable(by ?? "")}'")
            : WhyOtherKind(to) ?? WhyNotByConfiguration(approval) ?? (by == "carried" ? WhyNotCarried(approval) : null);
    }

    private (FindingKind, string)? WhyOtherKind(string to)
    {
        var isRemote = Json.Text(Json.Parse(_standing!.Bytes), "kind") == "remote";
        return (to == Demands.AttachingRemote && !isRemote) || (to == Demands.AttachingLocal && isRemote)
            ? (FindingKind.Replayed, $"the approval is for a {(isRemote ? "remote" : "local")} backend, which {to} is not") : null;
    }

    private (FindingKind, string)? WhyNotByConfiguration(JsonElement approval)
    {
        if (Json.Text(approval, "by") != "configuration")
        {
            return null;
        }

        var request = Json.Parse(_standing!.Bytes);
        return Json.Text(request, "isTrusted") != "true" ? (FindingKind.Forbidden, "the configuration approved a request that does not all come from trusted origins")
            : _decision is { IsCommand: false, Approval: not "config" } && Json.Text(request, "force") != "true" ? (FindingKind.Forbidden, "the configuration approved what the table leaves to a person")
            : null;
    }

    /// <summary>The approval that it was carried from stands in the journal of the run that had it, which is kept in this one.</summary>
    private (FindingKind, string)? WhyNotCarried(JsonElement approval)
    {
        var because = Json.Text(approval, "because") ?? "";
        return documents.All.Where(document => document.Name.StartsWith("journal-", StringComparison.Ordinal) && because.Contains(document.Name["journal-".Length..], StringComparison.Ordinal))
            .Any(document => because.Split(' ') is [_, var request, ..] && Sha.IsOne(request) && document.Bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(request)) >= 0)
                ? null : (FindingKind.Unproved, "the approval that it was carried from does not stand in a journal that is kept here");
    }

    private (FindingKind, string)? WhyOtherBackend(JsonElement attach)
    {
        if (_standing is null)
        {
            return (FindingKind.Forbidden, "a backend was attached, and nothing was asked about");
        }

        var request = Json.Parse(_standing.Bytes);
        var (kind, place) = (Json.Text(attach, "kind"), Json.Text(attach, "location"));
        var isOne = kind == Json.Text(request, "kind") && kind switch
        {
            "local-directory" => place == Json.Text(request, "directory"),
            "local-zfs" => place == Json.Text(request, "mount") && Json.Text(attach, "dataset") == Json.Text(request, "dataset")
                && Json.Text(attach, "poolGuid") == Json.Text(Json.Inner(request, "pool"), "guid"),
            "remote" => place == Json.Text(request, "endpoint"),
            _ => false,
        };
        return isOne ? null : (FindingKind.Forbidden, $"what was attached, {Text.Readable(kind ?? "")} at {Text.Readable(place ?? "")}, is not what was asked about");
    }

    private static (FindingKind, string)? WhyOtherDecision(IReadOnlyList<EvidenceDocument> named)
    {
        var (decision, request) = (named.FirstOrDefault(one => one.Name == "decision"), named.FirstOrDefault(one => one.Name == "request"));
        return decision is not null && request is not null && Json.Text(Json.Parse(request.Bytes), "decision") != decision.Digest
            ? (FindingKind.Contradicted, "the request was made from another decision") : null;
    }
}
