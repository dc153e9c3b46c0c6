using System.Globalization;
using System.Text.Json;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A whole number within limits.</summary>
internal sealed class NumberType(int min, int max, int example)
    : KeyType<int>(
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
        example.ToString(CultureInfo.InvariantCulture))
{
    public override Reading<int> Read(RawValue raw)
    {
        if (raw.Kind == RawKind.Untyped && long.TryParse(raw.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
        {
            return Checked(raw, parsed);
        }

        return raw.Kind == RawKind.Integer ? Checked(raw, raw.Integer) : WrongType(raw);
    }

    public override string Format(int value) => value.ToString(CultureInfo.InvariantCulture);

    public override void WriteJson(Utf8JsonWriter writer, int value) => writer.WriteNumberValue(value);

    private Reading<int> Checked(RawValue raw, long value) =>
        value >= min && value <= max ? Reading<int>.Of((int)value) : Bad(raw, $"is not {Name}");
}
