using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Shared;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A run's journal without a disk: the lines, chain and history are the real ones.</summary>
internal sealed class MemoryJournal : IRunRecords, IJournalSink
{
    private readonly JournalWriter _writer;
    private readonly List<byte[]> _lines = [];
    private readonly List<JournalRecord> _written = [];
    private readonly TimeProvider _time;

    public MemoryJournal(string run, string boot, TimeProvider time, MemoryJournal? before = null)
    {
        (_time, Run, Boot) = (time, run, boot);
        _writer = new JournalWriter(run, boot, this, time);
        if (before is not null)
        {
            // What a process does that takes the run up again: read everything back, and go on behind it.
            _lines.AddRange(before._lines);
            var records = Records();
            History = RunHistory.Of(records);
            _written.AddRange(records);
            _writer.ContinueAfter(records[^1]);
        }
    }

    public string Run { get; }

    public string Boot { get; }

    public RunHistory History { get; } = new();

    public IReadOnlyList<byte[]> Lines => _lines;

    /// <summary>The records as they were written; <see cref="Records"/> reads them back from the lines.</summary>
    public IReadOnlyList<JournalRecord> Written => _written;

    /// <summary>The newest record, as it was written.</summary>
    public JournalRecord? Last => _written.Count > 0 ? _written[^1] : null;

    public IReadOnlyList<JournalRecord> Records() => new JournalReader(Run).Read("memory", _lines.SelectMany(line => line).ToArray());

    public JournalRecord Append(JournalEntry entry)
    {
        var record = _writer.Append(entry);
        _written.Add(record);
        History.Apply(record);
        return record;
    }

    public EvidenceReference Record(string name, byte[] bytes)
    {
        var digest = Digest.Of(bytes);
        Append(new JournalEntry(RecordKinds.Evidence)
        {
            Fields = [new("name", name), new("sha256", digest), new("part", 1), new("parts", 1), new("text", System.Text.Encoding.UTF8.GetString(bytes))],
        });
        return new EvidenceReference(name, digest);
    }

    public EvidenceReference Approve(string request, string? boot = null, string by = Approvers.Operator) => Record(EvidenceNames.Approval, new Approval
    {
        Request = request,
        By = by,
        Uid = 0,
        Boot = boot ?? Boot,
        Monotonic = (long)_time.GetElapsedTime(0).TotalNanoseconds,
        Wall = _time.GetUtcNow(),
    }.Bytes());

    void IJournalSink.Append(long firstSequence, ReadOnlySpan<byte> lines) => _lines.Add(lines.ToArray());
}
