using System.Text;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Store.Faults;

/// <summary>
/// Real files, and a record of what of them would outlive a power cut: bytes after a flush of their file, names after a flush of
/// their folder. One call can be made to fail, counted from 1: so tests, and rehearsals, go through every point at which a disk may fail.
/// </summary>
/// <remarks>Any thread. Undone is in the reverse of the order in which it was done. Reads are not seen, as a disk's cache answers them.</remarks>
/// <param name="spare">A folder on the same file system, for files whose names are gone and may come back.</param>
public sealed class CrashingFileSystem(string spare) : FileCalls, IDisposable
{
    private const uint OwnerReadsAndWrites = 0x180;
    private readonly Lock _lock = new();
    private readonly List<Undo> _undo = [];
    private readonly Dictionary<int, (SafeFileHandle Own, string Path)> _files = [];
    private readonly List<SafeFileHandle> _all = [];
    private DiskFault _fault;
    private int _failAt;
    private int _spares;
    private string? _within;
    private bool _lasts;

    private enum Answer
    {
        Go,
        Fail,
        FailAfter,
    }

    /// <summary>Calls since <see cref="Arm"/>.</summary>
    public int Calls { get; private set; }

    /// <summary>Whether the fault has happened.</summary>
    public bool HasFailed => _failAt > 0 && Calls >= _failAt;

    /// <summary>Whether it was one after which nothing works any more, until it is armed anew.</summary>
    public bool IsDead => HasFailed && _fault >= DiskFault.Kill;

    /// <summary>What the call that failed was to work on: a file's path, or a folder's; null before that.</summary>
    public string? FailedAt { get; private set; }

    /// <summary>Called once when the fault happens, in the thread whose call it is.</summary>
    public Action? OnFault { get; set; }

    /// <summary>Counts from 0 again and lets one call fail; 0: none, and what failed before is still told.</summary>
    /// <param name="fault">How.</param>
    /// <param name="failAt">Which one.</param>
    /// <param name="within">Only calls for files below this folder are counted and can fail; null: all.</param>
    /// <param name="lasts">Of an error: every later call fails too, as on a disk that stays full.</param>
    public void Arm(DiskFault fault, int failAt, string? within = null, bool lasts = false)
    {
        lock (_lock)
        {
            (_fault, _failAt, Calls, _within, _lasts, FailedAt) = (fault, failAt, 0, within, lasts, failAt > 0 ? null : FailedAt);
        }
    }

    /// <summary>The process is killed, between two calls.</summary>
    public void Die()
    {
        lock (_lock)
        {
            Calls = Math.Max(Calls, 1);
            (_fault, _failAt, _within) = (DiskFault.Kill, Calls, null);
        }
    }

    /// <summary>The disk as the next start finds it. Nobody may be writing.</summary>
    public void CutPower(bool isTorn = false)
    {
        lock (_lock)
        {
            foreach (var undo in Enumerable.Reverse(_undo).Where(undo => !isTorn || undo.File is not null))
            {
                undo.Do(isTorn);
            }

            _undo.Clear();
        }
    }

