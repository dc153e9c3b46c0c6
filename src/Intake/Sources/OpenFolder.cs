using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>
/// An open folder of a source, shared by the walker and by the workers that open files in it: closed when the last of them lets go.
/// </summary>
internal sealed class OpenFolder(int descriptor)
{
    private int _users = 1;

    internal int Descriptor { get; } = descriptor;

    /// <summary>Takes a share; the caller has or is given one already.</summary>
    internal OpenFolder Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>Gives a share back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _ = Posix.Close(Descriptor);
        }
    }

    /// <summary>Opens something below, read-only and without touching its access time where the system allows that.</summary>
    /// <returns>A descriptor, or a negative errno.</returns>
    internal static int OpenBelow(int folder, ReadOnlySpan<byte> name, OpenFlags extra)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.NoFollow | extra;
        var result = Posix.OpenAt(folder, name, flags | OpenFlags.NoAccessTime);

        // O_NOATIME is for the owner and for those who may act as the owner; the others' reads leave a trace or fail.
        return result == -Errno.EPERM ? Posix.OpenAt(folder, name, flags) : result;
    }
}
