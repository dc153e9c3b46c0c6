using System.Text.Json;
using AslRescue.Audit.Journals;
using AslRescue.Audit.Rules;
using AslRescue.Audit.Seals;

namespace AslRescue.Audit.Replay;

/// <summary>
/// Goes through the transitions of a journal once more: each must be allowed by the contract that stands in the journal, name documents that stand
/// there before it and are about what happens, and begin where the one before it ended.
/// </summary>
public sealed class MachineReplay
{
    private readonly List<ReplayedTransition> _transitions = [];
    private readonly List<Finding> _findings = [];
    private readonly List<DecisionReplay> _decisions = [];
    private readonly EvidenceDocuments _documents = new();
    private readonly EvidenceJudge _judge;
    private readonly CheckedSeal? _seal;
    private RecordedContract? _contract;
    private Finding? _unreadContract;

    private MachineReplay(string run, CheckedSeal? seal) => (_judge, _seal) = (new EvidenceJudge(run, _documents), seal);

    /// <summary>Every transition, in order.</summary>
    public IReadOnlyList<ReplayedTransition> Transitions => _transitions;

    /// <summary>Every decision that was taken up, made once more.</summary>
    public IReadOnlyList<DecisionReplay> Decisions => _decisions;

    /// <summary>Where the run stands in the end.</summary>
    public string State { get; private set; } = Demands.Initial;

    /// <summary>The contract that was in force in the end.</summary>
    public RecordedContract? Contract => _contract;

    /// <summary>All that does not agree.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Replays a run.</summary>
    /// <param name="run">Its journal, put together.</param>
    public static MachineReplay Of(RunAudit run)
    {
        var replay = new MachineReplay(run.Run, run.Seal);
        foreach (var record in run.Records)
        {
            replay.Take(record);
        }

        replay.CheckSealed();
        return replay;
    }

    private void Take(RecordLine record)
    {
        switch (record.Kind)
        {
            case "evidence":
                _documents.Take(record);
                TakeContract(record);
                break;
            case "transition":
                TakeTransition(record);
                break;
            case "refused" when record.Text("state") is { } state && state != State:
                _findings.Add(new Finding(FindingKind.Contradicted, record.Where, $"something was refused in {Text.Readable(state)}; the machine stands in {State}"));
                break;
            default:
                break;
        }
    }

    private void TakeContract(RecordLine record)
    {
        if (record.Text("name") != "contract" || _documents.Newest("contract") is not { } document || document.Record != record)
        {
            return;
        }

        var (contract, why) = RecordedContract.Read(document.Bytes);
        (_contract, _unreadContract) = (contract, contract is null ? new Finding(FindingKind.Malformed, record.Where, $"the contract cannot be read: {why}") : null);
    }

    private void TakeTransition(RecordLine record)
    {
        var (from, trigger, to, clause) = (record.Text("from") ?? "", record.Text("trigger") ?? "", record.Text("to") ?? "", record.Text("clause") ?? "");
        var references = record.Texts("evidence");
        var documents = references.Select(_documents.Find).OfType<EvidenceDocument>().ToList();
        string[] names = [.. references.Select(reference => reference.Split(':')[0])];
        var finding = WhyNot(record, from, trigger, to, clause, names, references, documents);
        if (finding is not null)
        {
            _findings.Add(finding);
        }

        if (trigger == "decided" && documents.FirstOrDefault(document => document.Name == "decision") is { } decision)
        {
            TakeDecision(record, decision, documents);
        }

        _transitions.Add(new ReplayedTransition(record, from, trigger, to, clause, record.Text("reason") ?? "", documents, finding));
        _judge.Happened(record, to, documents);
        State = to;
    }

