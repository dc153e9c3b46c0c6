using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[module: System.Runtime.CompilerServices.SkipLocalsInit]

namespace AslRescue.Shared.Interop;

/// <summary>
/// The Linux calls that System.IO cannot stand in for: names as raw bytes, paths relative to an open folder (so no path is ever
/// too long and none can be swapped underneath), all metadata, and flushing of directories.
/// </summary>
/// <remarks>
/// Every method returns a negative errno on failure and never throws: the caller knows what the failure means. Calls that a
/// signal interrupted are repeated. Names are raw bytes without a terminating zero; a name that holds a zero gives -EINVAL.
/// Only Linux on x86-64 and arm64, glibc 2.34 or newer: the layouts below are theirs.
/// </remarks>
public static unsafe partial class Posix
{
    /// <summary>"Relative to the working directory", for the folder argument of the *At calls.</summary>
    public const int WorkingDirectory = -100;

    private const int NameBytesMax = 4096;
    private const int AtSymlinkNoFollow = 0x100;
    private const int AtEmptyPath = 0x1000;

    /// <summary>openat(2). O_CLOEXEC is always added.</summary>
    public static int OpenAt(int folder, ReadOnlySpan<byte> name, OpenFlags flags, uint mode = 0)
    {
        Span<byte> path = stackalloc byte[NameBytesMax];
        if (!Terminate(name, path))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = path)
        {
            int result;
            do
            {
                result = openat(folder, pointer, flags.Native(), mode);
            }
            while (result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            return result < 0 ? -Marshal.GetLastPInvokeError() : result;
        }
    }

    /// <summary>close(2); the descriptor is gone whatever it returns.</summary>
    public static int Close(int file) => Result(close(file));

    /// <summary>mmap(2) of memory that is nobody else's and zero at first; null when there is none.</summary>
    internal static byte* MapMemory(int length)
    {
        const int ReadWrite = 3;
        const int PrivateAnonymous = 0x22;
        var start = mmap(null, length, ReadWrite, PrivateAnonymous, -1, 0);
        return (nint)start == -1 ? null : (byte*)start;
    }

    /// <summary>munmap(2) of what <see cref="MapMemory"/> gave.</summary>
    internal static void UnmapMemory(byte* start, int length) => _ = munmap(start, length);

    /// <summary>pread(2): fewer bytes than asked for are possible, 0 means the end.</summary>
    public static long Read(int file, Span<byte> buffer, long offset)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                var result = pread(file, pointer, buffer.Length, offset);
                if (result >= 0)
                {
                    return result;
                }

