namespace AslRescue.Audit;

/// <summary>What is wrong with a piece of evidence, as one word that a script can look for.</summary>
public enum FindingKind
{
    /// <summary>A line is not of the format: no hash at its end, no JSON, a field missing, a key twice.</summary>
    Malformed,

    /// <summary>Bytes are not those that their hash or name was made of.</summary>
    Edited,

    /// <summary>A record does not follow the one that stands before it.</summary>
    Unchained,

    /// <summary>A record is missing where others stand behind it, or a line has no end.</summary>
    Truncated,

    /// <summary>A record stands where another belongs, or stands there twice.</summary>
    Reordered,

    /// <summary>Two copies of the same thing say different things.</summary>
    Forked,

    /// <summary>It belongs to another run, another domain or another place.</summary>
    Foreign,

    /// <summary>A document that a record names is not there, or is another one.</summary>
    Unproved,

    /// <summary>An approval was used for what it does not approve.</summary>
    Replayed,

    /// <summary>The contract, or what every contract must demand, does not allow a transition.</summary>
    Forbidden,

    /// <summary>It is there and could not be read: nothing is known of it. No forgery by itself.</summary>
    Unreadable,

    /// <summary>The rules, given the recorded facts, say something else than the record.</summary>
    Contradicted,
}

/// <summary>One thing that does not hold.</summary>
/// <param name="Kind">What sort of thing.</param>
/// <param name="Where">The file, as it was given, and "line 12" where there are lines.</param>
/// <param name="Why">What was expected and what is there.</param>
public sealed record Finding(FindingKind Kind, string Where, string Why)
{
    /// <summary>The word in reports and JSON: "edited".</summary>
    public string Word => Kind.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString() => $"{Word}: {Where}: {Why}";
}
