using System.Globalization;
using System.Text.Json;
using AslRescue.Audit.Disks;
using AslRescue.Audit.Journals;
using AslRescue.Audit.Notes;
using AslRescue.Audit.Replay;
using AslRescue.Audit.Seals;

namespace AslRescue.Audit;

/// <summary>What vouches for a beginning of a journal.</summary>
/// <param name="UpTo">The last record that it covers.</param>
/// <param name="Says">For people: "seal 3, hash 77c1…".</param>
/// <param name="IsTrusted">Whether something that the auditor brought stands behind it: a key, or a seal's hash that was noted down.</param>
public sealed record Anchor(long UpTo, string Says, bool IsTrusted);

/// <summary>What an auditor has from elsewhere, and measures the evidence by.</summary>
/// <param name="Keys">Keys that may vouch for a journal or a snapshot.</param>
/// <param name="Seals">Hashes of seals that were noted down when they were made.</param>
public sealed record AuditTrust(IReadOnlyList<AuditKey> Keys, IReadOnlyList<string> Seals)
{
    /// <summary>Nothing: then a verdict is relative to what lies in the files themselves.</summary>
    public static AuditTrust None { get; } = new([], []);
}

/// <summary>How far a run's journal can be relied on.</summary>
public enum Standing
{
    /// <summary>Nothing is wrong, and an anchor vouches for it; all records are covered.</summary>
    Holds,

    /// <summary>Nothing is wrong with what is here, but nothing vouches for it, or for its end.</summary>
    Unanchored,

    /// <summary>Something does not hold.</summary>
    Broken,
}

/// <summary>
/// The verdict on one run: its journal's copies put together, held against each other, against the seal and the snapshot, and against checkpoints.
/// </summary>
public sealed class RunAudit
{
    private readonly EvidenceBundle _bundle;
    private readonly AuditTrust _trust;
    private readonly SortedDictionary<long, RecordLine> _bySequence = [];
    private readonly List<Finding> _findings = [];
    private readonly List<Anchor> _anchors = [];
    private readonly List<string> _remarks = [];

    private RunAudit(EvidenceBundle bundle, string run, AuditTrust trust) => (_bundle, Run, _trust) = (bundle, run, trust);

    /// <summary>The run.</summary>
    public string Run { get; }

    /// <summary>Its domain, where the evidence tells it.</summary>
    public string? Domain { get; private set; }

    /// <summary>All records that are here, in order; without what is damaged.</summary>
    public IReadOnlyList<RecordLine> Records { get; private set; } = [];

    /// <summary>Whether records 1 to the last are all here.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The documents.</summary>
    public EvidenceDocuments Documents { get; private set; } = new();

    /// <summary>The write counters of the machine's disks, up to the sealing record.</summary>
    public DiskLedger Disks { get; private set; } = new();

