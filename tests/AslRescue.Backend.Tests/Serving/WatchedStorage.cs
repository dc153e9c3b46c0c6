using System.Collections.Concurrent;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>A storage that says what is opened, and where a test can hold it up or have it lie.</summary>
internal sealed class WatchedStorage(IBackend inner) : IBackend
{
    private readonly ConcurrentQueue<string> _opened = new();
    private readonly ConcurrentQueue<string> _listed = new();

    /// <summary>Called before an object is opened.</summary>
    internal Action<ObjectName>? Opening { get; set; }

    /// <summary>Called before a folder is listed.</summary>
    internal Action<string>? Listing { get; set; }

    /// <summary>Whether an object is read from its medium with a bit turned.</summary>
    internal Func<ObjectName, bool>? IsRotten { get; set; }

    /// <summary>Paths of what was opened, in order.</summary>
    internal IReadOnlyList<string> Opened => [.. _opened];

    /// <summary>Folders that were listed, in order.</summary>
    internal IReadOnlyList<string> Listed => [.. _listed];

    public string Location => inner.Location;

    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => inner.TryCreate(name, content);

    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        _opened.Enqueue(name.Path);
        Opening?.Invoke(name);
        return inner.Open(name, pastCache) is { } found ? new Watched(found, pastCache && IsRotten?.Invoke(name) == true) : null;
    }

    public IEnumerable<FolderItem> List(string folder)
    {
        _listed.Enqueue(folder);
        Listing?.Invoke(folder);
        return inner.List(folder);
    }

    public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

    public void Dispose() => inner.Dispose();

    internal void Forget()
    {
        _opened.Clear();
        _listed.Clear();
    }

    /// <summary>An error of a disk that may pass.</summary>
    internal static AslException Passing() => new(new AslError(ErrorCode.StoreIo, "the disk is slow") { Fix = "none: this is a test", IsPermanent = false });

    private sealed class Watched(IStoredObject inner, bool isRotten) : IStoredObject
    {
        public long Length => inner.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            inner.Read(offset, buffer);
            if (isRotten && !buffer.IsEmpty)
            {
                buffer[^1] ^= 1;
            }
        }

        public void Dispose() => inner.Dispose();
    }
}
