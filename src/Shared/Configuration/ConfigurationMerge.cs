using AslRescue.Shared.Configuration.KeyTypes;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Lays origins over each other, lowest first. Each layer is checked whole, also where a higher one overrules it.</summary>
internal sealed class ConfigurationMerge
{
    private readonly Dictionary<string, ConfigurationValue> _values =
        ConfigurationKeys.All.ToDictionary(key => key.Name, key => key.Default());
    private readonly List<ConfigurationWarning> _warnings = [];
    private IReadOnlyList<Peer> _peers = [];

    public void Add(ConfigurationLayer layer)
    {
        foreach (var entry in layer.Entries)
        {
            AddEntry(layer, entry);
        }
    }

    public AslConfiguration Build(ConfigurationPaths paths)
    {
        var configuration = new AslConfiguration(paths, _values, _peers, _warnings);
        RefuseContradictions(configuration);
        return configuration;
    }

    private void AddEntry(ConfigurationLayer layer, RawEntry entry)
    {
        if (layer.File == ConfigurationFile.Federation && entry.Key == PeerReader.Key)
        {
            _peers = PeerReader.Read(entry);
        }
        else if (!entry.IsGroup || !layer.IsGroup(entry.Key))
        {
            Set(layer, ReadValue(layer, entry));
        }
    }

    private static ConfigurationValue ReadValue(ConfigurationLayer layer, RawEntry entry)
    {
        var key = layer.KeyOf(entry);
        var reading = key.Read(entry.Value, new ValueOrigin(layer.Kind, entry.Where));
        return reading.Problem is null
            ? reading.Value!
            : throw ConfigurationErrors.Value(key.Name, reading.Problem, layer.Form(key));
    }

    private void Set(ConfigurationLayer layer, ConfigurationValue value)
    {
        var before = _values[value.Key.Name];
        if (!value.IsTrusted && value.Key.Untrusted == UntrustedUse.Ignored)
        {
            _warnings.Add(Ignored(value, before));
            return;
        }

        // Two files are one layer: neither overrules the other.
        if (layer.File is not null && before.Origin.Kind == OriginKind.File && before.Text != value.Text)
        {
            throw ConfigurationErrors.Conflict(value.Key.Name, before, value);
        }

        _values[value.Key.Name] = value;
    }

    private static ConfigurationWarning Ignored(ConfigurationValue value, ConfigurationValue before) => new(
        value.Origin.Where,
        $"{value.Key.Name} is ignored: SystemRescue can fetch its YAML unverified, so {value.Key.Name} counts only from /etc/asl, "
        + $"the kernel command line or an option; it stays {(before.HasValue ? before.Text : "unset")} ({before.Origin})");

    private static void RefuseContradictions(AslConfiguration configuration)
    {
        var min = configuration.Find(ConfigurationKeys.RetryDelayMin);
        var max = configuration.Find(ConfigurationKeys.RetryDelayMax);
        if (min.Value > max.Value)
        {
            throw Contradiction(min, max, "more than", "raise delay-max or lower delay-min");
        }

        var pool = configuration.Find(ConfigurationKeys.LocalPool);
        var dataset = configuration.Find(ConfigurationKeys.LocalDataset);
        if (pool.HasValue && TextRules.IsPool(pool.Value) && dataset.HasValue && dataset.Value.Split('/')[0] != pool.Value)
        {
            throw Contradiction(dataset, pool, "not inside", $"name a dataset such as {pool.Value}/asl, or the other pool");
        }
    }

    private static AslException Contradiction(ConfigurationValue value, ConfigurationValue other, string relation, string fix) =>
        ConfigurationErrors.Contradiction(
            value.Key.Name, value.Origin.Where, $"{value.Text} is {relation} {other.Key.Name}, {other.Text} ({other.Origin})", fix);
}
