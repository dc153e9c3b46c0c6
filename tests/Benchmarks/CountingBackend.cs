using AslRescue.Store.Backends;

namespace AslRescue.Benchmarks;

/// <summary>Counts what is read through it.</summary>
internal sealed class CountingBackend(IBackend inner) : IBackend
{
    private long _reads;
    private long _bytes;

    internal (long Reads, long Bytes) Count => (Interlocked.Read(ref _reads), Interlocked.Read(ref _bytes));

    public string Location => inner.Location;

    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => inner.TryCreate(name, content);

    public IStoredObject? Open(ObjectName name, bool pastCache = false) =>
        inner.Open(name, pastCache) is { } file ? new CountingFile(this, file) : null;

    public IEnumerable<FolderItem> List(string folder) => inner.List(folder);

    public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

    public void Dispose() => inner.Dispose();

    private sealed class CountingFile(CountingBackend owner, IStoredObject file) : IStoredObject
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            Interlocked.Increment(ref owner._reads);
            Interlocked.Add(ref owner._bytes, buffer.Length);
            file.Read(offset, buffer);
        }

        public void Dispose() => file.Dispose();
    }
}
