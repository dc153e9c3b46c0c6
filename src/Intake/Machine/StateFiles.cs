using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Machine;

/// <summary>What the files that intake keeps in /var/lib/asl have in common: how their folders are made, and what it means when one cannot be written.</summary>
internal static class StateFiles
{
    /// <summary>Whether a failure is one that an operator can end by making room: then intake waits for it and does not give up.</summary>
    internal static bool IsWaitedFor(AslError error) => error is { Code: ErrorCode.RuntimeUnwritable, IsPermanent: false };

    /// <summary>Makes a folder and those above it. Names that were made are durable; 0, or a negative errno.</summary>
    internal static int MakeFolders(FileCalls calls, string folder)
    {
        if (Directory.Exists(folder))
        {
            return 0;
        }

        var parent = Path.GetDirectoryName(folder);
        var result = string.IsNullOrEmpty(parent) ? 0 : MakeFolders(calls, parent);
        result = result < 0 ? result : calls.MakeFolder(Encoding.UTF8.GetBytes(folder));
        return result is < 0 and not -Errno.EEXIST || string.IsNullOrEmpty(parent) ? result : calls.FlushFolder(Encoding.UTF8.GetBytes(parent));
    }

    /// <summary>Full, read-only and failing disks may be mended; what forbids writing is not changed by waiting.</summary>
    internal static AslException Unwritable(string what, string where, int errno) => new(new AslError(ErrorCode.RuntimeUnwritable, what)
    {
        Where = where,
        Why = Errno.Text(errno),
        Fix = "make room below /var/lib/asl, or put it on another disk; nothing happens without a journal",
        IsPermanent = -errno is not (Errno.ENOSPC or Errno.EDQUOT or Errno.EROFS or Errno.EIO),
    });
}
