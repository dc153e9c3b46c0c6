using System.Runtime.InteropServices;

namespace AslRescue.LibAsl.Abi;

// The structs of asl.h, member by member in its order; a test compiles the header and compares. What the members mean stands there.

/// <summary>asl_error_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ErrorInfo
{
    public uint StructSize;
    public int Code;
    public int ExitCode;
    public int IsPermanent;
    public int SystemError;
    public int Reserved;
    public ulong Offset;
    public ulong Length;
}

/// <summary>asl_open_options</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OpenOptions
{
    public uint StructSize;
    public uint TimeoutSeconds;
    public byte* TokenFile;
    public byte* Pin;
    public byte* CaFile;
    public byte* CertificateFile;
    public byte* KeyFile;
    public byte* Proxy;
}

/// <summary>asl_snapshot_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SnapshotInfo
{
    public uint StructSize;
    public uint SourceCount;
    public long StartedSeconds;
    public long CreatedSeconds;
    public uint StartedNanoseconds;
    public uint CreatedNanoseconds;
    public ulong Entries;
    public ulong Files;
    public ulong Directories;
    public ulong SourceBytes;
    public ulong ReadBytes;
    public ulong UnchangedFiles;
    public ulong AddedArtifacts;
    public ulong AddedRawBytes;
    public ulong AddedStoredBytes;
    public ulong BadBytes;
    public ulong Problems;
    public fixed byte Id[72];
    public fixed byte Root[72];
    public fixed byte Domain[136];
    public fixed byte Run[136];
}

/// <summary>asl_source_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SourceInfo
{
    public uint StructSize;
    public int Kind;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public long FileSystem;
    public uint Flags;
    public uint LogicalSector;
    public uint PhysicalSector;
    public uint Reserved;
    public ulong Size;
    public ulong Start;
    public fixed byte Sha256[72];
    public fixed byte Parent[72];
}

/// <summary>asl_node_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NodeInfo
{
    public uint StructSize;
    public int Kind;
    public uint Mode;
    public uint User;
    public uint Group;
    public uint Problems;
    public long ModifiedSeconds;
    public uint ModifiedNanoseconds;
    public uint AttributeCount;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public ulong Size;
    public uint TargetLength;
    public uint HardLinkLength;
    public uint NameLength;
    public uint Reserved;
    public fixed byte Name[256];
}

/// <summary>asl_extent</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Extent
{
    public ulong Offset;
    public ulong Length;
    public int Kind;
    public int Error;
    public fixed byte Key[32];
}

/// <summary>asl_verification_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VerificationInfo
{
    public uint StructSize;
    public uint FindingsKept;
    public ulong Findings;
    public ulong Segments;
    public ulong SegmentsAll;
    public ulong Blocks;
    public ulong BlocksAll;
    public ulong Artifacts;
    public ulong Entries;
    public ulong DataBytes;
}
