using System.Globalization;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A whole number and its unit, without a space: 500ms, 30s, 2m, 1h.</summary>
/// <param name="min">The shortest.</param>
/// <param name="max">The longest.</param>
/// <param name="example">A value.</param>
/// <param name="hasNever">Whether the word "never", or 0 of any unit, is a value too. It is zero to the reader.</param>
internal sealed class DurationType(TimeSpan min, TimeSpan max, string example, bool hasNever = false)
    : TextType<TimeSpan>($"a time from {Text(min)} to {Text(max)}" + (hasNever ? ", or never" : ""), $"\"{example}\"")
{
    private const string Never = "never";

    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("h", TimeSpan.FromHours(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    public override string Format(TimeSpan value) => hasNever && value == TimeSpan.Zero ? Never : Text(value);

    protected override Reading<TimeSpan> Parse(RawValue raw)
    {
        if (hasNever && raw.Text == Never)
        {
            return Reading<TimeSpan>.Of(TimeSpan.Zero);
        }

        var unitStart = raw.Text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var unit = Array.Find(Units, u => unitStart > 0 && raw.Text.AsSpan(unitStart).SequenceEqual(u.Unit));
        if (unit.Unit is null || !int.TryParse(raw.Text.AsSpan(0, unitStart), CultureInfo.InvariantCulture, out var count))
        {
            return Bad(raw, "is no number with one of the units ms, s, m, h");
        }

        var value = unit.Length * count;
        return (value >= min && value <= max) || (hasNever && value == TimeSpan.Zero) ? Reading<TimeSpan>.Of(value) : Bad(raw, $"is not {Name}");
    }

    /// <summary>With the largest unit that shows it as a whole number.</summary>
    private static string Text(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var (unit, length) = Array.Find(Units, u => value.Ticks % u.Length.Ticks == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{value.Ticks / length.Ticks}{unit}");
    }
}
