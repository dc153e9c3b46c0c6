namespace AslRescue.Store.Backends.Http;

/// <summary>
/// The pages of objects that were read last: look-ups in a segment and listings of a tree read a few bytes here and there, each of which would
/// be a request. Objects never change, so nothing gets old. Any thread.
/// </summary>
internal sealed class PageCache
{
    internal const int PageBytes = 64 << 10;
    private const int PagesMax = 512;
    private readonly Lock _lock = new();
    private readonly Dictionary<(ObjectName Name, long Page), LinkedListNode<((ObjectName, long) Key, byte[] Bytes)>> _pages = [];
    private readonly LinkedList<((ObjectName, long) Key, byte[] Bytes)> _newestFirst = new();

    /// <summary>Copies what lies in the page of an offset; gives how many bytes that was, at least one.</summary>
    /// <param name="name">The object.</param>
    /// <param name="offset">Within it.</param>
    /// <param name="target">Not empty.</param>
    /// <param name="fetch">Reads a page that is not here.</param>
    /// <param name="objectLength">Bytes of the object.</param>
    internal int Copy(ObjectName name, long offset, Span<byte> target, Action<long, byte[]> fetch, long objectLength)
    {
        var page = offset / PageBytes;
        var length = (int)Math.Min(PageBytes, objectLength - (page * PageBytes));
        if (Find(name, page) is not { } bytes || bytes.Length != length)
        {
            bytes = new byte[length];
            fetch(page * PageBytes, bytes);
            Put(name, page, bytes);
        }

        var part = bytes.AsSpan((int)(offset - (page * PageBytes)));
        part = part[..Math.Min(part.Length, target.Length)];
        part.CopyTo(target);
        return part.Length;
    }

    /// <summary>Keeps a page.</summary>
    internal void Put(ObjectName name, long page, byte[] bytes)
    {
        lock (_lock)
        {
            if (_pages.Remove((name, page), out var old))
            {
                _newestFirst.Remove(old); // Of another length: a server that changes what never changes is found out by whoever hashes it.
            }

            _pages.Add((name, page), _newestFirst.AddFirst(((name, page), bytes)));
            if (_pages.Count > PagesMax)
            {
                _pages.Remove(_newestFirst.Last!.Value.Key);
                _newestFirst.RemoveLast();
            }
        }
    }

    private byte[]? Find(ObjectName name, long page)
    {
        lock (_lock)
        {
            if (!_pages.TryGetValue((name, page), out var node))
            {
                return null;
            }

            _newestFirst.Remove(node);
            _newestFirst.AddFirst(node);
            return node.Value.Bytes;
        }
    }
}
