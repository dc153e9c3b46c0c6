namespace AslRescue.Preflight.Facts;

/// <summary>The names of the facts, so that a probe cannot misspell one.</summary>
public static class FactIds
{
    public const string ConfigMode = "config.mode";
    public const string ConfigSources = "config.sources";
    public const string LocalKind = "local.kind";
    public const string LocalMount = "local.mount";
    public const string LocalDirectory = "local.directory";
    public const string LocalBackend = "local.backend";
    public const string ZfsTools = "zfs.tools";
    public const string ZfsModule = "zfs.module";
    public const string PoolCandidate = "pool.candidate";
    public const string PoolState = "pool.state";
    public const string PoolHealth = "pool.health";
    public const string PoolEncryption = "pool.encryption";
    public const string PoolWitness = "pool.witness";
    public const string ApprovalLocal = "approval.local";
    public const string RemoteEndpoint = "remote.endpoint";
    public const string RemoteMount = "remote.mount";
    public const string NetLink = "net.link";
    public const string NetAddress = "net.address";
    public const string NetRoute = "net.route";
    public const string NetDns = "net.dns";
    public const string NetTcp = "net.tcp";
    public const string NetTls = "net.tls";
    public const string NetHttp = "net.http";
    public const string RemoteAnswer = "remote.answer";
    public const string ApprovalRemote = "approval.remote";
    public const string TlsRoots = "tls.roots";
    public const string NetTools = "net.tools";
    public const string ClockSane = "clock.sane";
    public const string StateWritable = "state.writable";
    public const string StateApart = "state.apart";
    public const string StatePlace = "state.place";
    public const string Memory = "memory";
}