                var error = Marshal.GetLastPInvokeError();
                if (error != Errno.EINTR)
                {
                    return -error;
                }
            }
        }
    }

    /// <summary>pwrite(2), repeated until everything is written. Returns 0.</summary>
    public static int WriteAll(int file, ReadOnlySpan<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            long result;
            fixed (byte* pointer = buffer)
            {
                result = pwrite(file, pointer, buffer.Length, offset);
            }

            if (result < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error != Errno.EINTR)
                {
                    return -error;
                }

                continue;
            }

            buffer = buffer[(int)result..];
            offset += result;
        }

        return 0;
    }

    /// <summary>The next data at or after <paramref name="offset"/>; -ENXIO when only a hole follows.</summary>
    public static long SeekData(int file, long offset) => Result(lseek(file, offset, 3));

    /// <summary>The next hole at or after <paramref name="offset"/>; the end of a file counts as one.</summary>
    public static long SeekHole(int file, long offset) => Result(lseek(file, offset, 4));

    /// <summary>statx(2) on an entry of a folder, without following a link and without mounting anything.</summary>
    public static int StatAt(int folder, ReadOnlySpan<byte> name, out FileStatus status)
    {
        Span<byte> path = stackalloc byte[NameBytesMax];
        if (!Terminate(name, path))
        {
            status = default;
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = path)
        fixed (FileStatus* target = &status)
        {
            const int atNoAutomount = 0x800;
            return Result(statx(folder, pointer, AtSymlinkNoFollow | atNoAutomount, FileStatus.Wanted, target));
        }
    }

    /// <summary>statx(2) on an open file.</summary>
    public static int Stat(int file, out FileStatus status)
    {
        byte empty = 0;
        fixed (FileStatus* target = &status)
        {
            return Result(statx(file, &empty, AtEmptyPath, FileStatus.Wanted, target));
        }
    }

    /// <summary>getdents64(2): fills <paramref name="buffer"/> with raw records, 0 at the end. See <see cref="DirectoryRecords"/>.</summary>
    public static int ReadDirectory(int folder, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            return (int)Result(getdents64(folder, pointer, buffer.Length));
        }
    }

    /// <summary>readlinkat(2): the length of the target; equal to the buffer's length when it may have been cut.</summary>
    public static int ReadLinkAt(int folder, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        Span<byte> path = stackalloc byte[NameBytesMax];
        if (!Terminate(name, path))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = path)
        fixed (byte* target = buffer)
        {
            return (int)Result(readlinkat(folder, pointer, target, buffer.Length));
        }
    }

    public static int MakeDirectoryAt(int folder, ReadOnlySpan<byte> name, uint mode) =>
        OnName(name, pointer => mkdirat(folder, (byte*)pointer, mode));

    /// <summary>mknodat(2) for fifos, sockets and devices; <paramref name="mode"/> holds the type bits.</summary>
    public static int MakeNodeAt(int folder, ReadOnlySpan<byte> name, uint mode, uint major, uint minor) =>
        OnName(name, pointer => mknodat(folder, (byte*)pointer, mode, MakeDevice(major, minor)));

    public static int MakeSymbolicLinkAt(ReadOnlySpan<byte> target, int folder, ReadOnlySpan<byte> name)
    {
        Span<byte> content = stackalloc byte[NameBytesMax];
        if (!Terminate(target, content))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = content)
        {
            var address = (nint)pointer;
            return OnName(name, path => symlinkat((byte*)address, folder, (byte*)path));
        }
    }

    /// <summary>linkat(2) without following symbolic links.</summary>
    public static int LinkAt(int fromFolder, ReadOnlySpan<byte> from, int toFolder, ReadOnlySpan<byte> to)
    {
        Span<byte> source = stackalloc byte[NameBytesMax];
        if (!Terminate(from, source))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = source)
        {
            var address = (nint)pointer;
            return OnName(to, path => linkat(fromFolder, (byte*)address, toFolder, (byte*)path, 0));
        }
    }

    public static int RenameAt(int fromFolder, ReadOnlySpan<byte> from, int toFolder, ReadOnlySpan<byte> to, bool replaces = true)
    {
        const uint noReplace = 1; // RENAME_NOREPLACE
        Span<byte> source = stackalloc byte[NameBytesMax];
        if (!Terminate(from, source))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = source)
        {
            var address = (nint)pointer;
            return OnName(to, path => renameat2(fromFolder, (byte*)address, toFolder, (byte*)path, replaces ? 0 : noReplace));
        }
    }

    public static int UnlinkAt(int folder, ReadOnlySpan<byte> name) =>
        OnName(name, pointer => unlinkat(folder, (byte*)pointer, 0));

    /// <summary>Sets the owner of an entry without following a link.</summary>
    public static int ChangeOwnerAt(int folder, ReadOnlySpan<byte> name, uint user, uint group) =>
        OnName(name, pointer => fchownat(folder, (byte*)pointer, user, group, AtSymlinkNoFollow));

    public static int ChangeOwner(int file, uint user, uint group) => Result(fchown(file, user, group));

    /// <summary>Sets the permission bits of an open file.</summary>
    public static int ChangeMode(int file, uint mode) => Result(fchmod(file, mode));

    /// <summary>Sets the permission bits by name. Follows links: only for what is known to be none.</summary>
    public static int ChangeModeAt(int folder, ReadOnlySpan<byte> name, uint mode) =>
        OnName(name, pointer => fchmodat(folder, (byte*)pointer, mode, 0));

    /// <summary>Sets access and modification time of an entry without following a link.</summary>
    public static int SetTimesAt(int folder, ReadOnlySpan<byte> name, FileTime access, FileTime modification)
    {
        var times = stackalloc long[4] { access.Seconds, access.Nanoseconds, modification.Seconds, modification.Nanoseconds };
        var address = (nint)times;
        return OnName(name, pointer => utimensat(folder, (byte*)pointer, (long*)address, AtSymlinkNoFollow));
    }

    /// <summary>Sets access and modification time of an open file.</summary>
    public static int SetTimes(int file, FileTime access, FileTime modification)
    {
        var times = stackalloc long[4] { access.Seconds, access.Nanoseconds, modification.Seconds, modification.Nanoseconds };
        return Result(futimens(file, times));
    }

    public static int Truncate(int file, long length) => Result(ftruncate(file, length));

    /// <summary>fsync(2), also for directories.</summary>
    public static int Flush(int file) => Result(fsync(file));

    /// <summary>Reserves room for the first bytes of a file without changing its length; 0 also where the file system cannot do that.</summary>
    public static int Reserve(int file, long bytes)
    {
        const int keepSize = 1;
        var result = Result(fallocate(file, keepSize, 0, bytes));
        return result is -Errno.EOPNOTSUPP or -Errno.ENOSYS ? 0 : result;
    }

    /// <summary>
    /// Makes the names in a folder durable: open(2), fsync(2). Some network and FUSE file systems cannot flush a folder and say EINVAL;
    /// they give no promise that could be asked for, so that counts as done.
    /// </summary>
    public static int FlushFolder(ReadOnlySpan<byte> folder)
    {
        var file = OpenAt(WorkingDirectory, folder, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (file < 0)
        {
            return file;
        }

        var result = Flush(file);
        _ = Close(file);
        return result == -Errno.EINVAL ? 0 : result;
    }

    /// <summary>syncfs(2): everything on the file system that holds the open file.</summary>
    public static int FlushFileSystem(int file) => Result(syncfs(file));

    /// <summary>Lets a file that was opened with <see cref="OpenFlags.Direct"/> go through the page cache from now on.</summary>
    public static int EndDirect(int file) => Result(fcntl(file, 4, 0));

    /// <summary>Asks the kernel to forget clean pages of a file, so that the next read comes from the device.</summary>
    public static int DropCache(int file) => -posix_fadvise(file, 0, 0, 4);

    /// <summary>
    /// Takes an exclusive advisory lock; -EWOULDBLOCK when another process has it. It is tried for half a second: a program that the last holder was
    /// starting when it let go has the lock too, until it is executed.
    /// </summary>
    public static int TryLock(int file)
    {
        const int patienceMilliseconds = 500;
        const int pollMilliseconds = 20;
        var result = Result(flock(file, 2 | 4));
        for (var waited = 0; result == -Errno.EAGAIN && waited < patienceMilliseconds; waited += pollMilliseconds)
        {
            Thread.Sleep(pollMilliseconds);
            result = Result(flock(file, 2 | 4));
        }

        return result;
    }

    /// <summary>flistxattr(2): names, each ended by a zero byte. -ERANGE when the buffer is too small.</summary>
    public static int ListAttributes(int file, Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            return (int)Result(flistxattr(file, target, buffer.Length));
        }
    }

    /// <summary>fgetxattr(2). <paramref name="name"/> must end with a zero byte.</summary>
    public static int GetAttribute(int file, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* key = name)
        fixed (byte* target = buffer)
        {
            return (int)Result(fgetxattr(file, key, target, buffer.Length));
        }
    }

    /// <summary>llistxattr(2) on a path; used with /proc/self/fd/N/name for what must not be opened.</summary>
    public static int ListLinkAttributes(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            var (address, length) = ((nint)target, buffer.Length);
            return OnName(path, pointer => (int)llistxattr((byte*)pointer, (byte*)address, length));
        }
    }

    /// <summary>lgetxattr(2). <paramref name="name"/> must end with a zero byte.</summary>
    public static int GetLinkAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* key = name)
        fixed (byte* target = buffer)
        {
            var (keyAddress, address, length) = ((nint)key, (nint)target, buffer.Length);
            return OnName(path, pointer => (int)lgetxattr((byte*)pointer, (byte*)keyAddress, (byte*)address, length));
        }
    }

    /// <summary>fsetxattr(2). <paramref name="name"/> must end with a zero byte.</summary>
    public static int SetAttribute(int file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* key = name)
        fixed (byte* content = value)
        {
            return (int)Result(fsetxattr(file, key, content, value.Length, 0));
        }
    }

    /// <summary>lsetxattr(2). <paramref name="name"/> must end with a zero byte.</summary>
    public static int SetLinkAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* key = name)
        fixed (byte* content = value)
        {
            var (keyAddress, address, length) = ((nint)key, (nint)content, value.Length);
            return OnName(path, pointer => lsetxattr((byte*)pointer, (byte*)keyAddress, (byte*)address, length, 0));
        }
    }

    /// <summary>The magic number of the file system that holds an open file (statfs f_type).</summary>
    public static long FileSystemType(int file)
    {
        var buffer = stackalloc long[32];
        var result = fstatfs(file, buffer);
        return result < 0 ? -Marshal.GetLastPInvokeError() : buffer[0] & 0xffffffff;
    }

    /// <summary>The id of the file system that holds an open file (statfs f_fsid); 0 where it has none. What it is made of is each file system's own matter.</summary>
    public static ulong FileSystemId(int file)
    {
        const int id = 7; // struct statfs: behind type, block size and five counts, of 8 bytes each on x86-64 and arm64
        var buffer = stackalloc long[32];
        return fstatfs(file, buffer) < 0 ? 0 : (ulong)buffer[id];
    }

    /// <summary>
    /// Raises the soft limit of open files to the hard one: a tree is walked with one open folder per level.
    /// Returns the limit that holds afterwards.
    /// </summary>
    public static long RaiseOpenFileLimit()
    {
        const int resource = 7;
        var limit = stackalloc ulong[2];
        if (getrlimit(resource, limit) != 0)
        {
            return 1024;
        }

        limit[0] = limit[1];
        _ = setrlimit(resource, limit);
        return getrlimit(resource, limit) == 0 ? (long)Math.Min(limit[0], long.MaxValue) : 1024;
    }

    /// <summary>The user that this process runs as.</summary>
    public static uint EffectiveUser() => geteuid();

    /// <summary>The number of this process, asked anew each time: another one after a fork, which Environment.ProcessId does not notice.</summary>
    public static int ProcessNumber() => getpid();

    /// <summary>Wraps a descriptor, so that it is closed exactly once.</summary>
    public static SafeFileHandle Own(int file) => new(file, ownsHandle: true);

    private delegate int NameCall(nint name);

    private static int OnName(ReadOnlySpan<byte> name, NameCall call)
    {
        Span<byte> path = stackalloc byte[NameBytesMax];
        if (!Terminate(name, path))
        {
            return -Errno.EINVAL;
        }

        fixed (byte* pointer = path)
        {
            return Result(call((nint)pointer));
        }
    }

    private static bool Terminate(ReadOnlySpan<byte> name, Span<byte> path)
    {
        if (name.IsEmpty || name.Length >= path.Length || name.Contains((byte)0))
        {
            return false;
        }

        name.CopyTo(path);
        path[name.Length] = 0;
        return true;
    }

    private static int Result(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    private static long Result(long result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>glibc's makedev(3).</summary>
    private static ulong MakeDevice(uint major, uint minor) =>
        ((ulong)(major & 0xfffff000) << 32) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & 0xffffff00) << 12) | (minor & 0xff);
}
