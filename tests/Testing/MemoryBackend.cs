using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Testing;

/// <summary>
/// A backend that forgets everything with the process: fast, and its objects can be damaged on purpose. Passes the same suite as
/// the real ones.
/// </summary>
public sealed class MemoryBackend : IBackend
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
    private readonly HashSet<string> _leases = [];
    private long _reads;

    public string Location => "memory";

    /// <summary>How often anybody read from an open object.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>The paths of all objects, in order.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects.Keys];
            }
        }
    }

    /// <summary>The bytes of an object; damage is done by writing another array.</summary>
    public byte[] this[string path]
    {
        get
        {
            lock (_lock)
            {
                return _objects[path];
            }
        }

        set
        {
            lock (_lock)
            {
                _objects[path] = value;
            }
        }
    }

    /// <summary>Takes an object away, as no writer ever does.</summary>
    public void Remove(string path)
    {
        lock (_lock)
        {
            Assert.True(_objects.Remove(path), path);
        }
    }

    /// <summary>The same objects in another backend.</summary>
    public MemoryBackend Copy()
    {
        var copy = new MemoryBackend();
        foreach (var path in Paths)
        {
            copy[path] = [.. this[path]];
        }

        return copy;
    }

    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            return _objects.TryAdd(name.Path, content.ToArray());
        }
    }

    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(name.Path, out var content) ? new StoredBytes(this, name, content) : null;
        }
    }

    public IEnumerable<FolderItem> List(string folder)
    {
        var start = folder.Length == 0 ? "" : folder + "/";
        lock (_lock)
        {
            return
            [
                .. _objects.Where(item => item.Key.StartsWith(start, StringComparison.Ordinal))
                    .Select(item => (Name: item.Key[start.Length..], item.Value.Length))
                    .GroupBy(item => item.Name.Split('/')[0], item => item)
                    .Select(same => same.First().Name == same.Key
                        ? new FolderItem(same.Key, IsFolder: false, same.First().Length)
                        : new FolderItem(same.Key, IsFolder: true, 0)),
            ];
        }
    }

    public IDisposable? TryLease(string domain, string run)
    {
        var name = ObjectName.RunFolder(domain, run);
        lock (_lock)
        {
            return _leases.Add(name) ? new Lease(this, name) : null;
        }
    }

    public void Dispose()
    {
    }

    private sealed class StoredBytes(MemoryBackend backend, ObjectName name, byte[] content) : IStoredObject
    {
        public long Length => content.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            Interlocked.Increment(ref backend._reads);
            if (offset < 0 || offset > content.Length - buffer.Length)
            {
                throw new AslException(new AslError(ErrorCode.StoreIo, "cannot read an object")
                {
                    Where = $"{backend.Location}/{name}, offset {offset}",
                    Fix = "none: this is a test",
                });
            }

            content.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Lease(MemoryBackend backend, string name) : IDisposable
    {
        public void Dispose()
        {
            lock (backend._lock)
            {
                backend._leases.Remove(name);
            }
        }
    }
}
