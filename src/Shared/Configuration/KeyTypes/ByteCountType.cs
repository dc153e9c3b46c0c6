using System.Globalization;
using System.Text.Json;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A number of bytes: a whole number, or a text with KiB, MiB or GiB.</summary>
internal sealed class ByteCountType(long min, long max, string example)
    : KeyType<long>($"a number of bytes from {Text(min)} to {Text(max)}", $"\"{example}\"")
{
    private static readonly (string Unit, int Shift)[] Units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];

    public override Reading<long> Read(RawValue raw)
    {
        if (raw.Kind == RawKind.Integer)
        {
            return Checked(raw, raw.Integer);
        }

        return raw.IsText ? Parse(raw) : WrongType(raw);
    }

    public override string Format(long value) => Text(value);

    public override void WriteJson(Utf8JsonWriter writer, long value) => writer.WriteNumberValue(value);

    private Reading<long> Parse(RawValue raw)
    {
        var (unit, shift) = Array.Find(Units, u => raw.Text.EndsWith(u.Unit, StringComparison.Ordinal));
        var digits = raw.Text.AsSpan(0, raw.Text.Length - unit.Length);
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? Checked(raw, (long)count << shift)
            : Bad(raw, "is no number with one of the units KiB, MiB, GiB");
    }

    private Reading<long> Checked(RawValue raw, long value) =>
        value >= min && value <= max ? Reading<long>.Of(value) : Bad(raw, $"is not {Name}");

    private static string Text(long value)
    {
        var (unit, shift) = Array.Find(Units, u => value % (1L << u.Shift) == 0 && value >> u.Shift > 0);
        return string.Create(CultureInfo.InvariantCulture, $"{value >> shift}{unit}");
    }
}
