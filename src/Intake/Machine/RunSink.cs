using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>
/// Where a run's records go: first to this machine, then, once a backend is attached, to the backend, in order and without a gap. The
/// ingest's records must reach the backend or its step fails; the machine's own go on without it and follow later.
/// </summary>
/// <param name="local">This machine's copy.</param>
internal sealed class RunSink(LocalJournal local) : IJournalSink
{
    private readonly Lock _lock = new();
    private IJournalSink? _backend;
    private long _acknowledged;
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
                _backend.Append(firstSequence, lines);
                _acknowledged = firstSequence;
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
        if (_backend is not null && local.After(_acknowledged) is { Count: > 0 } missing)
        {
            byte[] lines = [.. missing.SelectMany(one => one.Line)];
            _backend.Append(missing[0].Sequence, lines);
            _acknowledged = missing[^1].Sequence;
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
