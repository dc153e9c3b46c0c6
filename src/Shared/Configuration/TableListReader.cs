using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Reads tables under heads like <c>[[peers]]</c>: each has the same keys and makes one item.</summary>
/// <param name="key">The name of the tables.</param>
/// <param name="keys">The keys that each may have.</param>
internal sealed class TableListReader(string key, IReadOnlyList<KeyDefinition> keys)
{
    /// <summary>Reads every table of an entry, in order.</summary>
    /// <param name="entry">Named as the reader.</param>
    /// <param name="make">Makes the item of one table; gets those before it.</param>
    /// <exception cref="AslException">Something else stands there, or a key or value is wrong.</exception>
    public IReadOnlyList<T> Read<T>(RawEntry entry, Func<TableValues, IReadOnlyList<T>, T> make)
    {
        if (entry.Value.Kind != RawKind.List)
        {
            throw Failed(key, ValueProblem.WrongType(entry.Value, $"tables, each under a head [[{key}]]"), $"[[{key}]]");
        }

        List<T> items = [];
        foreach (var table in entry.Value.Items)
        {
            items.Add(make(ReadTable(table), items));
        }

        return items;
    }

    private TableValues ReadTable(RawValue table)
    {
        if (table.Kind != RawKind.Table)
        {
            throw Failed(key, ValueProblem.WrongType(table, $"tables, each under a head [[{key}]]"), $"[[{key}]]");
        }

        var values = keys.ToDictionary(definition => definition.Name, definition => definition.Default());
        foreach (var entry in table.Entries)
        {
            var definition = KeyOf(entry);
            values[definition.Name] = ReadValue(definition, entry);
        }

        return new(key, table.Where, values);
    }

    private KeyDefinition KeyOf(RawEntry entry) =>
        keys.FirstOrDefault(definition => definition.Name == entry.Key)
        ?? throw ConfigurationErrors.UnknownKey(
            entry with { Key = $"{key}.{entry.Key}" }, NearestKey.Why(entry.Key, keys.Select(definition => definition.Name)));

    private ConfigurationValue ReadValue(KeyDefinition definition, RawEntry entry)
    {
        var reading = definition.Read(entry.Value, new ValueOrigin(OriginKind.File, entry.Where));
        return reading.Problem is null ? reading.Value! : throw Failed($"{key}.{definition.Name}", reading.Problem, Form(definition));
    }

    private static string Form(KeyDefinition definition) => $"{definition.Name} = {definition.Example}";

    private static AslException Failed(string key, ValueProblem problem, string form) => ConfigurationErrors.Value(key, problem, form);
}

/// <summary>The values of one table.</summary>
/// <param name="Key">The name of the tables.</param>
/// <param name="Where">Where it stands.</param>
/// <param name="Values">By the names of the keys.</param>
internal sealed record TableValues(string Key, string Where, IReadOnlyDictionary<string, ConfigurationValue> Values)
{
    /// <summary>A value that must be there.</summary>
    /// <exception cref="AslException">ConfigBadValue: it is not.</exception>
    public T Required<T>(KeyDefinition<T> key, string what) where T : notnull
    {
        var value = (ConfigurationValue<T>)Values[key.Name];
        return value.HasValue ? value.Value : throw ConfigurationErrors.Contradiction(
            Key, Where, $"the {what} has no {key.Name}", $"write in its table: {key.Name} = {key.Example}");
    }

    /// <summary>A value that may be missing.</summary>
    public T? OrNull<T>(KeyDefinition<T> key) where T : class => (ConfigurationValue<T>)Values[key.Name] is { HasValue: true } value ? value.Value : null;

    /// <summary>Where the value of a key stands.</summary>
    public string WhereOf(KeyDefinition key) => Values[key.Name].Origin.Where;
}
