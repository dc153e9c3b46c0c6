using System.Text;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Testing;

/// <summary>What happens at the call that is to fail.</summary>
public enum DiskFault
{
    /// <summary>The call does nothing and answers EIO. Of a flush: what it was to make durable never will be, as Linux has it.</summary>
    InputOutputError,

    /// <summary>The call does nothing and answers ENOSPC.</summary>
    NoSpace,

    /// <summary>A write gets half of its bytes down and answers ENOSPC; any other call does its work and answers EIO.</summary>
    Torn,

    /// <summary>The process is killed, in the middle of a write: nothing works any more, what reached the kernel stays.</summary>
    Kill,

    /// <summary>The power is cut: what was not flushed is gone, bytes and names.</summary>
    PowerCut,

    /// <summary>The power is cut: names are there, of the bytes that were not flushed half, the rest are zeros or missing.</summary>
    PowerCutTorn,
}

/// <summary>
/// Real files, and a record of what of them would outlive a power cut: bytes after a flush of their file, names after a flush of
/// their folder. One call can be made to fail, counted from 1.
/// </summary>
/// <remarks>Any thread. Undone is in the reverse of the order in which it was done. Reads are not seen, as a disk's cache answers them.</remarks>
/// <param name="spare">A folder on the same file system, for files whose names are gone and may come back.</param>
public sealed class CrashingFileSystem(string spare) : FileCalls, IDisposable
{
    private const uint OwnerReadsAndWrites = 0x180;
    private readonly Lock _lock = new();
    private readonly List<Undo> _undo = [];
    private readonly Dictionary<int, SafeFileHandle> _files = [];
    private readonly List<SafeFileHandle> _all = [];
    private DiskFault _fault;
    private int _failAt;
    private int _spares;

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

    /// <summary>Counts from 0 again and lets one call fail; 0: none.</summary>
    public void Arm(DiskFault fault, int failAt)
    {
        lock (_lock)
        {
            (_fault, _failAt, Calls) = (fault, failAt, 0);
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

    public override int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode)
    {
        // Reads too, to know what a write replaces, and so never past the cache.
        var name = Encoding.UTF8.GetString(path);
        return Named(path, () =>
        {
            var file = base.Create(Encoding.UTF8.GetBytes(name), OpenFlags.ReadWrite, mode | OwnerReadsAndWrites);
            if (file >= 0)
            {
                var own = File.OpenHandle($"/proc/self/fd/{file}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                _files[file] = own;
                _all.Add(own);
            }

            return file;
        }, () => File.Delete(name));
    }

    public override int Write(int file, ReadOnlySpan<byte> content, long offset)
    {
        lock (_lock)
        {
            var answer = Next();
            var count = answer == Answer.Go ? content.Length : answer == Answer.FailAfter ? content.Length / 2 : 0;
            if (count > 0)
            {
                Remember(_files[file], offset, count);
                _ = base.Write(file, content[..count], offset);
            }

            return answer == Answer.Go ? 0 : Error(Errno.ENOSPC);
        }
    }

    public override int Flush(int file)
    {
        lock (_lock)
        {
            var (answer, own) = (Next(), _files[file]);
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

    public override int Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        byte[] source = [.. from], target = [.. to];
        return Named(to, () => base.Link(source, target), () => File.Delete(Encoding.UTF8.GetString(target)));
    }

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

    public override int Unlink(ReadOnlySpan<byte> path)
    {
        byte[] name = [.. path];
        var kept = Keep(path);
        return Named(path, () => base.Unlink(name), () => PutBack(kept, name));
    }

    public override int MakeFolder(ReadOnlySpan<byte> path)
    {
        byte[] name = [.. path];
        return Named(path, () => base.MakeFolder(name), () => Directory.Delete(Encoding.UTF8.GetString(name), recursive: true));
    }

    public override int FlushFolder(ReadOnlySpan<byte> path)
    {
        lock (_lock)
        {
            var (answer, folder) = (Next(), Encoding.UTF8.GetString(path));
            if (answer == Answer.Fail)
            {
                return Error(Errno.EIO);
            }

            _undo.RemoveAll(undo => undo.Folder == folder);
            return answer == Answer.Go ? 0 : Error(Errno.EIO);
        }
    }

    public void Dispose() => _all.ForEach(file => file.Dispose());

    private Answer Next()
    {
        Calls++;
        return _failAt == 0 || Calls < _failAt ? Answer.Go : (_fault, Calls == _failAt) switch
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
            var answer = Next();
            if (answer == Answer.Fail)
            {
                return Error(Errno.EIO);
            }

            var result = call();
            if (result >= 0)
            {
                _undo.Add(new(_ => undo(), Folder: Path.GetDirectoryName(Encoding.UTF8.GetString(path))));
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
