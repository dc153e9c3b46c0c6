using AslRescue.Shared.Interop;

namespace AslRescue.Store.Backends;

/// <summary>Bytes in memory as the one object that they are to be: what came from elsewhere is checked by what checks stored objects, before it is stored.</summary>
/// <param name="called">What it is called.</param>
/// <param name="bytes">Whoever gave them disposes them.</param>
/// <param name="length">How many of them.</param>
public sealed class HeldObject(ObjectName called, AlignedBuffer bytes, int length) : IBackend, IStoredObject
{
    /// <inheritdoc/>
    public string Location => "what was sent";

    /// <inheritdoc/>
    public long Length => length;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.Span[..length];

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false) => name == called ? this : null;

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> buffer) => Bytes.Slice((int)offset, buffer.Length).CopyTo(buffer);

    /// <inheritdoc/>
    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => throw new NotSupportedException("it is for reading");

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder) => [];

    /// <inheritdoc/>
    public IDisposable? TryLease(string domain, string run) => throw new NotSupportedException("it is for reading");

    /// <summary>Nothing is held open.</summary>
    public void Dispose()
    {
    }
}
