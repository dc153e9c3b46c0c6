using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Intake;

/// <summary>One intake on a machine: an advisory lock that the kernel takes back when the process ends, however it ends.</summary>
public sealed class IntakeLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private IntakeLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes it, or says who has it.</summary>
    /// <exception cref="AslException">IntakeBusy; RuntimeUnwritable.</exception>
    /// <param name="path">Its file.</param>
    /// <param name="calls">How its folder is made.</param>
    public static IntakeLock Take(string path, FileCalls calls)
    {
        if (StateFiles.MakeFolders(calls, Path.GetDirectoryName(path)!) is var made and < 0)
        {
            throw Unwritable(path, made);
        }

        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        if (descriptor < 0)
        {
            throw Unwritable(path, descriptor);
        }

        var file = Posix.Own(descriptor);
        var result = Posix.TryLock(descriptor);
        if (result == 0)
        {
            return new IntakeLock(file);
        }

        file.Dispose();
        throw result == -Errno.EAGAIN ? Busy(path) : Unwritable(path, result);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static AslException Busy(string path) => new(new AslError(ErrorCode.IntakeBusy, "another intake runs on this machine")
    {
        Where = path,
        Why = "it holds the lock",
        Fix = "asl-intake status   (shows it); asl-intake add SOURCE gives it more to do; asl-intake cancel ends it",
    });

    private static AslException Unwritable(string path, int errno) => StateFiles.Unwritable("the lock of intake cannot be taken", path, errno);
}
