using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>What one origin says: the unit of precedence.</summary>
/// <param name="Kind">The origin.</param>
/// <param name="File">Which of the files of /etc/asl, if one of these: it knows its own keys only.</param>
/// <param name="Entries">What it says, as written.</param>
internal sealed record ConfigurationLayer(OriginKind Kind, ConfigurationFile? File, IReadOnlyList<RawEntry> Entries)
{
    /// <summary>How a value is written there, for the last line of an error.</summary>
    public string Form(KeyDefinition key)
    {
        var bare = key.Example.Trim('"', '[', ']');
        return Kind switch
        {
            OriginKind.Yaml => $"{key.Name}: {key.Example}, below asl:",
            OriginKind.KernelCommandLine => $"asl.{key.Name}={bare}",
            OriginKind.Option => bare,
            _ => $"{key.NameInFile} = {key.Example}",
        };
    }

    /// <summary>The key that an entry means.</summary>
    /// <exception cref="AslException">ConfigUnknownKey, with the nearest key that this origin may state.</exception>
    public KeyDefinition KeyOf(RawEntry entry) =>
        ConfigurationKeys.All.FirstOrDefault(key => NameOf(key) == entry.Key) ?? throw Unknown(entry);

    /// <summary>Whether a table's name is the beginning of some key's.</summary>
    public bool IsGroup(string name) =>
        ConfigurationKeys.All.Any(key => NameOf(key)?.StartsWith(name + ".", StringComparison.Ordinal) == true);

    private AslException Unknown(RawEntry entry)
    {
        var elsewhere = File is null
            ? null
            : ConfigurationKeys.All.FirstOrDefault(key => key.NameInFile == entry.Key || key.Name == entry.Key);
        var names = ConfigurationKeys.All.Select(NameOf).OfType<string>();
        return ConfigurationErrors.UnknownKey(entry, elsewhere is null
            ? NearestKey.Why(entry.Key, File == ConfigurationFile.Federation ? [.. names, PeerReader.Key] : names)
            : $"it belongs in {FileName(elsewhere.File)}, as {elsewhere.NameInFile}");
    }

    /// <summary>The name by which this origin states a key, or null if it must not.</summary>
    private string? NameOf(KeyDefinition key) => File switch
    {
        null => key.Name,
        _ when key.File == File || key.AlsoIn == File => key.NameInFile,
        _ => null,
    };

    private static string FileName(ConfigurationFile file) => file switch
    {
        ConfigurationFile.Federation => "federation.conf",
        ConfigurationFile.Logging => "logging.conf",
        _ => "asl.conf",
    };
}
