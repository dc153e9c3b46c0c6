
namespace AslRescue.Shared.Interop;

/// <summary>
/// The calls by which files that must outlive a power cut are written: nothing durable is written by any other. Tests put a class of
/// their own in its place, which fails the n-th call or forgets what was not flushed.
/// </summary>
/// <remarks>Any thread. As in <see cref="Posix"/>, a failure is a negative errno and nothing is thrown. Names are paths.</remarks>
public class FileCalls
{
    private const uint FolderMode = 0x1c0; // rwx for the owner

    protected FileCalls()
    {
    }

    /// <summary>The kernel's.</summary>
    public static FileCalls Kernel { get; } = new();

    /// <summary>Makes and opens a file whose name must be free. Returns its descriptor.</summary>
    public virtual int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode) =>
        Posix.OpenAt(Posix.WorkingDirectory, path, flags | OpenFlags.Create | OpenFlags.Exclusive, mode);

    /// <summary>Opens a file that is there, to read it and to write on. Returns its descriptor.</summary>
    public virtual int Open(ReadOnlySpan<byte> path) => Posix.OpenAt(Posix.WorkingDirectory, path, OpenFlags.ReadWrite);

    /// <summary>Reserves room for the first bytes of a file, as far as the file system can; its length stays.</summary>
    public virtual int Reserve(int file, long bytes) => Posix.Reserve(file, bytes);

    /// <summary>Writes everything. Returns 0.</summary>
    public virtual int Write(int file, ReadOnlySpan<byte> content, long offset) => Posix.WriteAll(file, content, offset);

    /// <summary>Makes what was written durable.</summary>
    public virtual int Flush(int file) => Posix.Flush(file);

    /// <summary>Gives a file a second name, which must be free.</summary>
    public virtual int Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        Posix.LinkAt(Posix.WorkingDirectory, from, Posix.WorkingDirectory, to);

    /// <summary>Gives a file another name; what had that name is gone.</summary>
    public virtual int Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        Posix.RenameAt(Posix.WorkingDirectory, from, Posix.WorkingDirectory, to);

    /// <summary>Gives a file another name, which must be free; for file systems that know no second names.</summary>
    public virtual int RenameNew(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        Posix.RenameAt(Posix.WorkingDirectory, from, Posix.WorkingDirectory, to, replaces: false);

    /// <summary>Takes a name away.</summary>
    public virtual int Unlink(ReadOnlySpan<byte> path) => Posix.UnlinkAt(Posix.WorkingDirectory, path);

    /// <summary>Makes a folder for its owner alone.</summary>
    public virtual int MakeFolder(ReadOnlySpan<byte> path) => Posix.MakeDirectoryAt(Posix.WorkingDirectory, path, FolderMode);

    /// <summary>Makes the names in a folder durable.</summary>
    public virtual int FlushFolder(ReadOnlySpan<byte> path) => Posix.FlushFolder(path);
}
