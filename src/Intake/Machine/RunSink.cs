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
    private JournalTree _tree = new();
    private long _acknowledged;
    private long _offered;
    private long _compactAbove = LocalJournal.ReservedBytes * 3 / 4;

    /// <summary>For the machine's own records: this machine's copy is enough.</summary>
    public IJournalSink LocalOnly => local;

    /// <summary>From now on records go to a backend too; those after <paramref name="last"/>, which it lacks, are copied with the next.</summary>
    /// <param name="backend">The backend's sink.</param>
    /// <param name="last">The last record that it has.</param>
    /// <param name="lines">All lines that it has.</param>
    public void Attach(IJournalSink backend, long last, ReadOnlySpan<byte> lines)
    {
        lock (_lock)
        {
            (_backend, _acknowledged, _tree) = (backend, last, new JournalTree());
            _tree.AddLines(lines);
        }
    }

    /// <summary>What the backend has: how many records, and the root over them (<see cref="JournalTree"/>). Null when there is no backend.</summary>
    public (long Size, byte[] Root)? Head()
    {
        lock (_lock)
        {
            return _backend is null ? null : (_tree.Size, _tree.Root());
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
            // What this machine refuses goes nowhere: in the backend alone, it would be another history than the one that a kill
            // leaves here to go on with.
            local.Append(firstSequence, lines);
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
            _tree.AddLines(lines);
        }
    }

    private void KeepSmall_NeedsLock()
    {
        if (_backend is not null && local.Length > _compactAbove)
        {
            try
            {
                local.Compact(_acknowledged);
                _compactAbove = Math.Max(LocalJournal.ReservedBytes * 3 / 4, local.Length * 2);
            }
            catch (AslException)
            {
                // A full disk has no room for a shorter copy beside the long one. What was to be written is written.
                _compactAbove = local.Length + (LocalJournal.ReservedBytes / 16);
            }
        }
    }
}
