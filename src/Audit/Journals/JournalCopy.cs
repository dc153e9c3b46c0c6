namespace AslRescue.Audit.Journals;

/// <summary>A file that holds lines of a journal.</summary>
/// <param name="Name">As it is shown.</param>
/// <param name="First">The sequence that its name promises; null when the name says nothing.</param>
/// <param name="Bytes">Its content.</param>
public sealed record JournalPiece(string Name, long? First, ReadOnlyMemory<byte> Bytes);

/// <summary>One copy of a run's journal, checked by itself: all lines that could be read, and all that is wrong with them.</summary>
public sealed class JournalCopy
{
    // A file that is wrong in so many places is looked at no further.
    private const int FindingsMax = 1000;
    private readonly List<RecordLine> _records = [];
    private readonly List<Finding> _findings = [];
    private readonly List<string> _remarks = [];

    private JournalCopy(string place, string run, bool isLocal) => (Place, Run, IsLocal) = (place, run, isLocal);

    /// <summary>Where the copy lies.</summary>
    public string Place { get; }

    /// <summary>Whose journal it is; as its folder says, or as its first record says where there is no folder.</summary>
    public string Run { get; private set; }

    /// <summary>
    /// A machine's own copy: it may leave out records of the ingest (docs/machine.md, The journal), and its last line may have been cut off by a kill.
    /// </summary>
    public bool IsLocal { get; }

    /// <summary>What could be read, in the order of the files.</summary>
    public IReadOnlyList<RecordLine> Records => _records;

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>What is worth a word and not wrong.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>Reads and checks a copy.</summary>
    /// <param name="place">For people.</param>
    /// <param name="run">The run; "" when only the records tell.</param>
    /// <param name="isLocal">See <see cref="IsLocal"/>.</param>
    /// <param name="pieces">In the order of their names.</param>
    public static JournalCopy Read(string place, string run, bool isLocal, IEnumerable<JournalPiece> pieces)
    {
        var copy = new JournalCopy(place, run, isLocal);
        foreach (var piece in pieces)
        {
            copy.ReadPiece(piece);
        }

        if (copy.Run.Length == 0)
        {
            copy.Run = copy._records.Count > 0 ? copy._records[0].Run : "";
        }

        copy.CheckOrder();
        return copy;
    }

    private void ReadPiece(JournalPiece piece)
    {
        var (rest, number, isFirst) = (piece.Bytes, 0, true);
        if (rest.IsEmpty && IsLocal)
        {
            // A machine makes the file before it writes into it, and may be killed in between. Nothing vouches for that it was so.
            _remarks.Add($"{piece.Name}: it is empty: the run was stopped before it began, or all of it is missing");
        }
        else if (rest.IsEmpty)
        {
            _findings.Add(new Finding(FindingKind.Truncated, piece.Name, "it is empty"));
        }

        while (!rest.IsEmpty && _findings.Count < FindingsMax)
        {
            number++;
            var end = rest.Span.IndexOf((byte)'\n');
            if (end < 0)
            {
                EndCutOff(piece.Name, number);
                return;
            }

            var (record, finding) = RecordLine.Read($"{piece.Name}, line {number}", rest[..end]);
            if (finding is not null)
            {
                _findings.Add(finding);
            }
            else if (isFirst && piece.First is { } first && record!.Sequence != first)
            {
                _findings.Add(new Finding(FindingKind.Reordered, record.Where, $"record {record.Sequence} stands first in a file that is named for record {first}"));
            }

            if (record is not null)
            {
                _records.Add(record);
            }

            (rest, isFirst) = (rest[(end + 1)..], false);
        }
    }

    private void EndCutOff(string file, int line)
    {
        if (IsLocal)
        {
            _remarks.Add($"{file}, line {line}: the last line was cut off while it was written; it never counted");
        }
        else
        {
            _findings.Add(new Finding(FindingKind.Truncated, $"{file}, line {line}", "the last line has no end"));
        }
    }

    private void CheckOrder()
    {
        RecordLine? before = null;
        foreach (var record in _records)
        {
            if (record.Run != Run)
            {
                _findings.Add(new Finding(FindingKind.Foreign, record.Where, $"it is a record of run {record.Run}, in the journal of run {Run}"));
                continue;
            }

            if (CheckAfter(before, record) is { } finding)
            {
                _findings.Add(finding);
            }

            before = before is null || record.Sequence > before.Sequence ? record : before;
        }
    }

    /// <summary>What is wrong with a record that stands behind another one.</summary>
    private Finding? CheckAfter(RecordLine? before, RecordLine record)
    {
        var (last, hash) = (before?.Sequence ?? 0, before?.Hash ?? Sha.Zero);
        if (record.Sequence <= last)
        {
            return new Finding(FindingKind.Reordered, record.Where, $"record {record.Sequence} stands behind record {last}");
        }

        if (record.Sequence > last + 1)
        {
            return IsLocal ? null : new Finding(FindingKind.Truncated, record.Where, Missing(last + 1, record.Sequence - 1));
        }

        if (record.Previous != hash)
        {
            return new Finding(FindingKind.Unchained, record.Where, $"it follows record {Sha.Short(record.Previous)}, the one before it is {Sha.Short(hash)}");
        }

        return before is not null && before.Boot == record.Boot && record.Monotonic < before.Monotonic
            ? new Finding(FindingKind.Unchained, record.Where, "its monotonic clock is behind that of the record before it, in one boot")
            : null;
    }

    private static string Missing(long from, long to) => from == to ? $"record {from} is missing before it" : $"records {from} to {to} are missing before it";
}
