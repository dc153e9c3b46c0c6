using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Store.Backends.Directory;

/// <summary>
/// A store in a directory. An object is written to a file beside its place, flushed, linked to its name (which fails when the name
/// is taken, so nothing is ever replaced), and the folder is flushed.
/// </summary>
/// <remarks>
/// Invariants: a name that does not end in ".unsealed" holds a whole, flushed object. Two processes that create the same
/// object at once both end with one of them; the other sees that the name was taken.
/// </remarks>
public sealed class DirectoryBackend : IBackend
{
    private const string UnsealedSuffix = ".unsealed";
    private const int DirectBytesMin = 1 << 20;
    private const int UnsealedNamesMax = 16;

    // Process ids come again, and machines that share a store have the same ones: names that nobody else makes are drawn.
    private static readonly string UnsealedToken = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private static long _unsealedCount;
    private readonly string _root;
    private readonly FileCalls _calls;
    private readonly ConcurrentDictionary<string, bool> _durableFolders = [];

    /// <param name="root">An existing directory.</param>
    /// <param name="calls">How files are written; null: by the kernel.</param>
    public DirectoryBackend(string root, FileCalls? calls = null) => (_root, _calls) = (Path.GetFullPath(root), calls ?? FileCalls.Kernel);

    /// <inheritdoc/>
    public string Location => _root;

    /// <inheritdoc/>
    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
    {
        var path = FullPath(name);
        var folder = Path.GetDirectoryName(path)!;
        MakeDurable(folder);
        if (File.Exists(path))
        {
            // Whoever made it may have been killed before the folder was flushed; the caller will refer to the object.
            FlushFolder(_calls, folder);
            return false;
        }

        var isDirect = content.Length >= DirectBytesMin && AlignedBuffer.IsAligned(content);
        var (unsealed, file) = CreateUnsealed(path, ref isDirect);
        try
        {
            using (var handle = Posix.Own(file))
            {
                WriteFlushed(unsealed, file, content, isDirect);
            }

            var created = TakeName(unsealed, path);
            FlushFolder(_calls, folder);
            return created;
        }
        catch
        {
            // The name is still free; the half-written file would only take room that is missing already.
            _ = _calls.Unlink(Encoding.UTF8.GetBytes(unsealed));
            throw;
        }
    }

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        var path = FullPath(name);
        var raw = Encoding.UTF8.GetBytes(path);
        if (pastCache && Posix.OpenAt(Posix.WorkingDirectory, raw, OpenFlags.ReadOnly | OpenFlags.Direct) is var direct and >= 0)
        {
            return new DirectFile(path, Posix.Own(direct));
        }

        var file = Posix.OpenAt(Posix.WorkingDirectory, raw, OpenFlags.ReadOnly);
        if (pastCache && file >= 0)
        {
            _ = Posix.DropCache(file); // The next best, on a file system that knows no direct reads.
        }

