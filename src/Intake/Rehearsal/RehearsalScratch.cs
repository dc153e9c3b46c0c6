using System.Security.Cryptography;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// The one folder that a rehearsal writes to: in memory where there is any, empty at the beginning and gone at the end. One that a killed
/// rehearsal left is removed by the next: a lock on the folder, which ends with the process, tells which those are.
/// </summary>
internal sealed class RehearsalScratch : IDisposable
{
    private const string Prefix = "asl-rehearsal-";
    private const long MemoryMagic = 0x01021994; // tmpfs: statfs(2)
    private const uint OwnerOnly = 0x1c0;
    private readonly SafeFileHandle _lock;

    private RehearsalScratch(string folder, SafeFileHandle @lock) => (Folder, _lock) = (folder, @lock);

    /// <summary>No rehearsal needs more room than this, in bytes.</summary>
    internal const long BytesMax = 48 << 20;

    /// <summary>The folder.</summary>
    internal string Folder { get; }

    /// <summary>Makes one: in the first of these places that takes it.</summary>
    /// <exception cref="AslException">RuntimeUnwritable: none does.</exception>
    internal static RehearsalScratch Make(IntakePaths paths)
    {
        string[] memory = [paths.Volatile, "/dev/shm"];
        return memory.Where(IsMemory).Select(TryMake).FirstOrDefault(made => made is not null)
            ?? TryMake(paths.Runtime, mustExist: false)
            ?? throw new AslException(new AslError(ErrorCode.RuntimeUnwritable, "there is no room to rehearse in")
            {
                Where = string.Join(", ", memory.Append(paths.Runtime)),
                Why = $"none of these takes {BytesMax >> 20} MiB for a while",
                Fix = "make room in one of them, or rehearse as root",
            });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SyntheticSource.Remove(Folder);
        _lock.Dispose();
    }

    private static bool IsMemory(string place)
    {
        var folder = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(place), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (folder < 0)
        {
            return false;
        }

        using var handle = Posix.Own(folder);
        return Posix.FileSystemType(folder) == MemoryMagic;
    }

    private static RehearsalScratch? TryMake(string place) => TryMake(place, mustExist: true);

    private static RehearsalScratch? TryMake(string place, bool mustExist)
    {
        try
        {
            _ = mustExist ? null : Directory.CreateDirectory(place);
            Sweep(place);
            var folder = Path.Combine(place, Prefix + RandomNumberGenerator.GetHexString(16, lowercase: true));
            return new DriveInfo(place).AvailableFreeSpace >= BytesMax && Posix.MakeDirectoryAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(folder), OwnerOnly) >= 0
                ? new(folder, TryLock(folder)!)
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Sweep(string place)
    {
        // One that is being made at this moment is not locked yet.
        foreach (var left in Directory.GetDirectories(place, Prefix + "*").Where(left => DateTime.UtcNow - Directory.GetLastWriteTimeUtc(left) > TimeSpan.FromMinutes(1)))
        {
            using var held = TryLock(left);
            if (held is not null)
            {
                SyntheticSource.Remove(left);
            }
        }
    }

    /// <summary>Null where another process holds it, or it is another user's.</summary>
    private static SafeFileHandle? TryLock(string folder)
    {
        var file = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(folder), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (file < 0)
        {
            return null;
        }

        var handle = Posix.Own(file);
        if (Posix.TryLock(file) >= 0)
        {
            return handle;
        }

        handle.Dispose();
        return null;
    }
}
