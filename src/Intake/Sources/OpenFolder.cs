using System.Collections.Concurrent;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>
/// The folders that an ingest has open. Each is closed by whoever lets go of it last; those that nobody let go of, because the ingest
/// failed with steps on their way, are closed in the end: the process goes on and tries again.
/// </summary>
internal sealed class OpenFolders : IDisposable
{
    private readonly ConcurrentDictionary<OpenFolder, bool> _open = [];

    /// <summary>Takes a descriptor over; whoever asked for it has one share in it.</summary>
    internal OpenFolder Own(int descriptor)
    {
        var folder = new OpenFolder(descriptor, this);
        _open[folder] = true;
        return folder;
    }

    internal void Forget(OpenFolder folder) => _open.TryRemove(folder, out _);

    /// <summary>No thread may use any of them any more.</summary>
    public void Dispose()
    {
        foreach (var folder in _open.Keys)
        {
            _ = Posix.Close(folder.Descriptor);
        }

        _open.Clear();
    }
}

/// <summary>
/// An open folder of a source, shared by the walker and by the workers that open files in it: closed when the last of them lets go.
/// </summary>
internal sealed class OpenFolder(int descriptor, OpenFolders? all = null)
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
            all?.Forget(this);
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
