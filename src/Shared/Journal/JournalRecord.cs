using System.Text.Json;

namespace AslRescue.Shared.Journal;

/// <summary>What a component wants to have recorded; the journal adds sequence, clocks and the chain.</summary>
/// <param name="Kind">A word that says which fields to expect: "run-started", "transition", "checkpoint", …</param>
public sealed record JournalEntry(string Kind)
{
    /// <summary>
    /// Further fields, written in this order after the kind. Values: string, bool, long, a list of strings, or a
    /// <see cref="JsonElement"/> that is written as it is. Names must not be those of <see cref="JournalLine"/>'s own fields.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, object>> Fields { get; init; } = [];
}

/// <summary>One line of a journal that has been read and whose hash is right.</summary>
public sealed record JournalRecord
{
    /// <summary>Position in the journal, from 1, without a gap.</summary>
    public required long Sequence { get; init; }

    /// <summary>The run that the journal belongs to.</summary>
    public required string Run { get; init; }

    /// <summary>The kernel's boot id when the record was made.</summary>
    public required string Boot { get; init; }

    /// <summary>Nanoseconds of the monotonic clock: comparable within one boot only.</summary>
    public required long Monotonic { get; init; }

    /// <summary>Wall clock, for people; nothing is ordered by it.</summary>
    public required DateTimeOffset Wall { get; init; }

    /// <summary>See <see cref="JournalEntry.Kind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Hash of the record before; all zero for the first.</summary>
    public required Digest Previous { get; init; }

    /// <summary>SHA-256 of the line's bytes before its hash field.</summary>
    public required Digest Hash { get; init; }

    /// <summary>The whole line as parsed, with the fields of its kind.</summary>
    public required JsonElement Line { get; init; }

    /// <summary>A text field of the line, or null.</summary>
    public string? Text(string field) => Line.Text(field);

    /// <summary>A list-of-strings field of the line; empty when there is none.</summary>
    public IReadOnlyList<string> Texts(string field) => Line.Texts(field);

    /// <summary>A number field of the line, or null.</summary>
    public long? Number(string field) => Line.Number(field);
}
