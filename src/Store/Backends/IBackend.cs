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
    /// Whether what <see cref="TryCreate"/> made has been read back from its medium and compared when it returns. Where not, whoever writes
    /// a block, a segment or a snapshot reads it back (docs/store-format.md, Order).
    /// </summary>
    bool ReadsBack => false;

    /// <summary>How many objects are worth creating at once, from 1: more than one where each waits for a network.</summary>
    int CreatesAtOnce => 1;

    /// <summary>
    /// Whether an answer is waited for that may take minutes, and is not overdue: to whoever watches over a run this silence is no hang. From any thread.
    /// </summary>
    bool IsWaiting => false;

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

    /// <summary>Whether an object is there and holds exactly these bytes.</summary>
    bool Holds(ObjectName name, ReadOnlySpan<byte> content)
    {
        using var found = Open(name);
        return found?.Length == content.Length && this.ReadAll(name).AsSpan().SequenceEqual(content);
    }

    /// <summary>Of some blocks and segments, those that are not there yet.</summary>
    IReadOnlySet<ObjectName> Missing(IReadOnlyCollection<ObjectName> names)
    {
        HashSet<ObjectName> missing = [];
        foreach (var name in names)
        {
            using var found = Open(name);
            if (found is null)
            {
                missing.Add(name);
            }
        }

        return missing;
    }

    /// <summary>
    /// Makes durable what is there: whoever created it may have been stopped before it was. For whoever refers to objects that it found and did not create. Does
    /// nothing where an object cannot be seen before it is durable.
    /// </summary>
    /// <param name="names">Objects that are there.</param>
    void Confirm(IReadOnlyCollection<ObjectName> names)
    {
    }

    /// <summary>
    /// The same objects, seen from a snapshot: where a server watches over them, it gives nothing that the snapshot does not pin. The outer
    /// backend must live longer.
    /// </summary>
    IBackend Below(Shared.Digest snapshot) => this;

    /// <summary>What lies in a folder, in no order; nothing when there is no such folder. See <see cref="FolderItem"/>.</summary>
    IEnumerable<FolderItem> List(string folder);

    /// <summary>
    /// Asks whoever keeps the store to vouch for a checkpoint of a run's journal, which it holds: a signature line (JournalNote). Null where nobody else keeps it,
    /// or where that one does not sign.
    /// </summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="run">The run's.</param>
    /// <param name="body">What would be signed.</param>
    string? Cosign(string domain, string run, ReadOnlySpan<byte> body) => null;

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
