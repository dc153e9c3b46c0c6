using System.Text.Json;
using AslRescue.Shared.Configuration.KeyTypes;

namespace AslRescue.Shared.Configuration;

/// <summary>What becomes of a value whose origin is not trusted (<see cref="ValueOrigin.IsTrusted"/>).</summary>
public enum UntrustedUse
{
    /// <summary>It holds like any other: the worst it can do is to be inconvenient.</summary>
    Holds,

    /// <summary>It holds, but what it names must be approved by the operator: no configured approval covers it.</summary>
    NeedsApproval,

    /// <summary>It never holds: the trusted value of lower precedence stays, with a warning.</summary>
    Ignored,
}

/// <summary>
/// One key: everything that is known of it. Parser, defaults, listing and the table in docs/configuration.md are made from these.
/// </summary>
public abstract class KeyDefinition
{
    private protected KeyDefinition(string name, string help)
    {
        Name = name;
        Help = help;
    }

    /// <summary>The full name, as YAML, kernel command line and options use it: "local.mount", "logging.level".</summary>
    public string Name { get; }

    /// <summary>One line on what it is for.</summary>
    public string Help { get; }

    /// <summary>What it takes, with an article: "an absolute path".</summary>
    public abstract string TypeName { get; }

    /// <summary>The value where nobody says one, as a person would write it; null for none.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Said where there is no default value: what holds then.</summary>
    public string? WithoutDefault { get; init; }

    /// <summary>The file that may state it.</summary>
    public ConfigurationFile File { get; init; } = ConfigurationFile.Asl;

    /// <summary>A second file that may state the same fact; if both do, they must agree.</summary>
    public ConfigurationFile? AlsoIn { get; init; }

    /// <summary>What its value counts for when it comes from YAML.</summary>
    public UntrustedUse Untrusted { get; init; } = UntrustedUse.Holds;

    /// <summary>The name inside its file: logging.conf leaves out the "logging." before its keys.</summary>
    public string NameInFile => File == ConfigurationFile.Logging ? Name["logging.".Length..] : Name;

    /// <summary>A value as TOML writes it.</summary>
    internal abstract string Example { get; }

    internal abstract ConfigurationValue Default();

    /// <summary>The value that was written, or why it is none.</summary>
    internal abstract Reading<ConfigurationValue> Read(RawValue raw, ValueOrigin origin);
}

/// <summary>One key with the type of its value.</summary>
public sealed class KeyDefinition<T> : KeyDefinition where T : notnull
{
    private readonly KeyType<T> _type;

    internal KeyDefinition(string name, KeyType<T> type, string help) : base(name, help) => _type = type;

    public override string TypeName => _type.Name;

    internal override string Example => _type.Example;

    /// <summary>Reads a value as an option of a command writes it.</summary>
    public bool TryParse(string text, out T? value)
    {
        var reading = _type.Read(new RawValue(RawKind.Untyped, text, ""));
        value = reading.Value;
        return reading.Problem is null;
    }

    internal string Format(T value) => _type.Format(value);

    internal void WriteJson(Utf8JsonWriter writer, T value) => _type.WriteJson(writer, value);

    internal override ConfigurationValue Default()
    {
        if (DefaultText is null)
        {
            return new ConfigurationValue<T>(this, default, hasValue: false, ValueOrigin.Default);
        }

        var reading = Read(new RawValue(RawKind.Untyped, DefaultText, Name), ValueOrigin.Default);
        return reading.Value ?? throw new InvalidOperationException($"The default of {Name} is invalid: {reading.Problem}");
    }

    internal override Reading<ConfigurationValue> Read(RawValue raw, ValueOrigin origin)
    {
        var reading = _type.Read(raw);
        return reading.Problem is null
            ? Reading<ConfigurationValue>.Of(new ConfigurationValue<T>(this, reading.Value, hasValue: true, origin))
            : Reading<ConfigurationValue>.Failed(reading.Problem);
    }
}
