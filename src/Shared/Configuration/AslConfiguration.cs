using AslRescue.Shared.Configuration.KeyTypes;
using AslRescue.Shared.Logging;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// The effective configuration: typed, checked, each value with its origin. Nothing in it is secret. Paths are as the machine
/// meant sees them (<see cref="ConfigurationPaths.OnRoot"/>).
/// <para>
/// Rule of approvals: <see cref="LocalApproveImport"/> and <see cref="RemoteApprove"/> come from trusted origins only, and they
/// cover only what trusted origins name. Whoever acts on one first asks that <see cref="NeedsApproval"/> holds none of the values
/// that the act depends on.
/// </para>
/// </summary>
public sealed class AslConfiguration
{
    private readonly Dictionary<string, ConfigurationValue> _values;

    internal AslConfiguration(
        ConfigurationPaths paths,
        Dictionary<string, ConfigurationValue> values,
        IReadOnlyList<Peer> peers,
        IReadOnlyList<ConfigurationWarning> warnings)
    {
        Paths = paths;
        _values = values;
        Peers = peers;
        Warnings = warnings;
    }

    public ConfigurationPaths Paths { get; }

    public IntakeMode Mode => Find(ConfigurationKeys.Mode).Value;

    public string LocalMount => Find(ConfigurationKeys.LocalMount).Value;

    public LocalKind LocalKind => Find(ConfigurationKeys.LocalKind).Value;

    public string? LocalPool => OrNull(ConfigurationKeys.LocalPool);

    /// <summary>The dataset configured, else "asl" in the pool configured, else null.</summary>
    public string? LocalDataset => OrNull(ConfigurationKeys.LocalDataset) ?? (LocalPool is { } pool && TextRules.IsPool(pool) ? $"{pool}/{ConfigurationKeys.DatasetWithoutOne}" : null);

    /// <summary>Guid or name of the pool whose import is approved beforehand; never from YAML.</summary>
    public string? LocalApproveImport => OrNull(ConfigurationKeys.LocalApproveImport);

    public Uri? RemoteEndpoint => OrNull(ConfigurationKeys.RemoteEndpoint);

    public string? RemoteCa => OrNull(ConfigurationKeys.RemoteCa);

    /// <summary>SHA-256 of the endpoint's certificate (DER), 64 lower-case hexadecimal digits.</summary>
    public string? RemotePin => OrNull(ConfigurationKeys.RemotePin);

    public Uri? RemoteProxy => OrNull(ConfigurationKeys.RemoteProxy);

    /// <summary>The file with our token; null for the credential.</summary>
    public string? RemoteToken => OrNull(ConfigurationKeys.RemoteToken);

    /// <summary>The file with our certificate; null for the credential.</summary>
    public string? RemoteCertificate => OrNull(ConfigurationKeys.RemoteCertificate);

    /// <summary>The file with its key; null for the credential.</summary>
    public string? RemoteKey => OrNull(ConfigurationKeys.RemoteKey);

    /// <summary>Bytes a second; null for no limit.</summary>
    public long? RemoteBandwidth => Find(ConfigurationKeys.RemoteBandwidth) is { HasValue: true } value ? value.Value : null;

    /// <summary>Bytes of the cache; null for none.</summary>
    public long? RemoteCache => Find(ConfigurationKeys.RemoteCache) is { HasValue: true } value ? value.Value : null;

    /// <summary>Whether the upload to the endpoint is approved beforehand; never from YAML.</summary>
    public bool RemoteApprove => Find(ConfigurationKeys.RemoteApprove).Value;

    public string DomainId => Find(ConfigurationKeys.DomainId).Value;

    /// <summary>The file with the key that signs our snapshots; null for the credential.</summary>
    public string? DomainKey => OrNull(ConfigurationKeys.DomainKey);

    public IReadOnlyList<string> IntakeSources => Find(ConfigurationKeys.IntakeSources).Value;

    /// <summary>How often bad sectors of a disk are tried again.</summary>
    public int ImageRetries => Find(ConfigurationKeys.ImageRetries).Value;

    /// <summary>Whether every sector of a disk between two bad ones is tried.</summary>
    public bool ImageScrape => Find(ConfigurationKeys.ImageScrape).Value;

    /// <summary>How long one disk is read; null is for ever.</summary>
    public TimeSpan? ImageTimeBudget =>
        Find(ConfigurationKeys.ImageTimeBudget).Value is var budget && budget > TimeSpan.Zero ? budget : null;

    public RetrySettings Retry => new(
        Find(ConfigurationKeys.RetryAttempts).Value,
        Find(ConfigurationKeys.RetryDelayMin).Value,
        Find(ConfigurationKeys.RetryDelayMax).Value,
        Find(ConfigurationKeys.RetryBudget).Value);

    /// <summary>How long a decision is waited for; null is for ever.</summary>
    public TimeSpan? DecisionTimeout => NeverIsNull(ConfigurationKeys.DecisionTimeout);

    /// <summary>How long an approval is waited for; null is for ever.</summary>
    public TimeSpan? ApprovalTimeout => NeverIsNull(ConfigurationKeys.ApprovalTimeout);

    /// <summary>How long an approval may lie before its first use.</summary>
    public TimeSpan ApprovalExpiry => Find(ConfigurationKeys.ApprovalExpiry).Value;

    /// <summary>How long one attempt to attach may take.</summary>
    public TimeSpan AttachTimeout => Find(ConfigurationKeys.AttachTimeout).Value;

    public IReadOnlyList<Peer> Peers { get; }

    public LoggingSettings Logging => new()
    {
        Level = Find(ConfigurationKeys.LoggingLevel).Value,
        IsConsoleEnabled = Find(ConfigurationKeys.LoggingConsoleEnabled).Value,
        ConsoleLevel = Find(ConfigurationKeys.LoggingConsoleLevel).Value,
        IsFileEnabled = Find(ConfigurationKeys.LoggingFileEnabled).Value,
        FilePath = Paths.OnRoot(Find(ConfigurationKeys.LoggingFilePath).Value),
        FileLevel = Find(ConfigurationKeys.LoggingFileLevel).Value,
        FileBytesMax = Find(ConfigurationKeys.LoggingFileBytesMax).Value,
    };

    /// <summary>Every key's value in the order of <see cref="ConfigurationKeys.All"/>.</summary>
    public IEnumerable<ConfigurationValue> Values => ConfigurationKeys.All.Select(key => _values[key.Name]);

    /// <summary>What untrusted origins name and the operator must approve before it is used.</summary>
    public IEnumerable<ConfigurationValue> NeedsApproval => Values.Where(value => value.NeedsApproval);

    /// <summary>What was not followed; show it to the operator.</summary>
    public IReadOnlyList<ConfigurationWarning> Warnings { get; }

    /// <summary>A value with its origin.</summary>
    public ConfigurationValue<T> Find<T>(KeyDefinition<T> key) where T : notnull => (ConfigurationValue<T>)_values[key.Name];

    private TimeSpan? NeverIsNull(KeyDefinition<TimeSpan> key) => Find(key).Value is var timeout && timeout > TimeSpan.Zero ? timeout : null;

    private T? OrNull<T>(KeyDefinition<T> key) where T : class => Find(key) is { HasValue: true } value ? value.Value : null;
}
