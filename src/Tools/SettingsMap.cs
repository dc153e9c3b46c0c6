using AslRescue.Intake;
using AslRescue.Shared.Configuration;

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
}
