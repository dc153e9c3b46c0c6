using System.Text.Json.Serialization;

namespace AslRescue.Preflight.Explanations;

/// <summary>What it takes to change a fact, easiest first. Between plans of one size the easier one is proposed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Effort>))]
public enum Effort
{
    /// <summary>A line of the configuration.</summary>
    [JsonStringEnumMemberName("configuration")]
    Configuration,

    /// <summary>A command at the console.</summary>
    [JsonStringEnumMemberName("command")]
    Command,

    /// <summary>Work away from the keyboard: a cable, a disk, another system.</summary>
    [JsonStringEnumMemberName("hands")]
    Hands,

    /// <summary>The operator cannot make the change, or would only do damage by it.</summary>
    [JsonStringEnumMemberName("never")]
    Never,
}

/// <summary>How a fact comes to have a value.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="To">The value that it is to have.</param>
/// <param name="Effort">What it takes.</param>
/// <param name="How">
/// In plain words. May hold {pool}, {mount}, {approve} and {network}, which <see cref="RemedyText"/> fills in from a record.
/// </param>
public sealed record Remedy(string Fact, string To, Effort Effort, string How)
{
    /// <summary>Only from this value; null: from any that no other remedy names.</summary>
    public string? From { get; init; }

    /// <summary>The key of the configuration that is changed.</summary>
    public string? Key { get; init; }

    /// <summary>What the key is to be, as TOML; null with a key: the key is taken out.</summary>
    public string? Value { get; init; }
}