    private void TakeDecision(RecordLine record, EvidenceDocument document, List<EvidenceDocument> named)
    {
        var decision = DecisionReplay.Of(document, [.. _documents.All.Where(one => one.Name == "table")]);
        _judge.Decided(decision);
        if (named.FirstOrDefault(one => one.Name == "request") is { } request && _judge.WhyNotOf(decision, request) is { } why)
        {
            _findings.Add(new Finding(FindingKind.Contradicted, record.Where, why));
        }

        _decisions.Add(decision);
        _findings.AddRange(decision.Findings);
        if (decision.Boot.Length > 0 && decision.Boot != record.Boot)
        {
            _findings.Add(new Finding(FindingKind.Foreign, record.Where, $"the decision was made in boot {Text.Readable(decision.Boot)}, and taken up in boot {record.Boot}"));
        }
    }

    private Finding? WhyNot(
        RecordLine record, string from, string trigger, string to, string clause, string[] names, IReadOnlyList<string> references, List<EvidenceDocument> documents)
    {
        if (from != State)
        {
            return new Finding(FindingKind.Contradicted, record.Where, $"it leaves {Text.Readable(from)}; the machine stands in {State}");
        }

        if (State is Demands.Sealed or Demands.Halted)
        {
            return new Finding(FindingKind.Forbidden, record.Where, $"nothing leaves {State}");
        }

        if (documents.Count < references.Count)
        {
            var absent = references.Where(reference => _documents.Find(reference) is null).Select(reference => Text.Readable(reference));
            return new Finding(FindingKind.Unproved, record.Where, $"it names what does not stand in the journal before it: {string.Join(", ", absent)}");
        }

        return WhyForbidden(from, trigger, to, clause, names) is { } why
            ? new Finding(FindingKind.Forbidden, record.Where, why)
            : _judge.WhyNot(record, trigger, to, documents) is var (kind, reason) ? new Finding(kind, record.Where, reason) : null;
    }

    private string? WhyForbidden(string from, string trigger, string to, string clause, string[] names)
    {
        if (Demands.WhyNot(from, trigger, to, names) is { } never)
        {
            return never;
        }

        if (trigger == Demands.Violated)
        {
            return clause == Demands.HaltClause && to == Demands.Halted ? null : $"a violation halts under {Demands.HaltClause}, not under {clause}";
        }

        if (_contract is null)
        {
            if (_unreadContract is { } unread)
            {
                // A run that halted because its contract could not be used is as it must be; one that went on is not.
                _findings.Add(unread);
                _unreadContract = null;
            }

            return "no contract that can be read stands in the journal before it";
        }

        if (_contract.Clauses.FirstOrDefault(one => one.From == from && one.Trigger == trigger) is not { } own)
        {
            return $"no clause of the recorded contract allows '{trigger}' in {from}";
        }

        var missing = own.Requires.Except(names, StringComparer.Ordinal).ToList();
        return own.Id != clause ? $"it names {Text.Readable(clause)}, and the clause for '{trigger}' in {from} is {own.Id}"
            : own.To != to ? $"{own.Id} leads to {own.To}, not to {Text.Readable(to)}"
            : missing.Count > 0 ? $"{own.Id} requires {string.Join(" and ", missing)}"
            : null;
    }

    /// <summary>The store's seal and the machine's last word must tell the same story.</summary>
    private void CheckSealed()
    {
        if (_seal is null || _transitions.Count == 0)
        {
            return;
        }

        // The power may go between the seal and the machine's last word: RunAudit says then that nothing vouches for the end.
        if (_transitions.LastOrDefault(one => one.To == Demands.Sealed) is not { } last)
        {
            return;
        }

        if (last.Evidence.FirstOrDefault(document => document.Name == "seal") is { } document && _judge.SealOf(document) is var (snapshot, root)
            && (snapshot != _seal.Snapshot || (_seal.Content is { } content && content.Root != root)))
        {
            _findings.Add(new Finding(FindingKind.Contradicted, last.Record.Where,
                $"the machine says that it sealed snapshot {Sha.Short(snapshot)} with root {Sha.Short(root)}; seal {_seal.Number} is of snapshot {Sha.Short(_seal.Snapshot)}"));
        }
    }
}
