using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Loads the configuration. Precedence, lowest first: built-in, /etc/asl/*.conf, the <c>asl:</c> scope of SystemRescue's YAML,
/// asl.KEY=VALUE on the kernel command line, options. What is not there says nothing; what is there and wrong stops the load.
/// </summary>
public static class ConfigurationLoader
{
    /// <summary>The configuration of a machine, each value with its origin.</summary>
    /// <param name="paths">Where the machine's root is.</param>
    /// <param name="overrides">What options of the command say: full key names, values as on the kernel command line.</param>
    /// <exception cref="AslException">1001 to 1006; nothing here passes by waiting, so none is worth a retry.</exception>
    public static AslConfiguration Load(ConfigurationPaths paths, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var merge = new ConfigurationMerge();
        merge.Add(File(paths, paths.AslConf, ConfigurationFile.Asl));
        merge.Add(File(paths, paths.FederationConf, ConfigurationFile.Federation));
        merge.Add(File(paths, paths.LoggingConf, ConfigurationFile.Logging));
        merge.Add(new ConfigurationLayer(OriginKind.Yaml, null, Yaml(paths)));
        merge.Add(new ConfigurationLayer(OriginKind.KernelCommandLine, null, CommandLine(paths)));
        merge.Add(new ConfigurationLayer(OriginKind.Option, null, [.. overrides?.Select(Option) ?? []]));
        return merge.Build(paths);
    }

    private static ConfigurationLayer File(ConfigurationPaths paths, string path, ConfigurationFile file)
    {
        var source = ConfigurationText.Source(paths, path);
        var isLenient = file == ConfigurationFile.Asl;
        return new ConfigurationLayer(OriginKind.File, file, source is null ? [] : TomlReader.Read(source, isLenient));
    }

    private static IReadOnlyList<RawEntry> Yaml(ConfigurationPaths paths)
    {
        var bytes = ConfigurationText.Bytes(paths, paths.SystemRescueConfiguration);
        return bytes is null ? [] : SystemRescueConfiguration.Read(paths.SystemRescueConfiguration, bytes);
    }

    private static IReadOnlyList<RawEntry> CommandLine(ConfigurationPaths paths)
    {
        var bytes = ConfigurationText.Bytes(paths, paths.KernelCommandLine);
        return bytes is null ? [] : KernelCommandLine.Read(paths.KernelCommandLine, bytes);
    }

    private static RawEntry Option(KeyValuePair<string, string> option)
    {
        var where = $"option {option.Key}";
        return new RawEntry(option.Key, where, new RawValue(RawKind.Untyped, option.Value, where));
    }
}
