using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>The kernel's struct statx (linux/stat.h), 256 bytes; only the fields that are read have names.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct FileStatus
{
    /// <summary>STATX_BASIC_STATS and STATX_BTIME.</summary>
    internal const uint Wanted = 0xfff;

    private const uint BirthTimeBit = 0x800;

    [FieldOffset(0)]
    private uint _mask;

    [FieldOffset(16)]
    private uint _linkCount;

    [FieldOffset(20)]
    private uint _user;

    [FieldOffset(24)]
    private uint _group;

    [FieldOffset(28)]
    private ushort _mode;

    [FieldOffset(32)]
    private ulong _inode;

    [FieldOffset(40)]
    private ulong _size;

    [FieldOffset(48)]
    private ulong _blocks;

    [FieldOffset(64)]
    private Timestamp _access;

    [FieldOffset(80)]
    private Timestamp _birth;

    [FieldOffset(96)]
    private Timestamp _change;

    [FieldOffset(112)]
    private Timestamp _modification;

    [FieldOffset(128)]
    private uint _nodeMajor;

    [FieldOffset(132)]
    private uint _nodeMinor;

    [FieldOffset(136)]
    private uint _deviceMajor;

    [FieldOffset(140)]
    private uint _deviceMinor;

    public readonly uint LinkCount => _linkCount;

    public readonly uint User => _user;

    public readonly uint Group => _group;

    /// <summary>Type and permission bits, as in st_mode.</summary>
    public readonly uint Mode => _mode;

    public readonly FileKind Kind => (FileKind)(_mode & 0xf000);

    /// <summary>The lower twelve bits: permissions, set-user-id, set-group-id, sticky.</summary>
    public readonly uint Permissions => _mode & 0xfffu;

    public readonly ulong Inode => _inode;

    /// <summary>Bytes.</summary>
    public readonly long Size => (long)_size;

    /// <summary>Allocated units of 512 bytes.</summary>
    public readonly long Blocks => (long)_blocks;

    public readonly FileTime AccessTime => _access.Value;

    public readonly FileTime ChangeTime => _change.Value;

    public readonly FileTime ModificationTime => _modification.Value;

    /// <summary>When the file system says the inode was made; null where it does not say.</summary>
    public readonly FileTime? BirthTime => (_mask & BirthTimeBit) != 0 ? _birth.Value : null;

    /// <summary>For device nodes: which device they stand for.</summary>
    public readonly (uint Major, uint Minor) Node => (_nodeMajor, _nodeMinor);

    /// <summary>The device that holds the inode.</summary>
    public readonly (uint Major, uint Minor) Device => (_deviceMajor, _deviceMinor);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timestamp
    {
        private long _seconds;
        private uint _nanoseconds;
        private int _reserved;

        public readonly FileTime Value => new(_seconds, _nanoseconds);
    }
}

/// <summary>A point in time as file systems keep it: whole seconds since 1970 (negative before) and 0 to 999,999,999 ns more.</summary>
public readonly record struct FileTime(long Seconds, uint Nanoseconds) : IComparable<FileTime>
{
    /// <summary>utimensat's "leave this one alone".</summary>
    public static FileTime Omit => new(0, (1 << 30) - 2);

    public static FileTime From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTime.UnixEpoch.Ticks;
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return rest < 0 ? new(seconds - 1, (uint)(rest + TimeSpan.TicksPerSecond) * 100) : new(seconds, (uint)rest * 100);
    }

    public int CompareTo(FileTime other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(FileTime left, FileTime right) => left.CompareTo(right) < 0;

    public static bool operator >(FileTime left, FileTime right) => left.CompareTo(right) > 0;

    public static bool operator <=(FileTime left, FileTime right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FileTime left, FileTime right) => left.CompareTo(right) >= 0;
}

/// <summary>The type bits of st_mode.</summary>
public enum FileKind
{
    Unknown = 0,
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    SymbolicLink = 0xa000,
    Socket = 0xc000,
}
