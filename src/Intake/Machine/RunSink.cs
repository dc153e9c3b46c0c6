using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>
/// Where a run's records go: first to this machine, then, once a backend is attached, to the backend, in order and without a gap. The
/// ingest's records must reach the backend or its step fails; the machine's own go on without it and follow later.
/// </summary>
/// <remarks>
/// Invariant: lines that were offered to the backend together are offered together again after a failure, because a backend keeps them
/// as one object, which a lost answer may have left there.
/// </remarks>
/// <param name="local">This machine's copy.</param>
internal sealed class RunSink(LocalJournal local) : IJournalSink
{
    private readonly Lock _lock = new();
    private IJournalSink? _backend;
    private long _acknowledged;
    private long _offered;
    private long _compactAbove = LocalJournal.ReservedBytes * 3 / 4;

    /// <summary>For the machine's own records: this machine's copy is enough.</summary>
    public IJournalSink LocalOnly => local;

    /// <summary>From now on records go to a backend too; those after <paramref name="last"/>, which it lacks, are copied with the next.</summary>
    public void Attach(IJournalSink backend, long last)
    {
        lock (_lock)
        {
            (_backend, _acknowledged) = (backend, last);
        }
    }

    /// <summary>From now on records stay here.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _backend = null;
        }
    }

    /// <inheritdoc/>
    public void Append(long firstSequence, ReadOnlySpan<byte> lines)
    {
        lock (_lock)
        {
            try
            {
                local.Append(firstSequence, lines);
            }
            catch (AslException) when (_backend is not null)
            {
                // What was reserved here is used up and the disk is full. The backend takes the record, or the append fails.
                CopyToBackend_NeedsLock();
                Offer_NeedsLock([(firstSequence, lines.ToArray())]);
                return;
            }

            CopyToBackend_NeedsLock();
            KeepSmall_NeedsLock();
        }
    }

    /// <summary>Brings the backend up to date. Does nothing when there is none.</summary>
    /// <exception cref="AslException">The backend refused.</exception>
    public void CopyToBackend()
    {
        lock (_lock)
        {
            CopyToBackend_NeedsLock();
        }
    }

    private void CopyToBackend_NeedsLock()
    {
        if (_backend is null)
        {
            return;
        }

        var missing = local.After(_acknowledged);
        Offer_NeedsLock([.. missing.Where(one => one.Sequence <= _offered)]);
        Offer_NeedsLock([.. missing.Where(one => one.Sequence > _acknowledged)]);
    }

    private void Offer_NeedsLock(IReadOnlyList<(long Sequence, byte[] Line)> batch)
    {
        if (batch.Count > 0)
        {
            _offered = batch[^1].Sequence;
            byte[] lines = [.. batch.SelectMany(one => one.Line)];
            _backend!.Append(batch[0].Sequence, lines);
            _acknowledged = _offered;
        }
    }

    private void KeepSmall_NeedsLock()
    {
        if (_backend is not null && local.Length > _compactAbove)
        {
            local.Compact(_acknowledged);
            _compactAbove = Math.Max(_compactAbove, local.Length * 2);
        }
    }
}
