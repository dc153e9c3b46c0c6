using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>What must be equal for a file to count as the one that was read before.</summary>
internal readonly record struct SourceIdentity(ulong Inode, long Size, FileTime Modified, FileTime Changed)
{
    internal static SourceIdentity Of(in FileStatus status) => new(status.Inode, status.Size, status.ModificationTime, status.ChangeTime);

    internal static SideRecord Side(in FileStatus status, IReadOnlyList<ContentItem>? children = null) =>
        new(status.Inode, status.ChangeTime, status.BirthTime, children);
}

/// <summary>Makes entries of what the system says.</summary>
internal static class EntryFactory
{
    internal static EntryKind KindOf(in FileStatus status) => status.Kind switch
    {
        FileKind.Regular => EntryKind.File,
        FileKind.Directory => EntryKind.Directory,
        FileKind.SymbolicLink => EntryKind.SymbolicLink,
        FileKind.Fifo => EntryKind.Fifo,
        FileKind.Socket => EntryKind.Socket,
        FileKind.CharacterDevice => EntryKind.CharacterDevice,
        FileKind.BlockDevice => EntryKind.BlockDevice,
        _ => EntryKind.Unknown,
    };

    internal static Entry Of(byte[] name, in FileStatus status) => new()
    {
        Name = name,
        Kind = KindOf(status),
        Permissions = status.Permissions,
        User = status.User,
        Group = status.Group,
        Modified = status.ModificationTime,
        Device = status.Kind is FileKind.CharacterDevice or FileKind.BlockDevice ? status.Node : null,
    };
}
