using AslRescue.Store.Backends.Http;

namespace AslRescue.Intake;

/// <summary>
/// What intake takes from the configuration. Every path is final: below the root, if there is one. *Trusted* says whether the value
/// came from /etc/asl or the kernel command line: what came from elsewhere always needs the operator's approval.
/// </summary>
public sealed record IntakeSettings
{
    /// <summary>The local backend.</summary>
    public required LocalSettings Local { get; init; }

    /// <summary>The remote backend.</summary>
    public required RemoteSettings Remote { get; init; }

    /// <summary>What to read, in order.</summary>
    public IReadOnlyList<IntakeSource> Sources { get; init; } = [];

    /// <summary>How to try again.</summary>
    public RetrySettings Retry { get; init; } = new();

    /// <summary>How long to wait for a decision that can be acted on; null for ever. Then the run halts.</summary>
    public TimeSpan? DecisionTimeout { get; init; }

    /// <summary>How long a request waits for somebody; null for ever. Then the run halts.</summary>
    public TimeSpan? ApprovalTimeout { get; init; }

    /// <summary>How long an approval may lie before it is first used. Then it is void, and asked for again.</summary>
    public TimeSpan ApprovalExpiry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long one attempt to attach may take. Then it has failed, and is tried again as the retry budget allows.</summary>
    public TimeSpan AttachTimeout { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>A tree or device to read.</summary>
/// <param name="Path">As it is handed to the ingest.</param>
/// <param name="IsTrusted">Whether its origin is.</param>
public sealed record IntakeSource(string Path, bool IsTrusted);

/// <summary>What local backend there is.</summary>
public enum LocalKind
{
    /// <summary>A dataset of a pool, imported and mounted by intake.</summary>
    Zfs,

    /// <summary>Any existing directory.</summary>
    Directory,
}

/// <summary>The <c>local.*</c> keys.</summary>
public sealed record LocalSettings
{
    /// <summary>local.kind</summary>
    public LocalKind Kind { get; init; }

    /// <summary>local.mount: where the dataset is mounted, or the directory itself.</summary>
    public required string Mount { get; init; }

    /// <summary>local.pool, name or guid; null for the one that preflight names.</summary>
    public string? Pool { get; init; }

    /// <summary>local.dataset, with or without the pool's name; null for "asl".</summary>
    public string? Dataset { get; init; }

    /// <summary>local.approve-import: a pool's guid or name, "guid@owner" for a foreign pool, or the directory's path.</summary>
    public string? ApproveImport { get; init; }

    /// <summary>Whether kind, mount, pool and dataset all come from trusted origins.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>Whether local.approve-import does.</summary>
    public bool IsApprovalTrusted { get; init; }
}

/// <summary>The <c>remote.*</c> keys.</summary>
public sealed record RemoteSettings
{
    /// <summary>remote.endpoint; null when there is none.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>remote.ca: a PEM file that replaces the system's roots.</summary>
    public string? Ca { get; init; }

    /// <summary>remote.pin: SHA-256 of the one certificate that is accepted.</summary>
    public string? Pin { get; init; }

    /// <summary>remote.proxy</summary>
    public Uri? Proxy { get; init; }

    /// <summary>remote.token: a file; null for the credential asl.remote.token, if there is one.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The credential with the token, where no file is named.</summary>
    public string TokenCredential { get; init; } = "asl.remote.token";

    /// <summary>remote.certificate: a file; null for the credential, if there is one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>remote.key: a file; null for the credential, if there is one.</summary>
    public string? KeyFile { get; init; }

    /// <summary>remote.bandwidth, bytes a second; null for no limit.</summary>
    public long? BytesPerSecondMax { get; init; }

    /// <summary>Folder and size of the cache; null for none.</summary>
    public RemoteCacheOptions? Cache { get; init; }

    /// <summary>Where the service manager puts credentials; null for nowhere.</summary>
    public string? CredentialsFolder { get; init; }

    /// <summary>As whom leases are held: this machine in this boot, whose own lock keeps a second intake off.</summary>
    public string? Holder { get; init; }

    /// <summary>domain.id, for which objects are created.</summary>
    public string Domain { get; init; } = "";

    /// <summary>remote.approve</summary>
    public bool Approve { get; init; }

    /// <summary>Whether endpoint, ca, pin and proxy all come from trusted origins.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>Whether remote.approve does.</summary>
    public bool IsApprovalTrusted { get; init; }
}

/// <summary>The retry budget.</summary>
public sealed record RetrySettings
{
    /// <summary>How often a step is tried after an approval, the first time included.</summary>
    public int AttemptsMax { get; init; } = 6;

    /// <summary>The delay before the first retry; it doubles each time.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>No delay is longer.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>No retry begins later than this after the first failure.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(15);
}
