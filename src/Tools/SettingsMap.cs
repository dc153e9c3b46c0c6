using AslRescue.Intake;
using AslRescue.Preflight;
using AslRescue.Shared.Configuration;

namespace AslRescue.Tools;

/// <summary>The configuration in the terms of those who use it, each value with whose word it is.</summary>
internal static class SettingsMap
{
    internal static PreflightSettings ToPreflight(AslConfiguration configuration)
    {
        var sources = configuration.Find(ConfigurationKeys.IntakeSources);
        var approve = configuration.Find(ConfigurationKeys.RemoteApprove);
        return new()
        {
            Mode = Always(configuration, ConfigurationKeys.Mode),
            LocalKind = Always(configuration, ConfigurationKeys.LocalKind),
            LocalPool = IfSet(configuration, ConfigurationKeys.LocalPool),
            LocalDataset = IfSet(configuration, ConfigurationKeys.LocalDataset),
            LocalMount = Always(configuration, ConfigurationKeys.LocalMount),
            LocalApproveImport = IfSet(configuration, ConfigurationKeys.LocalApproveImport),
            RemoteEndpoint = IfSet(configuration, ConfigurationKeys.RemoteEndpoint),
            RemoteCa = IfSet(configuration, ConfigurationKeys.RemoteCa),
            RemotePin = IfSet(configuration, ConfigurationKeys.RemotePin),
            RemoteProxy = IfSet(configuration, ConfigurationKeys.RemoteProxy),
            RemoteApprove = new(approve.Value, approve.Origin.ToString(), approve.IsTrusted),
            Sources = [.. configuration.IntakeSources.Select(path => new Setting<string>(path, sources.Origin.ToString(), sources.IsTrusted))],
        };
    }

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
            Remote = new()
            {
                Endpoint = configuration.RemoteEndpoint,
                Ca = configuration.RemoteCa is { } ca ? configuration.Paths.OnRoot(ca) : null,
                Approve = configuration.RemoteApprove,
                IsTrusted = AreTrusted(configuration, ConfigurationKeys.RemoteEndpoint, ConfigurationKeys.RemoteCa, ConfigurationKeys.RemotePin, ConfigurationKeys.RemoteProxy),
                IsApprovalTrusted = AreTrusted(configuration, ConfigurationKeys.RemoteApprove),
            },
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

    /// <summary>The paths of intake.sources, below the root.</summary>
    internal static IReadOnlyList<string> Sources(AslConfiguration configuration) => [.. configuration.IntakeSources.Select(configuration.Paths.OnRoot)];

    private static bool AreTrusted(AslConfiguration configuration, params KeyDefinition[] keys) =>
        configuration.Values.Where(value => keys.Contains(value.Key)).All(value => value.IsTrusted);

    private static Setting<string> Always<T>(AslConfiguration configuration, KeyDefinition<T> key) where T : notnull
    {
        var value = configuration.Find(key);
        return new(value.Text, value.Origin.ToString(), value.IsTrusted);
    }

    private static Setting<string>? IfSet<T>(AslConfiguration configuration, KeyDefinition<T> key) where T : notnull =>
        configuration.Find(key).HasValue ? Always(configuration, key) : null;
}
