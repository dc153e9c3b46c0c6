namespace AslRescue.Shared.Mounts;

/// <summary>A line of /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
/// <param name="Point">Where it is mounted.</param>
/// <param name="FileSystem">"ext4", "zfs", "tmpfs", …</param>
/// <param name="Source">The device, or what the file system calls its source: of zfs the dataset.</param>
public sealed record Mount(string Point, string FileSystem, string Source)
{
    /// <summary>The kernel's number of this mount.</summary>
    public string Id { get; init; } = "";

    /// <summary>The mount on which its mount point lies.</summary>
    public string ParentId { get; init; } = "";

    /// <summary>Major and minor number of the file system, "8:1". Those with major 0 (btrfs, zfs, overlay, tmpfs) have no device of their own.</summary>
    public string Number { get; init; } = "";

    /// <summary>Which directory of the file system is seen there: "/" unless it is a bind mount or a subvolume.</summary>
    public string Root { get; init; } = "/";

    /// <summary>Options of this one mount.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Options of the file system itself.</summary>
    public IReadOnlyList<string> SuperOptions { get; init; } = [];

    /// <summary>Whether nothing can be written through this mount: the mount or the file system refuses.</summary>
    public bool IsReadOnly => Options.Contains("ro") || IsFileSystemReadOnly;

    /// <summary>
    /// Whether the file system itself refuses writing. Preflight asks this: the sandbox of its unit mounts everything read-only for
    /// it, which says nothing about what intake may do. A read-only bind mount is thus not seen; intake finds it when it opens the
    /// backend.
    /// </summary>
    public bool IsFileSystemReadOnly => SuperOptions.Contains("ro");
}
