namespace AslRescue.Store.Backends;

/// <summary>
/// Where the objects of a store lie. Objects are created whole, never changed, never removed. Every backend passes the suite in
/// tests/Testing/BackendContract. All methods may be called from any thread.
/// </summary>
/// <remarks>Failures are AslExceptions with <c>StoreIo</c>; they say whether trying again may help.</remarks>
public interface IBackend : IDisposable
{
    /// <summary>A directory's path or an address, for messages.</summary>
    string Location { get; }

    /// <summary>
    /// Creates an object if its name is free. On return the object is complete and survives a power cut, as do the folders above
    /// it. After a failure the name is free or holds the whole object, never a part.
    /// </summary>
    /// <returns>False when the name was taken; nothing was written then.</returns>
    bool TryCreate(ObjectName name, ReadOnlySpan<byte> content);

    /// <summary>Opens an object for reading; null when there is none of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="pastCache">
    /// Read from the medium and not from a cache, as far as the backend can: for the check of what was just written.
    /// </param>
    IStoredObject? Open(ObjectName name, bool pastCache = false);

    /// <summary>What lies in a folder, in no order; nothing when there is no such folder. See <see cref="FolderItem"/>.</summary>
    IEnumerable<FolderItem> List(string folder);

    /// <summary>
    /// Keeps other processes off a run as long as the lease lives; null when another one has it. It ends with the process.
    /// </summary>
    IDisposable? TryLease(string domain, string run);
}

/// <summary>An object that is open for reading. Any thread may read.</summary>
public interface IStoredObject : IDisposable
{
    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>Fills the buffer from <paramref name="offset"/>; the bytes exist.</summary>
    /// <exception cref="Shared.Errors.AslException">They cannot be read, or the object ends before.</exception>
    void Read(long offset, Span<byte> buffer);
}

/// <summary>One name in a folder of a backend.</summary>
/// <param name="Name">The last part of the path.</param>
/// <param name="IsFolder">Whether more lies below.</param>
/// <param name="Length">Bytes of an object; 0 for a folder.</param>
public readonly record struct FolderItem(string Name, bool IsFolder, long Length);
