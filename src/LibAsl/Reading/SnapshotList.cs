using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.LibAsl.Reading;

/// <summary>
/// The sealed snapshots of a store, one after the other. In memory are the seals of one domain (some 300 bytes each) and one snapshot.
/// </summary>
internal sealed class SnapshotList : Resource
{
    private readonly Lock _lock = new();
    private readonly OpenedStore _store;
    private readonly Queue<string> _domains;
    private readonly Queue<Seal> _seals = new();
    private (Digest Name, Snapshot Snapshot)? _current;

    internal SnapshotList(OpenedStore store)
        : base(HandleKind.Snapshots)
    {
        _domains = new(SealLog.ListDomains(store.Store.Backend));
        store.Hold();
        _store = store;
    }

    /// <summary>The next one; null behind the last.</summary>
    /// <exception cref="AslException">
    /// One that is permanent concerns a snapshot or a domain, which is passed over next time; any other may be gone when it is asked again.
    /// </exception>
    internal (Digest Name, Snapshot Snapshot)? Next()
    {
        lock (_lock)
        {
            _current = null;
            while (_seals.Count == 0 && _domains.TryPeek(out var domain))
            {
                foreach (var seal in PassOver(_domains, () => new SealLog(_store.Store.Backend, domain).Read()))
                {
                    _seals.Enqueue(seal);
                }
            }

            return _current = !_seals.TryPeek(out var next) ? null
                : PassOver(_seals, () => (next.Snapshot, SnapshotCodec.Load(_store.Store.Backend, next.Snapshot)));
        }
    }

    /// <summary>Opens the one that was told last.</summary>
    /// <exception cref="AslException">ArgumentInvalid: there is none.</exception>
    internal OpenedSnapshot OpenCurrent()
    {
        lock (_lock)
        {
            return _current is var (name, snapshot) ? new OpenedSnapshot(_store, name, snapshot)
                : throw LibraryErrors.Argument("snapshots", "asl_snapshots_next has told none, or failed");
        }
    }

    protected override void Free() => _store.Release();

    /// <summary>Does what the head of a queue stands for, and takes it off, unless trying again may help.</summary>
    private static TResult PassOver<T, TResult>(Queue<T> queue, Func<TResult> work)
    {
        var isDone = true;
        try
        {
            return work();
        }
        catch (AslException exception)
        {
            isDone = exception.Error.IsPermanent;
            throw;
        }
        finally
        {
            if (isDone)
            {
                queue.Dequeue();
            }
        }
    }
}
