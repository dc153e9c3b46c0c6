using System.Text;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Mounts;

namespace AslRescue.Intake.Steps;

/// <summary>What is mounted in this process's view.</summary>
public interface IMounts
{
    /// <summary>All mounts.</summary>
    MountTable Read();

    /// <summary>statfs(2)'s f_type of what a path leads to, or a negative errno.</summary>
    long FileSystemType(string path);
}

/// <summary>The kernel's answer.</summary>
public sealed class KernelMounts : IMounts
{
    /// <inheritdoc/>
    public MountTable Read() => MountTable.ReadLive();

    /// <inheritdoc/>
    public long FileSystemType(string path)
    {
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (descriptor < 0)
        {
            return descriptor;
        }

        using var handle = Posix.Own(descriptor);
        return Posix.FileSystemType(descriptor);
    }
}
