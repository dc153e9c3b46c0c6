namespace AslRescue.Preflight.Facts;

/// <summary>
/// Every fact there is. A table may use any of them as inputs; docs/decision-table.md is held against this list by a test.
/// Adding a value changes the domain, so every table that uses the fact must be changed with it: `asl-admin rules check` says so.
/// </summary>
public static class FactCatalog
{
    private static readonly string[] YesNo = ["yes", "no", FactDefinition.Unknown];

    /// <summary>The answer of the table `local`, and an input of the table `mode`.</summary>
    public static FactDefinition LocalBackend { get; } = Define(
        FactIds.LocalBackend, "the local backend, as the table `local` sees it", "ready", "import", "confirm", "several", "none");

    /// <summary>The answers of the table `mode`.</summary>
    public static FactDefinition Mode { get; } = new("mode", "what intake is to do", ["local", "remote", "wait"]);

    /// <summary>All facts that are gathered, in the order in which they are shown.</summary>
    public static IReadOnlyList<FactDefinition> All { get; } =
    [
        Define(FactIds.ConfigMode, "the mode that the configuration asks for; unknown: it cannot be read", "auto", "local", "remote"),
        Define(FactIds.ConfigSources, "where intake.sources comes from", "trusted", "untrusted", "none"),
        Define(FactIds.LocalKind, "what the local backend is made of", "zfs", "directory"),
        Define(FactIds.LocalMount, "what is mounted at local.mount", "right", "none", "other"),
        Define(
            FactIds.LocalDirectory,
            "local.mount as a directory to write to; volatile: not known to outlast a power-off",
            "usable", "volatile", "missing", "not-directory", "read-only"),
        new(FactIds.ZfsTools, "zpool and zfs are installed", YesNo),
        Define(
            FactIds.ZfsModule,
            "the kernel module; mismatch: there is one, but for another kernel, or of another branch (2.1, 2.2) than the tools",
            "loaded", "loadable", "absent", "mismatch"),
        Define(
            FactIds.PoolCandidate,
            "the pool to use; named: the configuration names it, only: nothing else could be meant, none: also when another system uses it right now",
            "named", "only", "several", "none"),
        Define(
            FactIds.PoolState,
            "how its last owner left it; foreign: still in use by another system, or after a crash",
            "exported", "imported", "foreign", "none"),
        Define(FactIds.PoolHealth, "whether its devices are here", "complete", "degraded", "incomplete", "none"),
        Define(FactIds.PoolEncryption, "whether it may hold encrypted datasets", "yes", "no", "none"),
        Define(FactIds.PoolWitness, "whether `zpool import` sees the same pools; none: it was not asked", "agrees", "differs", "none"),
        Define(FactIds.ApprovalLocal, "whether trusted configuration approves of this local backend", "config", "none"),
        Define(FactIds.RemoteEndpoint, "whether an endpoint is configured", "set", "unset"),
        Define(FactIds.RemoteMount, "whether anything is mounted at /mnt/asl/remote (never touched)", "mounted", "none"),
        new(FactIds.NetLink, "a network interface has a carrier", YesNo),
        new(FactIds.NetAddress, "an address that reaches further than the link", YesNo),
        new(FactIds.NetRoute, "a default route", YesNo),
        new(FactIds.NetDns, "the endpoint's name resolves", YesNo),
        new(FactIds.NetTcp, "a connection to the endpoint, or to the proxy, is accepted", YesNo),
        Define(
            FactIds.NetTls,
            "the endpoint's certificate",
            "valid", "expired", "not-yet-valid", "wrong-name", "untrusted", "wrong-pin", "failed"),
        Define(FactIds.NetHttp, "how the endpoint answers a request; garbage: no HTTP, or a page for people", "answers", "redirects", "error", "garbage"),
        Define(
            FactIds.RemoteAnswer,
            "the endpoint in one word: it answers, or the first layer that does not",
            "answers", "unset", "no-link", "no-address", "no-route", "no-dns", "no-tcp", "bad-tls", "wrong-answer"),
        new(
            FactIds.ApprovalRemote,
            "whether trusted configuration approves of this endpoint: never unknown, as nothing but the configuration is asked",
            ["config", "none"]),
        new(FactIds.TlsRoots, "certificates to verify the endpoint with", YesNo),
        new(FactIds.NetTools, "ip and curl, for the operator", YesNo),
        new(FactIds.ClockSane, "the clock is not before the table was issued", YesNo),
        new(FactIds.StateWritable, "/var/lib/asl lies on a writable file system", YesNo),
        Define(FactIds.StatePlace, "what /var/lib/asl lies on", "memory", "disk"),
        new(FactIds.StateApart, "/var/lib/asl lies on no disk that intake.sources names", YesNo),
        Define(FactIds.Memory, "memory that programs can have: 512 MiB or more is enough", "enough", "low"),
    ];

    /// <summary>The fact of that name, or null.</summary>
    public static FactDefinition? Find(string id) =>
        id == LocalBackend.Id ? LocalBackend : All.FirstOrDefault(definition => definition.Id == id);

    private static FactDefinition Define(string id, string meaning, params string[] known) =>
        new(id, meaning, [.. known, FactDefinition.Unknown]);
}
