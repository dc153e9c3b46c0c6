using System.Text.Json;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A list of values of one type. Where only text can be written (kernel command line, options), commas part them.</summary>
internal sealed class ListType<T>(string name, KeyType<T> item)
    : KeyType<IReadOnlyList<T>>(name, $"[{item.Example}]") where T : notnull
{
    public override Reading<IReadOnlyList<T>> Read(RawValue raw)
    {
        if (raw.Kind is not (RawKind.List or RawKind.Untyped))
        {
            return WrongType(raw);
        }

        var values = new List<T>();
        foreach (var written in raw.Kind == RawKind.List ? raw.Items : Parted(raw))
        {
            var reading = item.Read(written);
            if (reading.Problem is not null)
            {
                return Reading<IReadOnlyList<T>>.Failed(reading.Problem);
            }

            values.Add(reading.Value!);
        }

        return Reading<IReadOnlyList<T>>.Of(values);
    }

    public override string Format(IReadOnlyList<T> value) => string.Join(", ", value.Select(item.Format));

    public override void WriteJson(Utf8JsonWriter writer, IReadOnlyList<T> value)
    {
        writer.WriteStartArray();
        foreach (var one in value)
        {
            item.WriteJson(writer, one);
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<RawValue> Parted(RawValue raw) =>
        raw.Text.Length == 0 ? [] : raw.Text.Split(',').Select(part => raw with { Text = part });
}