    /// <inheritdoc/>
    public override int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode)
    {
        // Reads too, to know what a write replaces, and so never past the cache.
        var name = Encoding.UTF8.GetString(path);
        return Named(path, () =>
        {
            var file = base.Create(Encoding.UTF8.GetBytes(name), OpenFlags.ReadWrite, mode | OwnerReadsAndWrites);
            if (file >= 0)
            {
                _files[file] = (Remembered(file), name);
            }

            return file;
        }, () => File.Delete(name));
    }

    /// <inheritdoc/>
    public override int Open(ReadOnlySpan<byte> path)
    {
        lock (_lock)
        {
            var name = Encoding.UTF8.GetString(path);
            if (Next(name) != Answer.Go)
            {
                return Error(Errno.EIO);
            }

            var file = base.Open(path);
            if (file >= 0)
            {
                _files[file] = (_all.FirstOrDefault(own => IsSame(own, file)) ?? Remembered(file), name);
            }

            return file;
        }
    }

    /// <inheritdoc/>
    public override int Reserve(int file, long bytes)
    {
        lock (_lock)
        {
            var answer = Next(_files[file].Path);
            _ = answer == Answer.Fail ? 0 : base.Reserve(file, bytes);
            return answer == Answer.Go ? 0 : Error(Errno.ENOSPC);
        }
    }

    /// <inheritdoc/>
    public override int Write(int file, ReadOnlySpan<byte> content, long offset)
    {
        lock (_lock)
        {
            var (own, path) = _files[file];
            var answer = Next(path);
            var count = answer == Answer.Go ? content.Length : answer == Answer.FailAfter ? content.Length / 2 : 0;
            if (count > 0)
            {
                Remember(own, offset, count);
                _ = base.Write(file, content[..count], offset);
            }

            return answer == Answer.Go ? 0 : Error(Errno.ENOSPC);
        }
    }

    /// <inheritdoc/>
    public override int Flush(int file)
    {
        lock (_lock)
        {
            var (own, path) = _files[file];
            var answer = Next(path);
            if (answer == Answer.Fail)
            {
                // Of a process that is dead nothing is lost by that: it flushes no more.
                _undo.ForEach(undo => undo.IsLost |= undo.File == own && _fault <= DiskFault.NoSpace);
                return Error(Errno.EIO);
            }

            _undo.RemoveAll(undo => undo.File == own && !undo.IsLost);
            return answer == Answer.Go ? 0 : Error(Errno.EIO);
        }
    }

    /// <inheritdoc/>
    public override int Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte[] source = [.. from], target = [.. to];
        return Named(to, () => base.Link(source, target), () => File.Delete(Encoding.UTF8.GetString(target)));
    }

    /// <inheritdoc/>
    public override int RenameNew(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte[] source = [.. from], target = [.. to];
        return Named(to, () => base.RenameNew(source, target), () => base.Rename(target, source));
    }

    /// <inheritdoc/>
    public override int Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte[] source = [.. from], target = [.. to];
        var kept = Keep(to);
        return Named(to, () => base.Rename(source, target), () =>
        {
            base.Rename(target, source);
            PutBack(kept, target);
        });
    }

    /// <inheritdoc/>
    public override int Unlink(ReadOnlySpan<byte> path)
    {
        byte[] name = [.. path];
        var kept = Keep(path);
        return Named(path, () => base.Unlink(name), () => PutBack(kept, name));
    }

    /// <inheritdoc/>
    public override int MakeFolder(ReadOnlySpan<byte> path)
    {
        byte[] name = [.. path];
        return Named(path, () => base.MakeFolder(name), () => Directory.Delete(Encoding.UTF8.GetString(name), recursive: true));
    }

    /// <inheritdoc/>
    public override int FlushFolder(ReadOnlySpan<byte> path)
    {
        lock (_lock)
        {
            var folder = Encoding.UTF8.GetString(path);
            var answer = Next(folder);
            if (answer == Answer.Fail)
            {
                return Error(Errno.EIO);
            }

            _undo.RemoveAll(undo => undo.Folder == folder);
            return answer == Answer.Go ? 0 : Error(Errno.EIO);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _all.ForEach(file => file.Dispose());

    private SafeFileHandle Remembered(int file)
    {
        var own = File.OpenHandle($"/proc/self/fd/{file}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        _all.Add(own);
        return own;
    }

    private static bool IsSame(SafeFileHandle own, int file) =>
        Posix.Stat((int)own.DangerousGetHandle(), out var left) >= 0 && Posix.Stat(file, out var right) >= 0
        && left.Device == right.Device && left.Inode == right.Inode;

    private Answer Next(string path)
    {
        if (_within is not null && !path.StartsWith(_within, StringComparison.Ordinal))
        {
            return Answer.Go;
        }

        Calls++;
        if (Calls == _failAt)
        {
            FailedAt = path;
            OnFault?.Invoke();
        }

        return _failAt == 0 || Calls < _failAt ? Answer.Go : (_fault, Calls == _failAt || _lasts) switch
        {
            (DiskFault.InputOutputError or DiskFault.NoSpace, true) => Answer.Fail,
            (DiskFault.Torn, true) => Answer.FailAfter,
            (DiskFault.InputOutputError or DiskFault.NoSpace or DiskFault.Torn, false) => Answer.Go,
            (_, var isFirst) => isFirst ? Answer.FailAfter : Answer.Fail,
        };
    }

    private int Error(int torn) => _fault switch
    {
        DiskFault.NoSpace => -Errno.ENOSPC,
        DiskFault.Torn => -torn,
        _ => -Errno.EIO,
    };

    private int Named(ReadOnlySpan<byte> path, Func<int> call, Action undo)
    {
        lock (_lock)
        {
            var name = Encoding.UTF8.GetString(path);
            var answer = Next(name);
            if (answer == Answer.Fail)
            {
                return Error(Errno.EIO);
            }

            var result = call();
            if (result >= 0)
            {
                _undo.Add(new(_ => undo(), Folder: Path.GetDirectoryName(name)));
            }

            if (answer == Answer.Go)
            {
                return result;
            }

            if (result > 0)
            {
                _ = Posix.Close(result); // A descriptor that nobody hears of.
            }

            return Error(Errno.EIO);
        }
    }

    private void Remember(SafeFileHandle file, long offset, int count)
    {
        var length = RandomAccess.GetLength(file);
        var old = new byte[Math.Clamp(length - offset, 0, count)];
        _ = RandomAccess.Read(file, old, offset);

        // What a failed flush lost is there again when it is written again.
        _undo.RemoveAll(undo => undo.File == file && undo.IsLost && undo.Offset >= offset && undo.Offset + undo.Count <= offset + count);
        _undo.Add(new(isTorn =>
        {
            var from = isTorn ? count / 2 : 0;
            if (from < old.Length)
            {
                RandomAccess.Write(file, old.AsSpan(from), offset + from);
            }

            var end = Math.Max(length, offset + from);
            if (isTorn && count % 2 == 0)
            {
                RandomAccess.SetLength(file, end);
                RandomAccess.SetLength(file, Math.Max(end, offset + count)); // The rest are zeros.
                return;
            }

            RandomAccess.SetLength(file, end);
        }, File: file, Offset: offset, Count: count));
    }

    private string? Keep(ReadOnlySpan<byte> path)
    {
        lock (_lock)
        {
            var kept = Path.Combine(spare, $"{++_spares}");
            return base.Link(path, Encoding.UTF8.GetBytes(kept)) >= 0 ? kept : null;
        }
    }

    private void PutBack(string? kept, byte[] name)
    {
        if (kept is not null)
        {
            _ = base.Link(Encoding.UTF8.GetBytes(kept), name);
        }
    }

    private sealed record Undo(Action<bool> Do, SafeFileHandle? File = null, string? Folder = null, long Offset = 0, int Count = 0)
    {
        public bool IsLost { get; set; }
    }
}
