namespace AslRescue.Intake.Sources;

/// <summary>
/// File systems that hold no data of anybody: views of the running kernel, endless or full of traps. They are not entered from
/// another file system; a source inside one is read if it is named. Numbers from linux/magic.h.
/// </summary>
internal static class PseudoFileSystems
{
    private static readonly Dictionary<long, string> Names = new()
    {
        [0x9fa0] = "proc",
        [0x62656572] = "sysfs",
        [0x1cd1] = "devpts",
        [0x27e0eb] = "cgroup",
        [0x63677270] = "cgroup2",
        [0x64626720] = "debugfs",
        [0x74726163] = "tracefs",
        [0x73636673] = "securityfs",
        [0xf97cff8c] = "selinuxfs",
        [0xcafe4a11] = "bpf",
        [0x6165676c] = "pstore",
        [0xde5e81e4] = "efivarfs",
        [0x62656570] = "configfs",
        [0x42494e4d] = "binfmt_misc",
        [0x19800202] = "mqueue",
        [0x958458f6] = "hugetlbfs",
        [0x65735543] = "fusectl",
        [0x67596969] = "rpc_pipefs",
        [0x0187] = "autofs",
        [0x6e736673] = "nsfs",
    };

    /// <summary>The name, when the type is one of them.</summary>
    internal static bool TryName(long type, out string? name) => Names.TryGetValue(type, out name);
}
