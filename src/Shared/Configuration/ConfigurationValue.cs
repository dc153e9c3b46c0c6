using System.Text.Json;

namespace AslRescue.Shared.Configuration;

/// <summary>A key's effective value and where it comes from. No value is secret: secrets never stand in the configuration.</summary>
public abstract class ConfigurationValue
{
    private protected ConfigurationValue(KeyDefinition key, bool hasValue, ValueOrigin origin)
    {
        Key = key;
        HasValue = hasValue;
        Origin = origin;
    }

    public KeyDefinition Key { get; }

    /// <summary>False when nobody says a value and the key has no default.</summary>
    public bool HasValue { get; }

    public ValueOrigin Origin { get; }

    /// <summary>Whether a trusted origin says it. Only then may it be, or be covered by, an approval.</summary>
    public bool IsTrusted => Origin.IsTrusted;

    /// <summary>Whether the operator must approve what this value names before it is used.</summary>
    public bool NeedsApproval => !IsTrusted && Key.Untrusted == UntrustedUse.NeedsApproval;

    /// <summary>The value as a person would write it; empty where there is none.</summary>
    public abstract string Text { get; }

    /// <summary>The value in its JSON type; null where there is none.</summary>
    public abstract void WriteJson(Utf8JsonWriter writer);

    public override string ToString() => $"{Key.Name} = {Text} ({Origin})";
}

/// <summary>A key's effective value with its type.</summary>
public sealed class ConfigurationValue<T> : ConfigurationValue where T : notnull
{
    private readonly KeyDefinition<T> _key;
    private readonly T? _value;

    internal ConfigurationValue(KeyDefinition<T> key, T? value, bool hasValue, ValueOrigin origin) : base(key, hasValue, origin)
    {
        _key = key;
        _value = value;
    }

    /// <summary>The value. Ask <see cref="ConfigurationValue.HasValue"/> first where the key has no default.</summary>
    public T Value => HasValue ? _value! : throw new InvalidOperationException($"{Key.Name} has no value");

    public override string Text => HasValue ? _key.Format(_value!) : "";

    public override void WriteJson(Utf8JsonWriter writer)
    {
        if (HasValue)
        {
            _key.WriteJson(writer, _value!);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
