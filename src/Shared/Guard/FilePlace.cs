using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>
/// Where a file or directory lies, told by file system and by the path inside it, so that two names of one place (bind mounts,
/// subvolumes) are found equal.
/// </summary>
/// <param name="FileSystem">"8:1", "0:45": the kernel's number of the file system.</param>
/// <param name="Path">From the root of the file system.</param>
public sealed record FilePlace(string FileSystem, string Path)
{
    /// <summary>The place of a resolved path that lies on a mount.</summary>
    public static FilePlace Of(Mount mount, string path)
    {
        var rest = mount.Point == "/" ? path : path[mount.Point.Length..];
        return new FilePlace(mount.Number, Trim(mount.Root.TrimEnd('/') + rest));
    }

    /// <summary>Whether another place is this one or lies below it.</summary>
    public bool Holds(FilePlace other) => FileSystem == other.FileSystem && MountTable.IsAtOrBelow(other.Path, Path);

    private static string Trim(string path) => path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/";
}
