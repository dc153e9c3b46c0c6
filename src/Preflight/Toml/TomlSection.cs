namespace AslRescue.Preflight.Toml;

/// <summary>
/// One `[header]` or `[[header]]` of a TOML file with its entries; the entries before the first header have header "".
/// </summary>
/// <param name="Header">The name between the brackets.</param>
/// <param name="IsArray">Whether the brackets were doubled.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Entries">In the order of the file.</param>
internal sealed record TomlSection(string Header, bool IsArray, int Line, IReadOnlyList<TomlEntry> Entries)
{
    public TomlEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key);

    /// <summary>The text of a key, or null when it is absent or no text.</summary>
    public string? Text(string key) => Find(key)?.Value as string;
}

/// <summary>One line of a section.</summary>
/// <param name="Key">The whole dotted key.</param>
/// <param name="Value">string, long, double, bool, or a list of these; null for what rule files have no use for.</param>
/// <param name="Line">Counted from 1.</param>
internal sealed record TomlEntry(string Key, object? Value, int Line)
{
    /// <summary>A text, or a list of texts, as a list; null when it is anything else.</summary>
    public IReadOnlyList<string>? Texts => Value switch
    {
        string one => [one],
        IReadOnlyList<object?> many when many.All(item => item is string) => [.. many.Cast<string>()],
        _ => null,
    };
}
