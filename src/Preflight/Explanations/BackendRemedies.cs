using AslRescue.Preflight.Facts;
using static AslRescue.Preflight.Explanations.Remedies;

namespace AslRescue.Preflight.Explanations;

/// <summary>Facts about the local backend and the rescue system itself.</summary>
internal static class BackendRemedies
{
    private const string Overlay = "add the ZFS overlay of this kernel, tools and module of one branch, to the rescue system, and boot it again";
    private const string WithThePool = "it comes with the disks of the pool";
    private const string Disk = "mount a disk that outlasts a power-off: mount /dev/DISK {mount}";

    public static IReadOnlyList<Remedy> All { get; } =
    [
        Never(FactIds.LocalMount, "right", "intake mounts it once the pool is imported; by hand only after an import by hand"),
        Never(FactIds.LocalMount, "other", "nothing else belongs there"),
        Command(FactIds.LocalMount, "none", "umount {mount}"),

        Command(FactIds.LocalDirectory, "usable", Disk),
        Command(FactIds.LocalDirectory, "usable", "mount --options remount,rw {mount}") with { From = "read-only" },
        Never(FactIds.LocalDirectory, "volatile", "there is a better place than memory"),
        Command(FactIds.LocalDirectory, "volatile", "mkdir --parents {mount}") with { From = "missing" },
        Never(FactIds.LocalDirectory, "missing", "a directory that is there is not taken away"),
        Never(FactIds.LocalDirectory, "not-directory", "what lies there is not replaced"),
        Never(FactIds.LocalDirectory, "read-only", "what can be written to is left so"),

        Hands(FactIds.ZfsTools, "yes", Overlay),
        Never(FactIds.ZfsTools, "no", "tools that are there are left there"),
        Hands(FactIds.ZfsModule, "loaded", Overlay),
        Command(FactIds.ZfsModule, "loaded", "modprobe zfs") with { From = "loadable" },
        Hands(FactIds.ZfsModule, "loadable", Overlay),
        Never(FactIds.ZfsModule, "loadable", "a loaded module is left so") with { From = "loaded" },
        Never(FactIds.ZfsModule, "absent", "a module that is there is left there"),
        Never(FactIds.ZfsModule, "mismatch", "a module for another kernel helps nobody"),

        Line(FactIds.PoolCandidate, "named", "local.pool", "\"{pool}\""),
        Hands(FactIds.PoolCandidate, "named", "attach the disks of the backend's pool, and name it: local.pool = \"NAME or GUID\"") with { From = "none" },
        Hands(FactIds.PoolCandidate, "only", "take the disks of the other pools out"),
        TakeOut(FactIds.PoolCandidate, "only", "local.pool") with { From = "named" },
        Hands(FactIds.PoolCandidate, "only", "attach the disks of the backend's pool, which its last owner exported") with { From = "none" },
        Never(FactIds.PoolCandidate, "several", "one pool is enough"),
        Never(FactIds.PoolCandidate, "none", "the disks are left where they are"),

        Never(FactIds.PoolState, "exported", "only the system that used the pool last can export it; name it and approve of it instead"),
        Hands(FactIds.PoolState, "exported", WithThePool) with { From = "none" },
        Command(FactIds.PoolState, "exported", "zpool export {pool}") with { From = "imported" },
        Never(FactIds.PoolState, "imported", "intake imports it, once it is approved"),
        Never(FactIds.PoolState, "foreign", "who used it last cannot be changed"),
        Never(FactIds.PoolState, "none", "the disks are left where they are"),

        Hands(FactIds.PoolHealth, "complete", "attach the missing devices"),
        Hands(FactIds.PoolHealth, "complete", WithThePool) with { From = "none" },
        Hands(FactIds.PoolHealth, "degraded", "attach enough of the missing devices") with { From = "incomplete" },
        Never(FactIds.PoolHealth, "degraded", "no device is taken away"),
        Never(FactIds.PoolHealth, "incomplete", "no device is taken away"),
        Never(FactIds.PoolHealth, "none", "the disks are left where they are"),
        .. new[] { "yes", "no", "none" }.Select(value => Never(FactIds.PoolEncryption, value, "it was decided when the pool was made")),
        .. new[] { "agrees", "differs" }.Select(value => Never(FactIds.PoolWitness, value, "asl-admin preflight --scan asks, what it answers is its own")),
        Command(FactIds.PoolWitness, "none", "asl-admin preflight, without --scan"),

        Command(FactIds.ClockSane, "yes", "date --set 'YYYY-MM-DD HH:MM'"),
        Never(FactIds.ClockSane, "no", "a clock that is right is left so"),
        Command(FactIds.StateWritable, "yes", "mount a file system that can be written to at /var/lib/asl"),
        Never(FactIds.StateWritable, "no", "what can be written to is left so"),
        Command(FactIds.StatePlace, "disk", "mount /dev/DISK /var/lib/asl, a disk that is no source"),
        Command(FactIds.StatePlace, "memory", "umount /var/lib/asl"),
        Command(FactIds.StateApart, "yes", "umount /var/lib/asl, or leave that disk out of intake.sources"),
        Never(FactIds.StateApart, "no", "what intake writes stays apart from what it reads"),
        Hands(FactIds.Memory, "enough", "end programs, or boot without copying the rescue system to memory"),
        Never(FactIds.Memory, "low", "memory that is free is left so"),
    ];

    private static Remedy Command(string fact, string to, string how) => new(fact, to, Effort.Command, how);

    private static Remedy Hands(string fact, string to, string how) => new(fact, to, Effort.Hands, how);
}
