namespace AslRescue.Shared.Configuration;

/// <summary>The form in which a value was written, before any key says what it should be.</summary>
internal enum RawKind
{
    Text,
    Integer,
    Float,
    Flag,
    Date,
    Null,
    List,
    Table,

    /// <summary>Kernel command line and options know text only: it is whatever the key takes, a list with commas.</summary>
    Untyped,
}

/// <summary>A value as it was written: the common form of TOML, JSON, kernel command line and options.</summary>
/// <param name="Kind">Its form.</param>
/// <param name="Text">The decoded text of a text; the spelling of any other.</param>
/// <param name="Where">Where it stands, as errors show it.</param>
internal sealed record RawValue(RawKind Kind, string Text, string Where)
{
    /// <summary>The value of an integer, whatever its spelling (0x10, 1_000).</summary>
    public long Integer { get; init; }

    /// <summary>A bare number, flag or date of asl.conf: read as its spelling where the key takes text.</summary>
    public bool MayBeText { get; init; }

    public IReadOnlyList<RawValue> Items { get; init; } = [];

    public IReadOnlyList<RawEntry> Entries { get; init; } = [];

    public bool IsText => Kind is RawKind.Text or RawKind.Untyped || MayBeText;

    /// <summary>For messages: "a list".</summary>
    public string KindText => Kind switch
    {
        RawKind.Text or RawKind.Untyped => "text",
        RawKind.Integer => "a whole number",
        RawKind.Float => "a fraction",
        RawKind.Flag => "true or false",
        RawKind.Date => "a date or time",
        RawKind.Null => "empty",
        RawKind.List => "a list",
        _ => "a table",
    };
}

/// <summary>A key as it was written, dotted from the top of its file or table, with its value.</summary>
internal sealed record RawEntry(string Key, string Where, RawValue Value)
{
    /// <summary>Stands for a table that says nothing of its own, such as <c>[local]</c>: only its name needs to be known.</summary>
    public bool IsGroup => Value is { Kind: RawKind.Table, Entries.Count: 0 };
}
