namespace AslRescue.Shared.Mounts;

/// <summary>
/// All mounts that a process sees, in the order in which they were made: a later one hides an earlier one at the same place. Asking
/// this table instead of a path matters: to look at a mount point whose server is gone hangs the caller, for minutes or for ever.
/// </summary>
public sealed class MountTable(IReadOnlyList<Mount> mounts)
{
    private const string OfThisProcess = "/proc/self/mountinfo";
    private const int LayersMax = 8;
    private static readonly string[] InMemory = ["tmpfs", "ramfs", "rootfs"];

    /// <summary>All of them, oldest first.</summary>
    public IReadOnlyList<Mount> Mounts => mounts;

    /// <summary>Where anything is mounted.</summary>
    public IReadOnlySet<string> Points => mounts.Select(mount => mount.Point).ToHashSet(StringComparer.Ordinal);

    /// <summary>What this process sees; empty where there is no /proc.</summary>
    /// <exception cref="IOException">The kernel does not let it be read.</exception>
    public static MountTable ReadLive() => File.Exists(OfThisProcess) ? Read(File.ReadAllText(OfThisProcess)) : new([]);

    /// <summary>Reads mountinfo; lines that are none are skipped.</summary>
    public static MountTable Read(string mountinfo) => new([.. mountinfo.Split('\n').Select(MountLine.Read).OfType<Mount>()]);

    /// <summary>What is mounted exactly there.</summary>
    public Mount? At(string path) => mounts.LastOrDefault(mount => mount.Point == path);

    /// <summary>
    /// What is mounted exactly there and seen there. A folder that is mounted onto itself is nothing: the sandbox of a unit does that
    /// to each path that may be written to (ReadWritePaths=), whether or not anything is mounted there.
    /// </summary>
    public Mount? SeenAt(string path) => Holding(path) is { } mount && mount.Point == path && !IsOntoItself(mount) ? mount : null;

    /// <summary>
    /// The mount that a path lies on, found as the kernel walks it: from the root, each time into the first mount point on the way.
    /// So what is mounted below a folder that was mounted over later is not found. The path must be resolved: a link in it leads
    /// elsewhere.
    /// </summary>
    public Mount? Holding(string path)
    {
        var current = mounts.LastOrDefault(mount => IsAtOrBelow(path, mount.Point) && !mounts.Any(other => other.Id == mount.ParentId));
        for (var steps = 0; current is not null && steps < mounts.Count; steps++)
        {
            var next = mounts.Where(mount => mount.ParentId == current.Id && mount != current && IsAtOrBelow(path, mount.Point))
                .OrderBy(mount => mount.Point.Length).FirstOrDefault();
            if (next is null)
            {
                break;
            }

            current = next;
        }

        return current;
    }

    /// <summary>
    /// Whether what is written there is known to outlast a power-off: true, false, or null when it cannot be told. An overlay
    /// is as lasting as its upper layer, which on a live system is memory.
    /// </summary>
    public bool? IsLasting(string path) => IsLasting(path, 0);

    /// <summary>Whether an absolute path is another one or lies below it; both without links, "." and "..".</summary>
    public static bool IsAtOrBelow(string path, string folder) =>
        folder == "/" || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private bool IsOntoItself(Mount mount) =>
        mounts.FirstOrDefault(other => other.Id == mount.ParentId && other != mount) is { } parent
        && parent.Number == mount.Number
        && mount.Root == Path.Join(parent.Root, Path.GetRelativePath(parent.Point, mount.Point));

    private bool? IsLasting(string path, int layer)
    {
        if (layer > LayersMax || Holding(path) is not { } mount)
        {
            return null;
        }

        if (mount.FileSystem == "overlay")
        {
            var upper = mount.SuperOptions.FirstOrDefault(option => option.StartsWith("upperdir=", StringComparison.Ordinal));
            var upperPath = upper?["upperdir=".Length..];
            return upperPath is null || Holding(upperPath) == mount ? null : IsLasting(upperPath, layer + 1);
        }

        return !InMemory.Contains(mount.FileSystem)
            && !mount.Source.StartsWith("/dev/zram", StringComparison.Ordinal)
            && !mount.Source.StartsWith("/dev/ram", StringComparison.Ordinal);
    }
}
