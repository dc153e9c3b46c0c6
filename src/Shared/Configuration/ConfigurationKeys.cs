using AslRescue.Shared.Configuration.KeyTypes;
using Serilog.Events;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Every key, once. The order is that of listing and documentation.
/// <para>
/// What is <see cref="UntrustedUse.NeedsApproval"/>: whatever names a pool, a dataset, a mount, a source, an endpoint, or whom to
/// believe about one. What is <see cref="UntrustedUse.Ignored"/>: approvals themselves, and a path that is written to before
/// anybody could be asked.
/// </para>
/// </summary>
public static class ConfigurationKeys
{
    /// <summary>The dataset where none is configured, in whichever pool is chosen.</summary>
    public const string DatasetWithoutOne = "asl";

    public static readonly KeyDefinition<IntakeMode> Mode = new(
        "mode", Types.Mode, "where to: what preflight finds, the local backend, the remote endpoint")
    {
        DefaultText = "auto",
    };

    public static readonly KeyDefinition<string> LocalMount = new(
        "local.mount", Types.AbsolutePath, "where the local backend is mounted, or lies")
    {
        DefaultText = "/mnt/asl/local",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<LocalKind> LocalKind = new(
        "local.kind", Types.LocalKind, "a ZFS dataset, or any directory")
    {
        DefaultText = "zfs",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> LocalPool = new(
        "local.pool", Types.Pool, "the pool that holds the local backend")
    {
        WithoutDefault = "any candidate",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> LocalDataset = new(
        "local.dataset", Types.Dataset, "the dataset to mount, inside local.pool")
    {
        WithoutDefault = "local.pool/asl",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> LocalApproveImport = new(
        "local.approve-import", Types.ImportApproval, "approves this pool or directory beforehand")
    {
        WithoutDefault = "the operator is asked",
        Untrusted = UntrustedUse.Ignored,
    };

    public static readonly KeyDefinition<Uri> RemoteEndpoint = new("remote.endpoint", Types.HttpsUrl, "the ASL endpoint")
    {
        WithoutDefault = "no remote",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> RemoteCa = new(
        "remote.ca", Types.AbsolutePath, "certificates (PEM) that may vouch for the endpoint, instead of the system's")
    {
        WithoutDefault = "the system's",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> RemotePin = new(
        "remote.pin", Types.Fingerprint, "SHA-256 of the certificate (DER) that the endpoint must have")
    {
        WithoutDefault = "not pinned",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<Uri> RemoteProxy = new(
        "remote.proxy", Types.ProxyUrl, "the proxy on the way to the endpoint")
    {
        WithoutDefault = "a direct connection",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> RemoteToken = new(
        "remote.token", Types.AbsolutePath, "a file of mode 0600 with the token that we are known by; else the credential asl.remote.token")
    {
        WithoutDefault = "the credential",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> RemoteCertificate = new(
        "remote.certificate", Types.AbsolutePath, "our certificate (PEM), where the endpoint wants one; else the credential asl.remote.certificate")
    {
        WithoutDefault = "the credential",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<string> RemoteKey = new(
        "remote.key", Types.AbsolutePath, "its key (PEM), a file of mode 0600; else the credential asl.remote.key")
    {
        WithoutDefault = "the credential",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<long> RemoteBandwidth = new(
        "remote.bandwidth", new ByteCountType(1 << 10, 1L << 40, "4MiB"), "no more bytes a second are sent, nor received")
    {
        WithoutDefault = "as many as go",
    };

    public static readonly KeyDefinition<long> RemoteCache = new(
        "remote.cache", new ByteCountType(1 << 20, 1L << 40, "256MiB"), "so much of segments and snapshots is kept in /var/lib/asl/cache")
    {
        WithoutDefault = "nothing is kept",
    };

    public static readonly KeyDefinition<bool> RemoteApprove = new(
        "remote.approve", Types.Flag, "approves the upload to remote.endpoint beforehand")
    {
        DefaultText = "false",
        Untrusted = UntrustedUse.Ignored,
    };

    public static readonly KeyDefinition<string> DomainId = new(
        "domain.id", Types.Name, "the domain that snapshots are stamped with")
    {
        DefaultText = "rescue-domain",
        AlsoIn = ConfigurationFile.Federation,
    };

    public static readonly KeyDefinition<string> DomainKey = new(
        "domain.key", Types.AbsolutePath, "a file of mode 0600 with the Ed25519 key (PEM) that signs our snapshots; else the credential asl.domain.key; without either they are not signed")
    {
        WithoutDefault = "the credential",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    public static readonly KeyDefinition<IReadOnlyList<string>> IntakeSources = new(
        "intake.sources", Types.AbsolutePaths, "disks and trees to take in without being asked")
    {
        DefaultText = "",
        Untrusted = UntrustedUse.NeedsApproval,
    };

    /// <summary>No more retries of bad sectors than this.</summary>
    public const int ImageRetriesMax = 1000;

    public static readonly KeyDefinition<int> ImageRetries = new(
        "intake.image.retries", new NumberType(0, ImageRetriesMax, 3), "how often bad sectors of a disk are tried again")
    {
        DefaultText = "1",
    };

    public static readonly KeyDefinition<bool> ImageScrape = new(
        "intake.image.scrape", Types.Flag, "try every sector of a disk between two bad ones")
    {
        DefaultText = "true",
    };

    public static readonly KeyDefinition<TimeSpan> ImageTimeBudget = new(
        "intake.image.budget", Types.Duration(TimeSpan.Zero, TimeSpan.FromHours(8760), "8h"),
        "how long one disk is read; then what there is is sealed; 0s is for ever")
    {
        DefaultText = "0s",
    };

    public static readonly KeyDefinition<int> RetryAttempts = new(
        "intake.retry.attempts", new NumberType(1, 1000, 8), "how often a step is tried, the first time included")
    {
        DefaultText = "8",
    };

    public static readonly KeyDefinition<TimeSpan> RetryDelayMin = new(
        "intake.retry.delay-min", Types.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), "500ms"),
        "the pause before the second attempt; then about twice as long each time")
    {
        DefaultText = "500ms",
    };

    public static readonly KeyDefinition<TimeSpan> RetryDelayMax = new(
        "intake.retry.delay-max", Types.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24), "30s"),
        "no pause is longer")
    {
        DefaultText = "30s",
    };

    public static readonly KeyDefinition<TimeSpan> RetryBudget = new(
        "intake.retry.budget", Types.Duration(TimeSpan.Zero, TimeSpan.FromHours(720), "10m"),
        "all attempts and pauses of a step; then the operator is asked")
    {
        DefaultText = "10m",
    };

    public static readonly KeyDefinition<TimeSpan> DecisionTimeout = new(
        "intake.decision-timeout", Types.Timeout("1h"), "how long a decision is waited for; then the run halts")
    {
        DefaultText = "never",
    };

    public static readonly KeyDefinition<TimeSpan> ApprovalTimeout = new(
        "intake.approval-timeout", Types.Timeout("1h"), "how long an approval is waited for; then the run halts")
    {
        DefaultText = "never",
    };

    public static readonly KeyDefinition<TimeSpan> ApprovalExpiry = new(
        "intake.approval-expiry", Types.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(720), "1h"),
        "how long an approval may lie before it is first used; then it is asked for again")
    {
        DefaultText = "1h",
    };

    public static readonly KeyDefinition<TimeSpan> AttachTimeout = new(
        "intake.attach-timeout", Types.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "15m"),
        "how long one attempt to attach the backend may take")
    {
        DefaultText = "15m",
    };

    public static readonly KeyDefinition<LogEventLevel> LoggingLevel = new(
        "logging.level", Types.Level, "events below this level are dropped everywhere")
    {
        DefaultText = "information",
        File = ConfigurationFile.Logging,
    };

    public static readonly KeyDefinition<bool> LoggingConsoleEnabled = new(
        "logging.console.enabled", Types.Flag, "write events to standard error, for people")
    {
        DefaultText = "true",
        File = ConfigurationFile.Logging,
    };

    public static readonly KeyDefinition<LogEventLevel> LoggingConsoleLevel = new(
        "logging.console.level", Types.Level, "events below this level are kept from standard error")
    {
        DefaultText = "information",
        File = ConfigurationFile.Logging,
    };

    public static readonly KeyDefinition<bool> LoggingFileEnabled = new(
        "logging.file.enabled", Types.Flag, "write events to a file, one JSON object a line")
    {
        DefaultText = "false",
        File = ConfigurationFile.Logging,
    };

    public static readonly KeyDefinition<string> LoggingFilePath = new("logging.file.path", Types.AbsolutePath, "that file")
    {
        DefaultText = "/var/lib/asl/runtime/asl.log",
        File = ConfigurationFile.Logging,
        Untrusted = UntrustedUse.Ignored,
    };

    public static readonly KeyDefinition<LogEventLevel> LoggingFileLevel = new(
        "logging.file.level", Types.Level, "events below this level are kept from the file")
    {
        DefaultText = "information",
        File = ConfigurationFile.Logging,
    };

    public static readonly KeyDefinition<long> LoggingFileBytesMax = new(
        "logging.file.bytes-max", new ByteCountType(4 << 10, 1L << 40, "16MiB"),
        "the file grows to this size, no further: it lies in memory by default")
    {
        DefaultText = "16MiB",
        File = ConfigurationFile.Logging,
    };

    /// <summary>Every key of the three files, in the order of listing.</summary>
    public static IReadOnlyList<KeyDefinition> All { get; } =
    [
        Mode, LocalMount, LocalKind, LocalPool, LocalDataset, LocalApproveImport,
        RemoteEndpoint, RemoteCa, RemotePin, RemoteProxy, RemoteToken, RemoteCertificate, RemoteKey, RemoteBandwidth, RemoteCache, RemoteApprove, DomainId, DomainKey,
        IntakeSources, ImageRetries, ImageScrape, ImageTimeBudget, RetryAttempts, RetryDelayMin, RetryDelayMax, RetryBudget,
        DecisionTimeout, ApprovalTimeout, ApprovalExpiry, AttachTimeout,
        LoggingLevel, LoggingConsoleEnabled, LoggingConsoleLevel,
        LoggingFileEnabled, LoggingFilePath, LoggingFileLevel, LoggingFileBytesMax,
    ];
}
