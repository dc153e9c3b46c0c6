using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Journal;

/// <summary>Where a journal's lines go.</summary>
public interface IJournalSink
{
    /// <summary>
    /// Stores lines that begin with record <paramref name="firstSequence"/>. On return they survive a power cut. Called once for a
    /// sequence, except that a call that threw may be repeated with the same bytes.
    /// </summary>
    /// <exception cref="AslException">They could not be stored.</exception>
    void Append(long firstSequence, ReadOnlySpan<byte> lines);
}

/// <summary>
/// Appends records to the journal of one run: numbered, chained by hash, durable before <see cref="Append"/> returns.
/// Any thread may append; records are in the order of the calls.
/// </summary>
/// <remarks>
/// Invariant: a sequence number is only ever offered with one line. A line that the sink refused may yet have reached it, so it is
/// kept and offered again, unchanged, before the next one: a failed write can never fork the chain.
/// </remarks>
public sealed class JournalWriter(string run, string boot, IJournalSink sink, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _sequence;
    private Digest _previous;
    private (JournalRecord Record, byte[] Line)? _unsettled;

    /// <summary>The run's name.</summary>
    public string Run { get; } = run;

    /// <summary>Sequence and hash of the newest record; (0, zeros) before the first.</summary>
    public (long Sequence, Digest Hash) Head
    {
        get
        {
            lock (_lock)
            {
                return (_sequence, _previous);
            }
        }
    }

    /// <summary>Goes on after records that are in the sink already: the resumption of a run.</summary>
    public void ContinueAfter(JournalRecord last)
    {
        lock (_lock)
        {
            (_sequence, _previous, _unsettled) = (last.Sequence, last.Hash, null);
        }
    }

    /// <summary>
    /// Records an entry. When it returns, the record is durable; when it throws, it may or may not be, and the next call settles it.
    /// </summary>
    /// <param name="entry">What to record.</param>
    /// <param name="fallback">Takes the lines that the sink refuses, for a caller that must go on without it.</param>
    public JournalRecord Append(JournalEntry entry, IJournalSink? fallback = null)
    {
        lock (_lock)
        {
            Settle_NeedsLock(fallback);
            _unsettled = Compose_NeedsLock(entry);
            return Settle_NeedsLock(fallback)!;
        }
    }

    /// <summary>Offers a line that was refused once more, if there is one. When it returns, all records are durable.</summary>
    public void Settle()
    {
        lock (_lock)
        {
            Settle_NeedsLock(null);
        }
    }

    private (JournalRecord Record, byte[] Line) Compose_NeedsLock(JournalEntry entry)
    {
        var sequence = _sequence + 1;
        var wall = time.GetUtcNow();
        var monotonic = (long)time.GetElapsedTime(0).TotalNanoseconds;
        var (line, hash) = JournalLine.Write(
        [
            new("sequence", sequence), new("run", Run), new("boot", boot), new("monotonic", monotonic),
            new("wall", wall), new("kind", entry.Kind), .. entry.Fields, new("previous", _previous),
        ]);
        var record = new JournalRecord
        {
            Sequence = sequence,
            Run = Run,
            Boot = boot,
            Monotonic = monotonic,
            Wall = wall,
            Kind = entry.Kind,
            Previous = _previous,
            Hash = hash,
            Line = JournalReader.Parse(line.AsMemory(0, line.Length - 1)),
        };
        return (record, line);
    }

    private JournalRecord? Settle_NeedsLock(IJournalSink? fallback)
    {
        if (_unsettled is not var (record, line))
        {
            return null;
        }

        try
        {
            sink.Append(record.Sequence, line);
        }
        catch (AslException) when (fallback is not null)
        {
            fallback.Append(record.Sequence, line);
        }

        (_sequence, _previous, _unsettled) = (record.Sequence, record.Hash, null);
        return record;
    }
}
