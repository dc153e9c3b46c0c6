using System.Text.Json.Serialization;

namespace AslRescue.Preflight.Facts;

/// <summary>One fact of this machine, with what it rests on.</summary>
/// <param name="Id">Which fact of <see cref="FactCatalog"/>.</param>
/// <param name="Value">One of its values.</param>
/// <param name="Says">The same in plain words, with names and numbers: "pool rescuepool was exported by its last owner".</param>
/// <param name="Evidence">What was run or read. Empty only for facts of the configuration.</param>
public sealed record Fact(string Id, string Value, string Says, IReadOnlyList<Evidence> Evidence)
{
    /// <summary>True when nothing was established. <see cref="Says"/> then is the cause.</summary>
    [JsonIgnore]
    public bool IsUnknown => Value == FactDefinition.Unknown;

    /// <summary>The fact that could not be established, with the cause.</summary>
    public static Fact Unknown(string id, string cause, params IReadOnlyList<Evidence> evidence) =>
        new(id, FactDefinition.Unknown, cause, evidence);
}

/// <summary>One look at the machine.</summary>
/// <param name="Looked">What was done: "ran zdb -l /dev/sda1", "read /proc/net/route".</param>
public sealed record Evidence(string Looked)
{
    /// <summary>The exit status, where a program was run.</summary>
    public int? Exit { get; init; }

    /// <summary>Wall time in milliseconds, where it was measured.</summary>
    public double? Milliseconds { get; init; }

    /// <summary>The first lines of what was seen, made safe for a terminal.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Why it gave no answer, if it gave none.</summary>
    public string? Cause { get; init; }
}
