using System.Text.Json;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>What a key takes: how it is read from what was written, and how it is shown. Pure: failures are values.</summary>
/// <param name="name">What it is, with its article: "an absolute path".</param>
/// <param name="example">A value as TOML writes it; errors show it.</param>
internal abstract class KeyType<T>(string name, string example) where T : notnull
{
    public string Name { get; } = name;

    public string Example { get; } = example;

    public abstract Reading<T> Read(RawValue raw);

    /// <summary>The value as a person would write it, without quotes.</summary>
    public abstract string Format(T value);

    public virtual void WriteJson(Utf8JsonWriter writer, T value) => writer.WriteStringValue(Format(value));

    protected Reading<T> WrongType(RawValue raw) => Reading<T>.Failed(ValueProblem.WrongType(raw, Name));

    protected static Reading<T> Bad(RawValue raw, string why) => Reading<T>.Failed(ValueProblem.Bad(raw, why));
}
