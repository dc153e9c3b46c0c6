using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

#pragma warning disable SA1300, IDE1006, CA1401 // these are the C library's names
public static unsafe partial class Posix
{
    private const string C = "libc";

    [LibraryImport(C, SetLastError = true)]
    private static partial int fcntl(int file, int command, int argument);

    [LibraryImport(C, SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport(C, SetLastError = true)]
    private static partial long pread(int file, byte* buffer, nint count, long offset);

    [LibraryImport(C, SetLastError = true)]
    private static partial long pwrite(int file, byte* buffer, nint count, long offset);

    [LibraryImport(C, SetLastError = true)]
    private static partial long lseek(int file, long offset, int whence);

    [LibraryImport(C, SetLastError = true)]
    private static partial void* mmap(void* address, nint length, int protection, int flags, int file, long offset);

    [LibraryImport(C, SetLastError = true)]
    private static partial int munmap(void* address, nint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial int statx(int folder, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport(C, SetLastError = true)]
    private static partial long getdents64(int folder, byte* buffer, nint count);

    [LibraryImport(C, SetLastError = true)]
    private static partial long readlinkat(int folder, byte* path, byte* buffer, nint count);

    [LibraryImport(C, SetLastError = true)]
    private static partial int mkdirat(int folder, byte* path, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int mknodat(int folder, byte* path, uint mode, ulong device);

    [LibraryImport(C, SetLastError = true)]
    private static partial int symlinkat(byte* target, int folder, byte* path);

    [LibraryImport(C, SetLastError = true)]
    private static partial int linkat(int fromFolder, byte* from, int toFolder, byte* to, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int renameat2(int fromFolder, byte* from, int toFolder, byte* to, uint flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int unlinkat(int folder, byte* path, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchownat(int folder, byte* path, uint user, uint group, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchown(int file, uint user, uint group);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchmod(int file, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchmodat(int folder, byte* path, uint mode, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int utimensat(int folder, byte* path, long* times, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int futimens(int file, long* times);

    [LibraryImport(C, SetLastError = true)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fallocate(int file, int mode, long offset, long length);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport(C, SetLastError = true)]
    private static partial int syncfs(int file);

    [LibraryImport(C, SetLastError = true)]
    private static partial int posix_fadvise(int file, long offset, long length, int advice);

    [LibraryImport(C, SetLastError = true)]
    private static partial int flock(int file, int operation);

    [LibraryImport(C, SetLastError = true)]
    private static partial long flistxattr(int file, byte* list, nint size);

    [LibraryImport(C, SetLastError = true)]
    private static partial long fgetxattr(int file, byte* name, byte* value, nint size);

    [LibraryImport(C, SetLastError = true)]
    private static partial long llistxattr(byte* path, byte* list, nint size);

    [LibraryImport(C, SetLastError = true)]
    private static partial long lgetxattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fsetxattr(int file, byte* name, byte* value, nint size, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fstatfs(int file, long* buffer);

    [LibraryImport(C, SetLastError = true)]
    private static partial int ioctl(int file, nuint request, void* argument);

    [LibraryImport(C, SetLastError = true)]
    private static partial int getrlimit(int resource, ulong* limit);

    [LibraryImport(C, SetLastError = true)]
    private static partial int setrlimit(int resource, ulong* limit);

    [LibraryImport(C, SetLastError = true)]
    private static partial uint geteuid();

    [LibraryImport(C)]
    private static partial int getpid();
}
