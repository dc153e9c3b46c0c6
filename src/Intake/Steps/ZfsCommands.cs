using AslRescue.Intake.Approvals;

namespace AslRescue.Intake.Steps;

/// <summary>
/// Every command that intake ever gives to ZFS, as argument lists, in one place to be read by whoever must trust it. All run as
/// transient units of PID 1: a mount made inside intake's sandbox would be invisible to the host.
/// </summary>
/// <remarks>
/// Never: -F and -X (they throw transactions away), -T (goes back in time), -D (revives destroyed pools), -m (missing log devices), -a
/// (every pool). -f only for a pool that its last owner never exported, when the approval said so. <see cref="Check"/> looks at each
/// list once more before it is run.
/// </remarks>
public static class ZfsCommands
{
    private static readonly string[] Unit = ["--wait", "--collect", "--pipe", "--quiet", "--service-type=exec", "--"];

    /// <summary>The imported pools: name and guid, tab-separated.</summary>
    public static IReadOnlyList<string> ListPools() => InUnit("zpool", "list", "-H", "-o", "name,guid");

    /// <summary>Loads the module; under an approval only.</summary>
    public static IReadOnlyList<string> LoadModule() => InUnit("modprobe", "zfs");

    /// <summary>Imports one pool by guid, mounts nothing, leaves no trace in a cache file.</summary>
    public static IReadOnlyList<string> Import(ApprovalRequest approved, string altRoot)
    {
        var pool = approved.Pool ?? throw new InvalidOperationException("the request names no pool");
        if (!RequestComposer.IsGuid(pool.Guid) || (!pool.IsExported && approved.Force != true))
        {
            throw new InvalidOperationException($"pool {pool.Guid} was not approved for an import");
        }

        string[] force = approved.Force == true ? ["-f"] : [];
        return InUnit(["zpool", "import", "-N", "-o", "cachefile=none", "-R", altRoot, .. force, pool.Guid]);
    }

    /// <summary>How a dataset is to be mounted, each property on a line.</summary>
    public static IReadOnlyList<string> Properties(string dataset) =>
        InUnit("zfs", "get", "-H", "-o", "property,value", "type,mountpoint,keystatus,encryptionroot,readonly", Named(dataset));

    /// <summary>Loads the key of an encrypted dataset, which is read from standard input whatever keylocation says.</summary>
    public static IReadOnlyList<string> LoadKey(string dataset) => InUnit("zfs", "load-key", "-L", "prompt", Named(dataset));

    /// <summary>Forgets it again.</summary>
    public static IReadOnlyList<string> UnloadKey(string dataset) => InUnit("zfs", "unload-key", Named(dataset));

    /// <summary>Mounts one dataset at one place. With zfsutil, unless its mountpoint is "legacy": mount.zfs(8) insists on either.</summary>
    public static IReadOnlyList<string> Mount(string dataset, string target, bool isLegacy) =>
        InUnit("mount", "-t", "zfs", "-o", (isLegacy ? "" : "zfsutil,") + "rw,noatime,nodev,nosuid,noexec", Named(dataset), Absolute(target));

    /// <summary>Unmounts one place; fails while it is in use.</summary>
    public static IReadOnlyList<string> Unmount(string target) => InUnit("umount", Absolute(target));

    /// <summary>Exports one pool; fails while it is in use, for it is never forced.</summary>
    public static IReadOnlyList<string> Export(string pool) =>
        RequestComposer.IsPoolName(pool) ? InUnit("zpool", "export", pool) : throw new InvalidOperationException($"'{pool}' is no pool name");

    /// <summary>The last look at a list before it is run: an import that is more than the approval said ends the program.</summary>
    public static void Check(IReadOnlyList<string> arguments, bool mayForce)
    {
        var command = arguments.Skip(Unit.Length).ToArray();
        var isImport = command is ["zpool", "import", ..];
        var flags = command.Where(word => word.StartsWith('-')).ToArray();
        string[] allowed = command switch
        {
            ["zpool", "import", ..] => mayForce ? ["-N", "-o", "-R", "-f"] : ["-N", "-o", "-R"],
            ["zpool", "list", ..] or ["zfs", "get", ..] => ["-H", "-o"],
            ["mount", ..] => ["-t", "-o"],
            ["zfs", "load-key", ..] => ["-L"],
            ["zfs", "unload-key", _] or ["zpool", "export", _] or ["umount", _] or ["modprobe", "zfs"] => [],
            _ => throw new InvalidOperationException($"'{string.Join(' ', command)}' is no command of intake"),
        };
        if (flags.Except(allowed).Any() || (isImport && !RequestComposer.IsGuid(command[^1])))
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' has a flag that intake never gives");
        }
    }

    private static string Named(string dataset) =>
        RequestComposer.IsDatasetName(dataset) ? dataset : throw new InvalidOperationException($"'{dataset}' is no dataset name");

    private static string Absolute(string path) =>
        Path.IsPathFullyQualified(path) ? path : throw new InvalidOperationException($"'{path}' is no absolute path");

    private static IReadOnlyList<string> InUnit(params string[] command) => [.. Unit, .. command];
}
