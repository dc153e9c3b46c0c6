using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight;

/// <summary>The configuration in preflight's terms, each value with whose word it is.</summary>
public static class ConfiguredSettings
{
    /// <summary>
    /// Reads the configuration below a root. One that cannot be read is no reason not to look: the decision is then to wait, and says why.
    /// </summary>
    public static PreflightSettings Load(string root)
    {
        try
        {
            return Of(ConfigurationLoader.Load(new ConfigurationPaths(root)));
        }
        catch (AslException exception)
        {
            return new PreflightSettings { Problem = exception.Error };
        }
    }

    /// <summary>What preflight takes from a configuration that was read.</summary>
    public static PreflightSettings Of(AslConfiguration configuration)
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
