using System.Text;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>
/// What a run's journal says, and the only memory that the machine has: it is rebuilt from the records after a restart and fed each
/// new record as it is written, by the same code.
/// </summary>
/// <remarks>Any thread may ask while another one writes: the machine judges operators' requests while a step works.</remarks>
public sealed class RunHistory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Digest Digest, byte[] Bytes)> _latest = [];
    private readonly Dictionary<EvidenceReference, byte[]> _all = [];
    private readonly Dictionary<EvidenceReference, JournalRecord> _records = [];
    private readonly List<byte[]> _parts = [];
    private readonly List<string> _added = [];
    private readonly HashSet<string> _held = [];
    private readonly HashSet<Digest> _used = [];
    private readonly HashSet<Digest> _asked = [];

    /// <summary>Where the machine stands.</summary>
    public IntakeState State { get; private set; } = IntakeStates.Initial;

    /// <summary>How it got there; null at the beginning.</summary>
    public IntakeTrigger? Trigger { get; private set; }

    /// <summary>When it got there.</summary>
    public JournalRecord? Since { get; private set; }

    /// <summary>Why it is there, for people.</summary>
    public string Reason { get; private set; } = "the run begins";

    /// <summary>The request that is, or was last, asked about. Null before the first.</summary>
    public ApprovalRequest? Request { get; private set; }

    /// <summary>Sources that the operator added.</summary>
    public IReadOnlyList<string> Added => _added;

    /// <summary>How often a step failed since the last approval.</summary>
    public int Failures { get; private set; }

    /// <summary>How often a step failed in this run.</summary>
    public int Retries { get; private set; }

    /// <summary>The boot of the newest record.</summary>
    public string Boot { get; private set; } = "";

    /// <summary>Boots in which the configuration's approval was used up.</summary>
    public IReadOnlySet<string> ConfigApprovedIn => _configApprovedIn;

    /// <summary>What this run imported or mounted itself, in this boot, and did not give back yet.</summary>
    public IReadOnlySet<string> Held => _held;

    /// <summary>Every piece of evidence in the journal, oldest first.</summary>
    public IReadOnlyList<KeyValuePair<EvidenceReference, byte[]>> AllEvidence()
    {
        lock (_lock)
        {
            return [.. _all];
        }
    }

    private readonly HashSet<string> _configApprovedIn = [];

    /// <summary>A run's history from its records.</summary>
    public static RunHistory Of(IEnumerable<JournalRecord> records)
    {
        var history = new RunHistory();
        foreach (var record in records)
        {
            history.Apply(record);
        }

        return history;
    }

    /// <summary>Whether this evidence stands in the journal.</summary>
    public bool Has(EvidenceReference reference)
    {
        lock (_lock)
        {
            return _all.ContainsKey(reference);
        }
    }

    /// <summary>The document that a piece of evidence is; it must stand in the journal.</summary>
    public byte[] BytesOf(EvidenceReference reference)
    {
        lock (_lock)
        {
            return _all[reference];
        }
    }

    /// <summary>The newest evidence of a name.</summary>
    public (Digest Digest, byte[] Bytes)? Newest(string name)
    {
        lock (_lock)
        {
            return _latest.TryGetValue(name, out var found) ? found : null;
        }
    }

    /// <summary>The record that holds a piece of evidence.</summary>
    public JournalRecord RecordOf(EvidenceReference reference)
    {
        lock (_lock)
        {
            return _records[reference];
        }
    }

    /// <summary>Whether an approval has let this run through before.</summary>
    public bool IsUsed(Digest approval) => _used.Contains(approval);

    /// <summary>Whether exactly this request was ever asked about.</summary>
    public bool WasAsked(Digest request) => _asked.Contains(request);

    /// <summary>Whether a request of this id was ever made in this run.</summary>
    public bool WasRequested(string idPrefix) => AllEvidence().Any(pair =>
        pair.Key.Name == EvidenceNames.Request && pair.Key.Digest.ToString().StartsWith(idPrefix, StringComparison.Ordinal));

    /// <summary>Takes a record in.</summary>
    /// <exception cref="AslException">LogCorrupt: its hash is right, but it holds what no intake writes.</exception>
    public void Apply(JournalRecord record)
    {
        try
        {
            lock (_lock)
            {
                ApplyKind(record);
            }
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            throw new AslException(
                new AslError(ErrorCode.LogCorrupt, "a journal holds a document that no intake writes")
                {
                    Where = $"run {record.Run}, record {record.Sequence}",
                    Why = malformed.Message,
                    Fix = "asl-intake ingest SOURCE…   (begins another run; this one cannot be resumed)",
                },
                malformed);
        }
    }

    private void ApplyKind(JournalRecord record)
    {
        if (record.Boot != Boot)
        {
            _held.Clear();
            Boot = record.Boot;
        }

        switch (record.Kind)
        {
            case RecordKinds.Evidence:
                ApplyEvidence(record);
                break;
            case RecordKinds.Transition:
                ApplyTransition(record);
                break;
            case RecordKinds.Holding:
                _held.Add(record.Text("what") ?? "");
                break;
            case RecordKinds.Detached:
                _held.Clear();
                break;
            default:
                break;
        }
    }

    private void ApplyEvidence(JournalRecord record)
    {
        if (record.Text("name") is not { } name || !Digest.TryParse(record.Text("sha256"), out var digest))
        {
            return;
        }

        if (record.Number("part") is null or 1)
        {
            _parts.Clear();
        }

        _parts.Add(record.Text("base64") is { } encoded ? Convert.FromBase64String(encoded) : Encoding.UTF8.GetBytes(record.Text("text") ?? ""));
        if (record.Number("parts") is { } parts && parts != _parts.Count)
        {
            return;
        }

        byte[] bytes = [.. _parts.SelectMany(part => part)];
        if (Digest.Of(bytes) == digest)
        {
            var reference = new EvidenceReference(name, digest);
            _latest[name] = (digest, bytes);
            _all[reference] = bytes;
            _records.TryAdd(reference, record);
        }
    }

    private void ApplyTransition(JournalRecord record)
    {
        if (!IntakeStates.TryParse(record.Text("to"), out var to) || !IntakeTriggers.TryParse(record.Text("trigger"), out var trigger))
        {
            return;
        }

        (State, Trigger, Since, Reason) = (to, trigger, record, record.Text("reason") ?? "");
        foreach (var text in record.Texts("evidence"))
        {
            if (EvidenceReference.TryParse(text, out var reference) && _all.TryGetValue(reference, out var bytes))
            {
                ApplyNamed(trigger, to, reference, bytes, record);
            }
        }

        if (trigger is IntakeTrigger.ApprovedLocal or IntakeTrigger.ApprovedRemote)
        {
            Failures = 0;
        }
        else if (trigger == IntakeTrigger.Failed)
        {
            var isNewRow = Newest(EvidenceNames.Failure) is var (_, bytes) && FailureDocument.Parse(bytes).Progressed;
            Failures = isNewRow ? 1 : Failures + 1;
            Retries++;
        }
    }

    private void ApplyNamed(IntakeTrigger trigger, IntakeState to, EvidenceReference reference, byte[] bytes, JournalRecord record)
    {
        switch (reference.Name)
        {
            case EvidenceNames.Request when to == IntakeState.AwaitingApproval:
                Request = ApprovalRequest.Parse(bytes);
                _asked.Add(reference.Digest);
                break;
            case EvidenceNames.Source when trigger == IntakeTrigger.SourceAdded:
                _added.Add(JsonSerializer.Deserialize(bytes, IntakeJson.Default.AddedSource)?.Path ?? throw new JsonException("the source that was added has no path"));
                break;
            case EvidenceNames.Approval when to.IsAttaching():
                _used.Add(reference.Digest);
                if (Approval.Parse(bytes).By == Approvers.Configuration)
                {
                    _configApprovedIn.Add(record.Boot);
                }

                break;
            default:
                break;
        }
    }
}
