using System.Text.Json;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>true or false; nothing else stands for them.</summary>
internal sealed class FlagType() : KeyType<bool>("true or false", "true")
{
    public override Reading<bool> Read(RawValue raw) => (raw.Kind, raw.Text) switch
    {
        (RawKind.Flag or RawKind.Untyped, "true") => Reading<bool>.Of(true),
        (RawKind.Flag or RawKind.Untyped, "false") => Reading<bool>.Of(false),
        _ => WrongType(raw),
    };

    public override string Format(bool value) => value ? "true" : "false";

    public override void WriteJson(Utf8JsonWriter writer, bool value) => writer.WriteBooleanValue(value);
}
