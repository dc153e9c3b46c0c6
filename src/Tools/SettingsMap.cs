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

    private static Setting<string> Always<T>(AslConfiguration configuration, KeyDefinition<T> key) where T : notnull
    {
        var value = configuration.Find(key);
        return new(value.Text, value.Origin.ToString(), value.IsTrusted);
    }

    private static Setting<string>? IfSet<T>(AslConfiguration configuration, KeyDefinition<T> key) where T : notnull =>
        configuration.Find(key).HasValue ? Always(configuration, key) : null;
}
