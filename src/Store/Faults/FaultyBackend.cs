using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Faults;

/// <summary>
/// Passes calls on and fails one of them: the n-th of create, open, list, read and lease, counted together from 1. A loop over all n goes
/// on until a run meets no fault any more. Any thread.
/// </summary>
/// <param name="inner">Where the calls go; stays open when this one is disposed.</param>
/// <param name="failAt">Which call fails; 0: none, the calls are only counted.</param>
/// <param name="isReplyLost">The call is carried out first, and then fails all the same.</param>
public sealed class FaultyBackend(IBackend inner, int failAt, bool isReplyLost = false) : IBackend
{
    private int _calls;

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <summary>Calls so far, the failed one among them.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Whether the fault has happened.</summary>
    public bool HasFailed => failAt > 0 && Calls >= failAt;

    /// <summary>The object or folder that the failed call was about; null before that.</summary>
    public string? FailedAt { get; private set; }

    /// <summary>Happens in place of an error at the call that would fail, such as a delay; throws what the call is to fail with. Null: an error of the store.</summary>
    public Action<string>? Fault { get; init; }

    /// <summary>Asked before each call; throws where nothing can be reached any more.</summary>
    public Action? Reach { get; init; }

    /// <inheritdoc/>
    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
    {
        var isFailing = Count();
        Before(isFailing, "create", name.Path);
        var created = inner.TryCreate(name, content);
        After(isFailing, "create", name.Path);
        return created;
    }

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        Fail(Count(), "open", name.Path);
        return inner.Open(name, pastCache) is { } file ? new FaultyObject(this, file, name.Path) : null;
    }

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder)
    {
        Fail(Count(), "list", folder);
        return inner.List(folder);
    }

    /// <summary>Not counted.</summary>
    public void Confirm(IReadOnlyCollection<ObjectName> names) => inner.Confirm(names);

    /// <inheritdoc/>
    public IDisposable? TryLease(string domain, string run)
    {
        Fail(Count(), "lease", ObjectName.RunFolder(domain, run));
        return inner.TryLease(domain, run);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool Count()
    {
        Reach?.Invoke();
        return Interlocked.Increment(ref _calls) == failAt;
    }

    private void Before(bool isFailing, string call, string what) => Fail(isFailing && !isReplyLost, call, what);

    private void After(bool isFailing, string call, string what) => Fail(isFailing && isReplyLost, call, what);

    private void Fail(bool isFailing, string call, string what)
    {
        if (!isFailing)
        {
            return;
        }

        FailedAt = what;
        if (Fault is { } fault)
        {
            fault($"{call} {what}");
            return;
        }

        throw new AslException(new AslError(ErrorCode.StoreIo, $"call {failAt} fails: {call} {what}")
        {
            Where = $"{Location}/{what}",
            Fix = "try again",
            IsPermanent = false,
        });
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