    /// <summary>The seal, if there is one.</summary>
    public CheckedSeal? Seal { get; private set; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>What vouches for it.</summary>
    public IReadOnlyList<Anchor> Anchors => _anchors;

    /// <summary>What is worth a word and not wrong.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>The verdict.</summary>
    public Standing Standing => _findings.Any(finding => finding.Kind != FindingKind.Unreadable) ? Standing.Broken
        : _findings.Count == 0 && IsWhole && HasEnd && Covered > 0 && Vouched && Records.Where(record => record.Sequence > Covered).All(NeedsNoCover) ? Standing.Holds
        : Standing.Unanchored;

    /// <summary>
    /// The last record that a seal or a checkpoint covers; 0 for none. Where the auditor brought something to measure by, only what that vouches for counts.
    /// </summary>
    public long Covered => _anchors.Where(anchor => anchor.IsTrusted || !IsMeasured).Select(anchor => anchor.UpTo).DefaultIfEmpty(0).Max();

    /// <summary>
    /// Whether the machine itself says, behind the sealing record, that it has sealed. Where it does not, it was stopped just then and never resumed, or
    /// its last words were cut off with the checkpoint that covered them: the files cannot tell which.
    /// </summary>
    private bool HasEnd => Seal?.Content is not { } snapshot || Records.Count == 0
        || Records.Any(record => record.Sequence > snapshot.SealingSequence && record.Kind == "transition" && record.Text("to") == Demands.Sealed);

    /// <summary>Whether the auditor brought anything to measure by.</summary>
    private bool IsMeasured => _trust.Keys.Count + _trust.Seals.Count > 0 || _bundle.Notes.Any(note => note.IsBrought);

    private bool Vouched => IsMeasured ? _anchors.Any(anchor => anchor.IsTrusted) : Seal?.Content is not null && _anchors.Count > 0;

    /// <summary>
    /// What says nothing that is not known already: that the backend was given back, which comes behind the last checkpoint; and, where nobody's key is
    /// asked for, that the machine sealed what the seal names.
    /// </summary>
    private bool NeedsNoCover(RecordLine record) => record.Kind == "detached"
        || (_trust.Keys.Count == 0 && Seal?.Content is { } snapshot && record.Sequence > snapshot.SealingSequence && record.Kind switch
        {
            "transition" => record.Text("to") == Demands.Sealed && record.Text("trigger") == "sealed",
            "evidence" => record.Text("name") == "seal" && record.Text("text") is { } text && text.Contains(snapshot.Name, StringComparison.Ordinal),
            _ => false,
        });

    /// <summary>Every run that a bundle tells of, by name.</summary>
    /// <param name="bundle">The evidence.</param>
    /// <param name="trust">What the auditor brought.</param>
    public static IReadOnlyList<RunAudit> Of(EvidenceBundle bundle, AuditTrust trust) =>
    [
        .. bundle.Copies.Select(copy => copy.Run)
            .Concat(bundle.Chains.SelectMany(chain => chain.Seals).Select(seal => seal.Run))
            .Concat(bundle.Notes.Select(note => note.Run))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(run => Of(bundle, run, trust)),
    ];

    private static RunAudit Of(EvidenceBundle bundle, string run, AuditTrust trust)
    {
        var audit = new RunAudit(bundle, run, trust);
        audit.Merge();
        audit.Documents = EvidenceDocuments.Of(audit.Records);
        audit._findings.AddRange(audit.Documents.Findings);
        audit.CheckSeal();
        audit.CheckDomain();
        audit.CheckSources();
        audit.CheckDisks();
        audit.CheckNotes();
        audit.CheckEnd();
        return audit;
    }

    /// <summary>Puts the copies together; where two say different things of one record, that is a fork.</summary>
    private void Merge()
    {
        foreach (var copy in _bundle.Copies.Where(copy => copy.Run == Run))
        {
            _findings.AddRange(copy.Findings);
            _remarks.AddRange(copy.Remarks);
            foreach (var record in copy.Records.Where(record => record.Run == Run))
            {
                if (!_bySequence.TryAdd(record.Sequence, record) && _bySequence[record.Sequence].Hash != record.Hash)
                {
                    _findings.Add(new Finding(FindingKind.Forked, record.Where,
                        $"record {record.Sequence} is {Sha.Short(record.Hash)} here and {Sha.Short(_bySequence[record.Sequence].Hash)} at {_bySequence[record.Sequence].Where}"));
                }
            }
        }

        Records = [.. _bySequence.Values];
        CheckJoints();
    }

    private void CheckJoints()
    {
        var (last, hash) = (0L, Sha.Zero);
        var known = _findings.Select(finding => finding.Where).ToHashSet(StringComparer.Ordinal);
        IsWhole = true;
        foreach (var record in Records)
        {
            if (record.Sequence != last + 1)
            {
                IsWhole = false;
                _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"records {last + 1} to {record.Sequence - 1} are not here: a machine's own copy leaves out those of a long ingest"));
            }
            else if (record.Previous != hash && !known.Contains(record.Where))
            {
                _findings.Add(new Finding(FindingKind.Forked, record.Where, $"it follows {Sha.Short(record.Previous)}, and the record before it in another copy is {Sha.Short(hash)}"));
            }

            (last, hash) = (record.Sequence, record.Hash);
        }
    }

    private void CheckSeal()
    {
        var found = _bundle.Chains.SelectMany(chain => chain.Seals.Select(seal => (chain.Domain, Seal: seal))).Where(one => one.Seal.Run == Run).ToList();
        Domain = found.Count > 0 ? found[0].Domain : _bundle.DomainOf(Run);
        if (found.Count == 0)
        {
            CheckUnsealed();
            return;
        }

        Seal = found[0].Seal;
        if (found.Any(one => one.Seal.Hash != Seal.Hash))
        {
            _findings.Add(new Finding(FindingKind.Forked, Run, $"it has several seals: {string.Join(", ", found.Select(one => Sha.Short(one.Seal.Hash)).Distinct())}"));
        }

        if (Seal.Content is { } snapshot && Records.Count > 0)
        {
            CheckSealed(snapshot);
        }
    }

    private void CheckSealed(SealedSnapshot snapshot)
    {
        if (!_bySequence.TryGetValue(snapshot.SealingSequence, out var sealing) && !IsWhole)
        {
            _remarks.Add($"record {snapshot.SealingSequence}, which sealed the snapshot, is not here: a machine's own copy leaves it out");
            return;
        }

        if (sealing is null)
        {
            _findings.Add(new Finding(FindingKind.Truncated, Run, $"the snapshot names record {snapshot.SealingSequence} as the one that sealed it, and it is not here"));
            return;
        }

        if (sealing.Hash != snapshot.SealingHash || sealing.Kind != "sealing")
        {
            _findings.Add(new Finding(FindingKind.Forked, sealing.Where, $"the snapshot was sealed by record {Sha.Short(snapshot.SealingHash)}, this one is {Sha.Short(sealing.Hash)}, of kind {sealing.Kind}"));
            return;
        }

        if (sealing.Text("root") != snapshot.Root)
        {
            _findings.Add(new Finding(FindingKind.Edited, sealing.Where, $"the record seals root {Sha.Short(sealing.Text("root"))}, the snapshot has {Sha.Short(snapshot.Root)}"));
        }

        CheckSealedDocuments(snapshot, sealing);
        var known = _trust.Keys.FirstOrDefault(key => Seal!.SignedBy.Contains(key.Hex));
        var isNoted = _trust.Seals.Contains(Seal!.Hash, StringComparer.Ordinal);
        var by = known is not null ? $", its snapshot signed by key {Sha.Short(known.Hex)}" : Seal.SignedBy.Count > 0 ? ", its snapshot signed by a key that was not given" : "";
        _anchors.Add(new Anchor(snapshot.SealingSequence,
            string.Create(CultureInfo.InvariantCulture, $"seal {Seal.Number}, hash {Seal.Hash}{(isNoted ? ", as noted" : "")}{by}"), isNoted || known is not null));
    }

    /// <summary>What was sealed is what the run began to read.</summary>
    private void CheckSources()
    {
        if (Seal?.Content is { } snapshot && Records.FirstOrDefault(record => record.Kind == "run-started") is { } start
            && !start.Texts("sources").Select(Text.Readable).SequenceEqual(snapshot.Sources.Select(source => source.Path), StringComparer.Ordinal))
        {
            _findings.Add(new Finding(FindingKind.Contradicted, start.Where, $"the run began with {string.Join(", ", start.Texts("sources").Select(Text.Readable))}, and sealed is {string.Join(", ", snapshot.Sources.Select(source => source.Path))}"));
        }
    }

    /// <summary>Counters that moved against all that was seen make the machine's own word about its seal.</summary>
    private void CheckDisks()
    {
        var end = Seal?.Content?.SealingSequence ?? long.MaxValue;
        Disks = DiskLedger.Of(Documents.All.Where(document => document.Record.Sequence < end));
        _findings.AddRange(Disks.Findings);
        if (Disks.Series.FirstOrDefault(series => series.IsAgainstExpectation) is { } written && Documents.Newest("seal") is { } seal && SaysUnwritten(seal))
        {
            _findings.Add(new Finding(FindingKind.Contradicted, seal.Record.Where,
                $"the machine says that no source was written to, and the write counter of disk {Text.Readable(written.Name)} below one moved while it was read"));
        }
    }

    private static bool SaysUnwritten(EvidenceDocument seal)
    {
        try
        {
            return Json.Text(Json.Parse(seal.Bytes), "wasWritten") == "false";
        }
        catch (JsonException)
        {
            return false; // The replay says that it cannot be read.
        }
    }

    /// <summary>The snapshot keeps the documents themselves: those of the journal up to the sealing record must be the same ones.</summary>
    private void CheckSealedDocuments(SealedSnapshot snapshot, RecordLine sealing)
    {
        var kept = snapshot.Evidence.Where(item => item.Name != "contract-proof").Select(item => Sha.Of(item.Bytes)).ToHashSet(StringComparer.Ordinal);
        var journal = Documents.All.Where(document => document.Record.Sequence < sealing.Sequence).ToList();
        foreach (var document in journal.Where(document => !kept.Contains(document.Digest)))
        {
            _findings.Add(new Finding(FindingKind.Forked, document.Record.Where, $"the {document.Name} {Sha.Short(document.Digest)} is not among the documents of the sealed snapshot"));
        }

        if (IsWhole)
        {
            foreach (var digest in kept.Except(journal.Select(document => document.Digest)))
            {
                _findings.Add(new Finding(FindingKind.Forked, $"snapshots/{snapshot.Name}", $"it keeps a document {Sha.Short(digest)} that the journal does not have"));
            }
        }
    }

    /// <summary>The machine says that it sealed: then its domain has a seal of it.</summary>
    private void CheckUnsealed()
    {
        if (Records.FirstOrDefault(record => record.Kind == "transition" && record.Text("to") == Demands.Sealed) is not { } claim)
        {
            return;
        }

        if (Domain is not null && _bundle.Chains.Any(chain => chain.Domain == Domain))
        {
            _findings.Add(new Finding(FindingKind.Truncated, claim.Where, $"the machine says that it sealed, and domain {Domain} has no seal of this run"));
        }
        else
        {
            _remarks.Add("the machine says that it sealed; no seals are here to hold it against");
        }
    }

    /// <summary>The start of the ingest says whose run it is.</summary>
    private void CheckDomain()
    {
        if (Records.FirstOrDefault(record => record.Kind == "run-started") is not { } start || start.Text("domain") is not { } own)
        {
            return;
        }

        Domain ??= own;
        if (own != Domain)
        {
            _findings.Add(new Finding(FindingKind.Foreign, start.Where, $"the run began in domain {Text.Readable(own)}, and lies in domain {Text.Readable(Domain)}"));
        }
    }

    private void CheckNotes()
    {
        foreach (var (_, note, isBrought) in _bundle.Notes.Where(one => one.Run == Run))
        {
            Domain ??= note.Origin.Split('/') is ["aslrescue", var domain, _] ? domain : null;
            if (note.Origin != $"aslrescue/{Domain}/{Run}")
            {
                _findings.Add(new Finding(FindingKind.Foreign, note.Where, $"it is a checkpoint of {Text.Readable(note.Origin)}"));
            }
            else if (CheckNote(note, isBrought) is { } finding)
            {
                _findings.Add(finding);
            }
        }
    }

    private Finding? CheckNote(Note note, bool isBrought)
    {
        var last = Records.Count == 0 ? 0 : Records[^1].Sequence;
        if (note.Size > last)
        {
            return new Finding(FindingKind.Truncated, note.Where, $"the checkpoint covers {note.Size} records, and the journal ends with record {last}");
        }

        ReadOnlyMemory<byte>[] lines = [.. Records.Where(record => record.Sequence <= note.Size).Select(record => record.Bytes)];
        if (lines.Length < note.Size)
        {
            _remarks.Add($"{note.Where}: not all of its {note.Size} records are here, so it cannot be held against them");
            return null;
        }

        if (!MerkleTree.Root(lines).AsSpan().SequenceEqual(note.Root))
        {
            return new Finding(FindingKind.Forked, note.Where, $"the checkpoint is of other records: the first {note.Size} here have another root");
        }

        var signers = note.Signatures.SelectMany(signature => _trust.Keys.Select(key => key.Signed(note, signature))).OfType<string>().Distinct().ToList();
        var unknown = note.Signatures.Count - signers.Count;
        var by = signers.Count > 0 ? $", signed by {string.Join(" and ", signers)}" : note.Signatures.Count == 0 ? ", not signed" : "";
        var rest = unknown > 0 ? $", with {unknown} signature{(unknown == 1 ? "" : "s")} of keys that were not given ({string.Join(", ", note.Signatures.Select(one => Text.Readable(one.Name)).Distinct())})" : "";
        _anchors.Add(new Anchor(note.Size, $"checkpoint of {note.Size} records, root {Convert.ToBase64String(note.Root)}{(isBrought ? ", as kept elsewhere" : "")}{by}{rest}", isBrought || signers.Count > 0));
        return null;
    }

    private void CheckEnd()
    {
        if (Records.Count == 0)
        {
            _remarks.Add(Seal is null ? "there is no journal here" : "it is sealed, and its journal is not here: only the documents in the snapshot can be looked at");
            return;
        }

        if (!HasEnd)
        {
            _remarks.Add($"seal {Seal!.Number} says that the run is sealed, and its journal ends before the machine says so: it was stopped just then and never resumed, or the end is missing");
        }

        var last = Records[^1].Sequence;
        if (Covered < last && (Covered > 0 || IsMeasured))
        {
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"records {Covered + 1} to {last} are chained, and {(IsMeasured ? "nothing that was brought vouches for them" : "no seal or checkpoint covers them")}"));
        }
    }
}
