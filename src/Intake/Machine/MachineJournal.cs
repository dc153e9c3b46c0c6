using System.Text;
using System.Text.Unicode;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>
/// The journal of one run as the machine uses it: it writes records, keeps the history that follows from them, and stores evidence in
/// full, so that the journal alone says why each step was taken, also when this machine loses its memory.
/// </summary>
public sealed class MachineJournal : IRunRecords, IDisposable
{
    // Half of the longest line, because text may double in length when it is written as JSON; more is cut into parts.
    private const int EvidencePartBytes = 128 * 1024;

    private readonly Lock _lock = new();
    private readonly LocalJournal _local;
    private readonly RunSink _sink;

    private MachineJournal(string run, string boot, LocalJournal local, IReadOnlyList<JournalRecord> records, TimeProvider time, SinkWrapper? wrap)
    {
        (_local, _sink) = (local, new RunSink(local));
        Writer = new JournalWriter(run, boot, wrap is null ? _sink : wrap(_sink), time);
        History = RunHistory.Of(records);
        if (records.Count > 0)
        {
            Writer.ContinueAfter(records[^1]);
        }
    }

    /// <summary>Stands between journal and disk: how tests cut the power.</summary>
    public delegate IJournalSink SinkWrapper(IJournalSink sink);

    /// <summary>What the journal says so far.</summary>
    public RunHistory History { get; }

    /// <summary>For the ingest, whose records must be in the backend when an append returns.</summary>
    public JournalWriter Writer { get; }

    /// <summary>The run.</summary>
    public string Run => Writer.Run;

    /// <summary>The run's folder on this machine.</summary>
    public string Folder => _local.Folder;

    /// <summary>Why the backend did not take the machine's last record; null when it did.</summary>
    public AslError? BackendProblem { get; private set; }

    /// <summary>Begins the journal of a new run.</summary>
    public static MachineJournal Begin(string folder, string run, string boot, TimeProvider time, SinkWrapper? wrap = null, FileCalls? calls = null) =>
        new(run, boot, LocalJournal.Create(folder, [], calls), [], time, wrap);

    /// <summary>Goes on with the journal that lies here.</summary>
    public static MachineJournal Open(
        string folder, string run, string boot, TimeProvider time, SinkWrapper? wrap = null, FileCalls? calls = null)
    {
        var (local, records) = LocalJournal.Open(folder, run, calls);
        return new MachineJournal(run, boot, local, records, time, wrap);
    }

    /// <summary>
    /// Goes on with a run that lies in the backend, in an earlier boot for instance. <paramref name="lines"/> is all that the backend has of
    /// its journal; where this machine has a copy too, that one knows at least as much and stays.
    /// </summary>
    public static MachineJournal Adopt(
        string folder, string run, ReadOnlyMemory<byte> lines, string boot, TimeProvider time, SinkWrapper? wrap = null, FileCalls? calls = null)
    {
        if (LocalJournal.Exists(folder))
        {
            return Open(folder, run, boot, time, wrap, calls);
        }

        var records = new JournalReader(run).Read($"journal of run {run}", lines);
        var local = LocalJournal.Create(folder, Split(lines).Zip(records, (line, record) => (record.Sequence, line)), calls);
        return new MachineJournal(run, boot, local, records, time, wrap);
    }

    /// <summary>Records something of the machine's own. Durable on this machine when it returns; in the backend when that works.</summary>
    /// <exception cref="AslException">This machine does not take it: then nothing may be done, and the backend does not have it either.</exception>
    public JournalRecord Append(JournalEntry entry)
    {
        // A refusal is written while a step works and writes too.
        lock (_lock)
        {
            var record = Writer.Append(entry, _sink.LocalOnly);
            History.Apply(record);
            return record;
        }
    }

    /// <summary>Makes sure that a document stands in the journal, and returns how a transition names it.</summary>
    public EvidenceReference Record(string name, byte[] bytes)
    {
        var reference = new EvidenceReference(name, Digest.Of(bytes));
        if (History.Newest(name)?.Digest == reference.Digest)
        {
            return reference;
        }

        var parts = Math.Max(1, (bytes.Length + EvidencePartBytes - 1) / EvidencePartBytes);
        var isText = Utf8.IsValid(bytes) && parts == 1;
        for (var part = 0; part < parts; part++)
        {
            var cut = bytes.AsSpan(part * EvidencePartBytes, Math.Min(EvidencePartBytes, bytes.Length - (part * EvidencePartBytes)));
            KeyValuePair<string, object> content = isText
                ? new("text", Encoding.UTF8.GetString(cut))
                : new("base64", Convert.ToBase64String(cut));
            Append(new JournalEntry(RecordKinds.Evidence)
            {
                Fields = [new("name", name), new("sha256", reference.Digest), new("part", part + 1), new("parts", parts), content],
            });
        }

        return reference;
    }

    /// <summary>From now on records go to this backend too. Those that it lacks are copied now.</summary>
    /// <param name="backend">The backend's sink for this run.</param>
    /// <param name="lines">What the backend has of this run's journal: a beginning of what is here.</param>
    /// <exception cref="AslException">LogCorrupt: the backend has another history of this run. Or the backend does not take the copy.</exception>
    public void AttachTo(IJournalSink backend, ReadOnlyMemory<byte> lines)
    {
        var theirs = new JournalReader(Run).Read($"journal of run {Run} in the backend", lines);
        var ours = _local.After(0).ToDictionary(one => one.Sequence, one => one.Line);
        foreach (var (record, line) in theirs.Zip(Split(lines)))
        {
            if (ours.TryGetValue(record.Sequence, out var own) ? !own.AsSpan().SequenceEqual(line) : record.Sequence > _local.Last)
            {
                throw Forked(record.Sequence);
            }
        }

        _sink.Attach(backend, theirs.Count == 0 ? 0 : theirs[^1].Sequence, lines.Span);
        _sink.CopyToBackend();
        BackendProblem = null;
    }

    /// <summary>Offers the backend what it does not have yet, as often as wanted; what it refuses is told, not thrown.</summary>
    public void Settle()
    {
        try
        {
            _sink.CopyToBackend();
            BackendProblem = null;
        }
        catch (AslException refused)
        {
            BackendProblem = refused.Error;
        }
    }

    /// <summary>What a checkpoint of this journal would state: the records that the backend has, and their root. Null without a backend.</summary>
    public (long Size, byte[] Root)? BackendHead() => _sink.Head();

    /// <summary>From now on records stay on this machine.</summary>
    public void DetachFromBackend() => _sink.Detach();

    /// <summary>All lines that lie here, for the journal of another run that goes on with this one's approval.</summary>
    public byte[] Lines() => [.. _local.After(0).SelectMany(one => one.Line)];

    /// <inheritdoc/>
    public void Dispose() => _local.Dispose();

    private static IEnumerable<byte[]> Split(ReadOnlyMemory<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var end = lines.Span.IndexOf((byte)'\n') + 1;
            yield return lines[..end].ToArray();
            lines = lines[end..];
        }
    }

    private AslException Forked(long sequence) => new(new AslError(ErrorCode.LogCorrupt, $"run {Run} has two histories")
    {
        Where = $"record {sequence}",
        Why = "the backend's journal of this run differs from the one on this machine",
        Fix = $"compare the two journals; remove {_local.Folder} to go on with the backend's history",
    });
}
