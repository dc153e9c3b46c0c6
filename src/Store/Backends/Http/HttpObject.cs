namespace AslRescue.Store.Backends.Http;

/// <summary>An object behind a server: nothing is held open, each read is a request or comes from a page that was read before.</summary>
internal sealed class HttpObject(HttpBackend backend, ObjectName name, long length, bool pastCache) : IStoredObject
{
    public long Length => length;

    public void Read(long offset, Span<byte> buffer) => backend.Read(name, length, offset, buffer, pastCache);

    public void Dispose()
    {
    }
}
