using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>What open(2) may be asked for. The values are ours; <see cref="OpenFlagsExtensions"/> turns them into the machine's.</summary>
[Flags]
public enum OpenFlags
{
    ReadOnly = 0,
    WriteOnly = 1,
    ReadWrite = 2,
    Create = 4,
    Exclusive = 8,
    Truncate = 16,
    Directory = 32,
    NoFollow = 64,
    NoAccessTime = 128,
    NonBlocking = 256,

    /// <summary>Past the page cache; buffers, offsets and lengths must be aligned.</summary>
    Direct = 512,
}

internal static class OpenFlagsExtensions
{
    private const int CloseOnExec = 0x80000;

    /// <summary>O_DIRECTORY, O_NOFOLLOW and O_DIRECT differ between x86 and ARM.</summary>
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int Native(this OpenFlags flags) =>
        CloseOnExec
        | ((int)flags & 3)
        | (flags.HasFlag(OpenFlags.Create) ? 0x40 : 0)
        | (flags.HasFlag(OpenFlags.Exclusive) ? 0x80 : 0)
        | (flags.HasFlag(OpenFlags.Truncate) ? 0x200 : 0)
        | (flags.HasFlag(OpenFlags.NonBlocking) ? 0x800 : 0)
        | (flags.HasFlag(OpenFlags.Directory) ? IsArm ? 0x4000 : 0x10000 : 0)
        | (flags.HasFlag(OpenFlags.Direct) ? IsArm ? 0x10000 : 0x4000 : 0)
        | (flags.HasFlag(OpenFlags.NoFollow) ? IsArm ? 0x8000 : 0x20000 : 0)
        | (flags.HasFlag(OpenFlags.NoAccessTime) ? 0x40000 : 0);
}