        return file switch
        {
            >= 0 => new StoredFile(path, Posix.Own(file)),
            -Errno.ENOENT or -Errno.ENOTDIR => null,
            _ => throw Failure("cannot open an object", path, file),
        };
    }

    /// <inheritdoc/>
    public void Confirm(IReadOnlyCollection<ObjectName> names)
    {
        foreach (var folder in names.Select(name => Path.GetDirectoryName(FullPath(name))!).Distinct())
        {
            MakeDurable(folder);
            FlushFolder(_calls, folder);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder)
    {
        var path = Path.Combine(_root, folder);
        if (!System.IO.Directory.Exists(path))
        {
            return [];
        }

        try
        {
            return
            [
                .. new DirectoryInfo(path).EnumerateFileSystemInfos()
                    .Select(Describe).OfType<FolderItem>(),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AslException(IoError("cannot list a folder of the store", path, exception.Message, isPermanent: true), exception);
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLease(string domain, string run)
    {
        // The lock hangs on the run's folder itself, so that no lock file is left behind in the store.
        var folder = Path.Combine(_root, ObjectName.RunFolder(domain, run));
        MakeDurable(folder);
        var file = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(folder), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (file < 0)
        {
            throw Failure("cannot open the folder of a run", folder, file);
        }

        var handle = Posix.Own(file);
        if (Posix.TryLock(file) < 0)
        {
            handle.Dispose();
            return null;
        }

        try
        {
            // Whoever had the run before may have been killed before its last record was durable, and what comes now rests on that.
            FlushFolder(_calls, folder);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Makes a directory and those above it durable: each new name is flushed in the folder that holds it.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="calls">How it is made; null: by the kernel.</param>
    public static void MakeFolders(string folder, FileCalls? calls = null)
    {
        if (System.IO.Directory.Exists(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder);
        if (!string.IsNullOrEmpty(parent))
        {
            MakeFolders(parent, calls);
            MakeFolder(calls ?? FileCalls.Kernel, folder, parent);
        }
    }

    /// <summary>
    /// Sees to a folder of the store once in the life of a backend, also when it is there already: whoever made it may have been killed
    /// before its name was flushed, and all that is put into it would hang on that name.
    /// </summary>
    private void MakeDurable(string folder)
    {
        if (folder.Length <= _root.Length || _durableFolders.ContainsKey(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder)!;
        MakeDurable(parent);
        MakeFolder(_calls, folder, parent);
        _durableFolders.TryAdd(folder, true);
    }

    private static void MakeFolder(FileCalls calls, string folder, string parent)
    {
        var result = calls.MakeFolder(Encoding.UTF8.GetBytes(folder));
        if (result is < 0 and not -Errno.EEXIST)
        {
            throw Failure("cannot make a folder of the store", folder, result);
        }

        FlushFolder(calls, parent);
    }

    private string FullPath(ObjectName name) => Path.Combine(_root, name.Path);

    /// <summary>Null for a file that is gone by now: one that somebody was writing loses its first name while others list the folder.</summary>
    private static FolderItem? Describe(FileSystemInfo item)
    {
        try
        {
            return new(item.Name, item is DirectoryInfo, item is FileInfo file ? file.Length : 0);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Makes a file that is this writer's alone: where a name is taken, it is somebody else's, who may be at work on it, and another one is tried.
    /// </summary>
    private (string Path, int File) CreateUnsealed(string path, ref bool isDirect)
    {
        const uint readOnlyForOwner = 0x100;
        const OpenFlags flags = OpenFlags.WriteOnly;
        for (var attempt = 1; ; attempt++)
        {
            var unsealed = $"{path}.{UnsealedToken}-{Interlocked.Increment(ref _unsealedCount)}{UnsealedSuffix}";
            var raw = Encoding.UTF8.GetBytes(unsealed);
            var file = _calls.Create(raw, isDirect ? flags | OpenFlags.Direct : flags, readOnlyForOwner);
            if (file == -Errno.EINVAL && isDirect)
            {
                // A file system that knows no direct writes may have made the file before it said so.
                _ = _calls.Unlink(raw);
                (isDirect, file) = (false, _calls.Create(raw, flags, readOnlyForOwner));
            }

            if (file >= 0)
            {
                return (unsealed, file);
            }

            if (file != -Errno.EEXIST || attempt == UnsealedNamesMax)
            {
                _ = file == -Errno.EEXIST ? 0 : _calls.Unlink(raw); // It may have been made all the same.
                throw Failure("cannot create an object", unsealed, file);
            }
        }
    }

    private void WriteFlushed(string path, int file, ReadOnlySpan<byte> content, bool isDirect)
    {
        var result = isDirect ? WriteDirect(file, content) : _calls.Write(file, content, 0);
        result = result < 0 ? result : _calls.Flush(file);
        if (result < 0)
        {
            throw Failure("cannot write an object", path, result);
        }
    }

    /// <summary>
    /// Writes past the page cache, which spares copying every byte; the end, which fills no page, through it. The flush that follows
    /// makes both durable.
    /// </summary>
    private int WriteDirect(int file, ReadOnlySpan<byte> content)
    {
        var direct = content.Length & -AlignedBuffer.AlignmentBytes;
        var result = _calls.Write(file, content[..direct], 0);
        if (result is < 0 and not -Errno.EINVAL)
        {
            return result;
        }

        var ended = Posix.EndDirect(file);
        return ended < 0 ? ended
            : result < 0 ? _calls.Write(file, content, 0)
            : _calls.Write(file, content[direct..], direct);
    }

    /// <summary>Gives the finished file its name, unless the name is taken. The file's first name is gone afterwards.</summary>
    private bool TakeName(string unsealed, string path)
    {
        var from = Encoding.UTF8.GetBytes(unsealed);
        var to = Encoding.UTF8.GetBytes(path);
        var result = _calls.Link(from, to);
        if (result is -Errno.EPERM or -Errno.EOPNOTSUPP or -Errno.EMLINK)
        {
            // FAT and the like know no links. A rename that replaces nothing does the same; a file system that knows neither holds no store.
            result = _calls.RenameNew(from, to);
        }

        _ = _calls.Unlink(from);
        return result switch
        {
            >= 0 => true,
            -Errno.EEXIST => false,
            _ => throw Failure("cannot name an object", path, result),
        };
    }

    private static void FlushFolder(FileCalls calls, string folder)
    {
        var result = calls.FlushFolder(Encoding.UTF8.GetBytes(folder));
        if (result < 0)
        {
            throw Failure("cannot flush a folder of the store", folder, result);
        }
    }

    private static AslException Failure(string what, string path, long result) =>
        new(IoError(what, path, Errno.Text(result), isPermanent: result is -Errno.EROFS or -Errno.EACCES or -Errno.EPERM));

    private static AslError IoError(string what, string path, string why, bool isPermanent) => new(ErrorCode.StoreIo, what)
    {
        Where = path,
        Why = why,
        Fix = "make the store's file system writable and give it room, then type the command again; a run that was under way: asl-intake resume --store STORE",
        IsPermanent = isPermanent,
    };

    private sealed class StoredFile : IStoredObject
    {
        private readonly string _path;
        private readonly SafeFileHandle _file;

        internal StoredFile(string path, SafeFileHandle file)
        {
            (_path, _file) = (path, file);
            Length = RandomAccess.GetLength(file);
        }

        public long Length { get; }

        public void Read(long offset, Span<byte> buffer)
        {
            var file = (int)_file.DangerousGetHandle();
            while (!buffer.IsEmpty)
            {
                var count = Posix.Read(file, buffer, offset);
                if (count <= 0)
                {
                    throw Failure("cannot read an object", $"{_path}, offset {offset}", count == 0 ? -Errno.ENODATA : count);
                }

                buffer = buffer[(int)count..];
                offset += count;
            }

            GC.KeepAlive(this);
        }

        public void Dispose() => _file.Dispose();
    }

    /// <summary>A file that is read from its device: through a window of whole pages, since nothing else can be asked for.</summary>
    private sealed class DirectFile : IStoredObject
    {
        private const int WindowBytes = 1 << 20;
        private readonly Lock _lock = new();
        private readonly AlignedBuffer _window = new(WindowBytes);
        private readonly string _path;
        private readonly SafeFileHandle _file;
        private long _start;
        private int _filled;

        internal DirectFile(string path, SafeFileHandle file)
        {
            (_path, _file) = (path, file);
            Length = RandomAccess.GetLength(file);
        }

        public long Length { get; }

        public void Read(long offset, Span<byte> buffer)
        {
            lock (_lock)
            {
                while (!buffer.IsEmpty)
                {
                    if (offset < _start || offset >= _start + _filled)
                    {
                        Fill(offset);
                    }

                    var part = _window.Span[(int)(offset - _start).._filled];
                    part = part[..Math.Min(part.Length, buffer.Length)];
                    part.CopyTo(buffer);
                    buffer = buffer[part.Length..];
                    offset += part.Length;
                }
            }
        }

        public void Dispose()
        {
            _file.Dispose();
            _window.Dispose();
        }

        private void Fill(long offset)
        {
            (_start, _filled) = (offset & -AlignedBuffer.AlignmentBytes, 0);
            var file = (int)_file.DangerousGetHandle();
            var count = Posix.Read(file, _window.Span, _start);
            if (count == -Errno.EINVAL && Posix.EndDirect(file) >= 0)
            {
                // Some file systems let a file be opened so and then cannot read it so.
                _ = Posix.DropCache(file);
                count = Posix.Read(file, _window.Span, _start);
            }

            if (count <= offset - _start)
            {
                throw Failure("cannot read an object", $"{_path}, offset {offset}", count < 0 ? count : -Errno.ENODATA);
            }

            _filled = (int)count;
        }
    }
}
