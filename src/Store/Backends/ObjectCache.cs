using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends.Directory;

namespace AslRescue.Store.Backends;

/// <summary>
/// Segments and snapshots of a server or a bucket, kept on this machine: what is looked up again and again, and named by the SHA-256 of its bytes, so that
/// nothing in here has to be believed. Each is hashed before its first use in a process; one that is not what it is called is taken away
/// and fetched again. Where room is lacking, what was not used for longest goes, but nothing that is open: its bytes would go on taking room. The folder may be deleted at any
/// time. Any thread.
/// </summary>
public sealed class ObjectCache : IDisposable
{
    private const int SliceBytes = 1 << 20;
    private static readonly string[] Folders = ["segments", "snapshots"];
    private readonly string _folder;
    private readonly long _bytesMax;
    private readonly Lock _lock = new();
    private readonly HashSet<ObjectName> _checked = [];
    private readonly Dictionary<string, Use> _uses = new(StringComparer.Ordinal);
    private DirectoryBackend _files;
    private long _clock;

    /// <param name="folder">Made if need be.</param>
    /// <param name="bytesMax">It does not grow beyond.</param>
    public ObjectCache(string folder, long bytesMax) => (_folder, _bytesMax, _files) = (folder, bytesMax, new DirectoryBackend(folder));

    /// <summary>Whether objects of a name are kept.</summary>
    public static bool Takes(ObjectName name) => KeyOf(name) is not null;

    /// <summary>An object that is here and whole; null for none.</summary>
    public IStoredObject? TryOpen(ObjectName name)
    {
        if (KeyOf(name) is not { } key || OpenOrNull(name) is not { } found)
        {
            return null;
        }

        lock (_lock)
        {
            if (_checked.Contains(name))
            {
                return found;
            }
        }

        if (!IsWhole(found, key))
        {
            found.Dispose();
            Remove(name);
            return null;
        }

        lock (_lock)
        {
            _checked.Add(name);
        }

        return found;
    }

    /// <summary>Takes in an object, when there is room and it is what it is called; gives it, or null.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="found">Where it comes from; at most as long as any object.</param>
    public IStoredObject? Keep(ObjectName name, IStoredObject found)
    {
        var length = found.Length;
        lock (_lock)
        {
            if (!MakeRoom_NeedsLock(length))
            {
                return null; // Before it is fetched for nothing.
            }
        }

        var content = new byte[length];
        for (var offset = 0; offset < length; offset += SliceBytes)
        {
            found.Read(offset, content.AsSpan(offset, (int)Math.Min(SliceBytes, length - offset)));
        }

        if (Digest.Of(content) != KeyOf(name))
        {
            return null; // Whoever asked reads it from the server, and finds out by itself.
        }

        try
        {
            lock (_lock)
            {
                if (!MakeRoom_NeedsLock(length))
                {
                    return null;
                }

                if (!TryCreate_NeedsLock(name, content) && (OpenOrNull(name) is not { } there || !IsWholeAndClosed(there, KeyOf(name)!.Value)))
                {
                    return null; // What is there could not be taken away: it is not used.
                }

                _checked.Add(name);
            }

            return OpenOrNull(name);
        }
        catch (Exception failure) when (failure is AslException or IOException or UnauthorizedAccessException)
        {
            return null; // A cache that cannot be written, or was deleted just now, only saves nothing.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private Opened? OpenOrNull(ObjectName name)
    {
        lock (_lock)
        {
            try
            {
                if (_files.Open(name) is not { } file)
                {
                    _checked.Remove(name); // What is put there next has to be hashed again.
                    return null;
                }

                var use = _uses.TryGetValue(name.Path, out var known) ? known : _uses[name.Path] = new Use();
                (use.Open, use.Last) = (use.Open + 1, ++_clock);
                return new Opened(this, file, use);
            }
            catch (AslException)
            {
                return null;
            }
        }
    }

    /// <summary>A backend knows which folders it has made; when they were deleted, another one makes them again.</summary>
    private bool TryCreate_NeedsLock(ObjectName name, byte[] content)
    {
        if (!System.IO.Directory.Exists(Path.GetDirectoryName(Path.Combine(_folder, name.Path))))
        {
            DirectoryBackend.MakeFolders(Path.GetFullPath(_folder));
            _files.Dispose();
            _files = new DirectoryBackend(_folder);
        }

        return _files.TryCreate(name, content);
    }

    /// <summary>Takes away what was not used for longest until so many bytes fit; false when they do not.</summary>
    private bool MakeRoom_NeedsLock(long length)
    {
        if (length > _bytesMax)
        {
            return false;
        }

        try
        {
            var files = Folders.Select(folder => new DirectoryInfo(Path.Combine(_folder, folder))).Where(folder => folder.Exists).SelectMany(folder => folder.EnumerateFiles().Where(IsOurs))
                .Select(file => (file.FullName, file.Length, Path: $"{file.Directory!.Name}/{file.Name}", Written: file.LastWriteTimeUtc)).ToList();
            var free = _bytesMax - files.Sum(file => file.Length);
            if (free >= length)
            {
                return true;
            }

            var unused = files.Where(file => !(_uses.TryGetValue(file.Path, out var use) && use.Open > 0))
                .OrderBy(file => _uses.TryGetValue(file.Path, out var use) ? use.Last : 0).ThenBy(file => file.Written).ToList();
            if (free + unused.Sum(file => file.Length) < length)
            {
                return false; // Nothing is given up in vain.
            }

            foreach (var file in unused.TakeWhile(_ => free < length))
            {
                File.Delete(file.FullName);
                _uses.Remove(file.Path);
                free += file.Length;
            }

            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>An object, or one that was being written when a process ended. Nothing else is counted, and nothing else taken away: the folder may be one that others use too.</summary>
    private static bool IsOurs(FileInfo file) => Digest.TryParse(file.Name.Split('.')[0], out _);

    private static bool IsWhole(IStoredObject found, Digest key)
    {
        if (found.Length > BackendExtensions.ObjectBytesMax)
        {
            return false;
        }

        try
        {
            var content = new byte[found.Length];
            found.Read(0, content);
            return Digest.Of(content) == key;
        }
        catch (AslException)
        {
            return false;
        }
    }

    private static bool IsWholeAndClosed(IStoredObject found, Digest key)
    {
        using (found)
        {
            return IsWhole(found, key);
        }
    }

    private void Remove(ObjectName name)
    {
        try
        {
            File.Delete(Path.Combine(_folder, name.Path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Keep sees to it that it is not used all the same.
        }
    }

    private static Digest? KeyOf(ObjectName name) =>
        name.Path.Split('/') is [var folder, var text] && Array.IndexOf(Folders, folder) >= 0 && Digest.TryParse(text, out var key) ? key : null;

    /// <summary>When an object was used, by a clock that counts uses, and how often it is open.</summary>
    private sealed class Use
    {
        internal int Open { get; set; }

        internal long Last { get; set; }
    }

    private sealed class Opened(ObjectCache cache, IStoredObject file, Use use) : IStoredObject
    {
        private bool _isDisposed;

        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Dispose()
        {
            lock (cache._lock)
            {
                if (!_isDisposed)
                {
                    _isDisposed = true;
                    use.Open--;
                    file.Dispose();
                }
            }
        }
    }
}
