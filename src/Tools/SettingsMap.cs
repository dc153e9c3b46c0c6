using System.Text;
using AslRescue.Intake;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Tools;

/// <summary>The configuration in intake's terms, each value with whose word it is.</summary>
internal static class SettingsMap
{
    internal static IntakeSettings ToIntake(AslConfiguration configuration)
    {
        var isDirectory = configuration.LocalKind == Shared.Configuration.LocalKind.Directory;
        var sources = configuration.Find(ConfigurationKeys.IntakeSources);
        return new()
        {
            Local = new()
            {
                Kind = isDirectory ? Intake.LocalKind.Directory : Intake.LocalKind.Zfs,
                Mount = configuration.Paths.OnRoot(configuration.LocalMount),
                Pool = configuration.LocalPool,
                Dataset = configuration.Find(ConfigurationKeys.LocalDataset) is { HasValue: true } dataset ? dataset.Value : null,
                ApproveImport = isDirectory && configuration.LocalApproveImport is { } path ? configuration.Paths.OnRoot(path) : configuration.LocalApproveImport,
                IsTrusted = AreTrusted(configuration, ConfigurationKeys.LocalKind, ConfigurationKeys.LocalMount, ConfigurationKeys.LocalPool, ConfigurationKeys.LocalDataset),
                IsApprovalTrusted = AreTrusted(configuration, ConfigurationKeys.LocalApproveImport),
            },
            Remote = ToRemote(configuration),
            Sources = [.. Sources(configuration).Select(path => new IntakeSource(path, sources.IsTrusted))],
            Retry = new()
            {
                AttemptsMax = configuration.Retry.Attempts,
                Delay = configuration.Retry.DelayMin,
                DelayMax = configuration.Retry.DelayMax,
                Budget = configuration.Retry.Budget,
            },
            DecisionTimeout = configuration.DecisionTimeout,
            ApprovalTimeout = configuration.ApprovalTimeout,
            ApprovalExpiry = configuration.ApprovalExpiry,
            AttachTimeout = configuration.AttachTimeout,
        };
    }

    /// <summary>The remote.* keys; with the credentials that the service manager gives.</summary>
    internal static RemoteSettings ToRemote(AslConfiguration configuration)
    {
        string? OnRoot(string? path) => path is null ? null : configuration.Paths.OnRoot(path);
        return new()
        {
            Endpoint = configuration.RemoteEndpoint,
            Ca = OnRoot(configuration.RemoteCa),
            Pin = configuration.RemotePin,
            Proxy = configuration.RemoteProxy,
            TokenFile = OnRoot(configuration.RemoteToken),
            CertificateFile = OnRoot(configuration.RemoteCertificate),
            KeyFile = OnRoot(configuration.RemoteKey),
            CredentialsFolder = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"),
            Domain = configuration.DomainId,
            Holder = Holder(configuration.Paths.Root),
            BytesPerSecondMax = configuration.RemoteBandwidth,
            Cache = configuration.RemoteCache is { } bytes ? new RemoteCacheOptions(configuration.Paths.OnRoot("/var/lib/asl/cache"), bytes) : null,
            Approve = configuration.RemoteApprove,
            IsTrusted = AreTrusted(configuration, ConfigurationKeys.RemoteEndpoint, ConfigurationKeys.RemoteCa, ConfigurationKeys.RemotePin, ConfigurationKeys.RemoteProxy,
                ConfigurationKeys.RemoteToken, ConfigurationKeys.RemoteCertificate, ConfigurationKeys.RemoteKey),
            IsApprovalTrusted = AreTrusted(configuration, ConfigurationKeys.RemoteApprove),
        };
    }

    /// <summary>This machine in this boot, or this container of it: what intake's own lock holds others off.</summary>
    private static string Holder(string root)
    {
        var space = new FileInfo("/proc/self/ns/pid").LinkTarget;
        return Digest.Of(Encoding.UTF8.GetBytes($"{BootId.Read(root)} {Environment.MachineName} {space} {root}")).ToString();
    }

    /// <summary>The paths of intake.sources, below the root.</summary>
    internal static IReadOnlyList<string> Sources(AslConfiguration configuration) => [.. configuration.IntakeSources.Select(configuration.Paths.OnRoot)];

    private static bool AreTrusted(AslConfiguration configuration, params KeyDefinition[] keys) =>
        configuration.Values.Where(value => keys.Contains(value.Key)).All(value => value.IsTrusted);
}
