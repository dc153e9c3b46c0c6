using AslRescue.Store.Backends;

namespace AslRescue.Backend.Objects;

/// <summary>
/// A storage far away, for checks: segments are read from a copy on this machine, since a row that is looked up costs a request otherwise, and a snapshot has millions
/// of them. Whether an object is there is asked of the storage itself, not here.
/// </summary>
/// <param name="storage">Where all is; whoever gave it disposes it.</param>
/// <param name="cache">The copies; likewise.</param>
internal sealed class CheckedStorage(IBackend storage, ObjectCache cache) : IBackend
{
    /// <inheritdoc/>
    public string Location => storage.Location;

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        if (pastCache || !ObjectCache.Takes(name))
        {
            return storage.Open(name, pastCache);
        }

        if (cache.TryOpen(name) is { } kept)
        {
            return kept;
        }

        var found = storage.Open(name);
        if (found is null || found.Length > BackendExtensions.ObjectBytesMax || cache.Keep(name, found) is not { } copy)
        {
            return found;
        }

        found.Dispose();
        return copy;
    }

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder) => storage.List(folder);

    /// <inheritdoc/>
    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => throw new NotSupportedException("it is for reading");

    /// <inheritdoc/>
    public IDisposable? TryLease(string domain, string run) => throw new NotSupportedException("it is for reading");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
