using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Testing;

/// <summary>
/// Passes calls on and fails one of them: the n-th of create, open, list, read and lease, counted together from 1. A test loops over all n
/// until a run meets no fault any more. Any thread.
/// </summary>
/// <param name="inner">Where the calls go; stays open when this one is disposed.</param>
/// <param name="failAt">Which call fails; 0: none, the calls are only counted.</param>
/// <param name="isReplyLost">The call is carried out first, and then fails all the same.</param>
public sealed class FaultyBackend(IBackend inner, int failAt, bool isReplyLost = false) : IBackend
{
    private int _calls;

    public string Location => inner.Location;

    /// <summary>Calls so far, the failed one among them.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Whether the fault has happened.</summary>
    public bool HasFailed => failAt > 0 && Calls >= failAt;

    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
    {
        var isFailing = Count();
        Before(isFailing, "create", name.Path);
        var created = inner.TryCreate(name, content);
        After(isFailing, "create", name.Path);
        return created;
    }

    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        Fail(Count(), "open", name.Path);
        return inner.Open(name, pastCache) is { } file ? new FaultyObject(this, file, name.Path) : null;
    }

    public IEnumerable<FolderItem> List(string folder)
    {
        Fail(Count(), "list", folder);
        return inner.List(folder);
    }

    public IDisposable? TryLease(string domain, string run)
    {
        Fail(Count(), "lease", run);
        return inner.TryLease(domain, run);
    }

    public void Dispose()
    {
    }

    private bool Count() => Interlocked.Increment(ref _calls) == failAt;

    private void Before(bool isFailing, string call, string what) => Fail(isFailing && !isReplyLost, call, what);

    private void After(bool isFailing, string call, string what) => Fail(isFailing && isReplyLost, call, what);

    private void Fail(bool isFailing, string call, string what)
    {
        if (isFailing)
        {
            throw new AslException(new AslError(ErrorCode.StoreIo, $"call {failAt} fails: {call} {what}")
            {
                Where = $"{Location}/{what}",
                Fix = "try again",
                IsPermanent = false,
            });
        }
    }

    private sealed class FaultyObject(FaultyBackend backend, IStoredObject file, string path) : IStoredObject
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            backend.Fail(backend.Count(), "read", path);
            file.Read(offset, buffer);
        }

        public void Dispose() => file.Dispose();
    }
}
