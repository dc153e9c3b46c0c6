using System.Text.Json;
using System.Text.Json.Serialization;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Probes;

namespace AslRescue.Preflight.Records;

/// <summary>
/// /run/asl/preflight.json: everything one decision rests on. Intake refuses a record of another boot, of another table, or
/// without a proof; an auditor evaluates its facts again.
/// </summary>
public sealed record DecisionRecord
{
    /// <summary>1. A reader refuses a number that it does not know.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Which boot of the kernel; null when the kernel does not say.</summary>
    public required string? BootId { get; init; }

    /// <summary>By the machine's clock, which may be wrong: clock.sane says so.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Mode, row, reasons.</summary>
    public required Decision Decision { get; init; }

    /// <summary>What the mode is about.</summary>
    public required DecisionTarget Target { get; init; }

    /// <summary>The table that decided.</summary>
    public required TableRecord Table { get; init; }

    /// <summary>All facts, in the order of the catalog.</summary>
    public required IReadOnlyList<Fact> Facts { get; init; }

    /// <summary>All pools that were seen.</summary>
    public required IReadOnlyList<PoolSeen> Pools { get; init; }

    /// <summary>Every value of the configuration that was set, with its origin.</summary>
    public required IReadOnlyList<SettingRecord> Settings { get; init; }

    /// <summary>How long each probe took.</summary>
    public required IReadOnlyList<ProbeTiming> Probes { get; init; }

    /// <summary>Records of earlier runs, oldest first, as they were written.</summary>
    public IReadOnlyList<JsonElement> Earlier { get; init; } = [];

    /// <summary>How many still older ones were dropped: /run is memory.</summary>
    public int EarlierDropped { get; init; }
}

/// <summary>What an approval of the decision would be about.</summary>
/// <param name="Kind">"pool", "directory", "endpoint" or "none".</param>
public sealed record DecisionTarget(string Kind)
{
    /// <summary>The pool to import or that is mounted.</summary>
    public string? Pool { get; init; }

    /// <summary>Its guid: what is to be imported is named by it.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public ulong? PoolGuid { get; init; }

    /// <summary>pool.state: "foreign" asks for an approval that names the owner.</summary>
    public string? PoolState { get; init; }

    /// <summary>Who used the pool last.</summary>
    public string? OwnerHostName { get; init; }

    /// <summary>Who used the pool last.</summary>
    public ulong? OwnerHostId { get; init; }

    /// <summary>The dataset, with the pool's name.</summary>
    public string? Dataset { get; init; }

    /// <summary>local.mount.</summary>
    public string? Path { get; init; }

    /// <summary>remote.endpoint, without user and password.</summary>
    public string? Endpoint { get; init; }
}

/// <summary>The table that a decision rests on.</summary>
/// <param name="Path">Where it was read.</param>
/// <param name="Digest">SHA-256 of its bytes; null when it could not be read.</param>
/// <param name="ProofDigest">Null when it is not proved: then the mode is wait.</param>
public sealed record TableRecord(string Path, string? Digest, string? ProofDigest);

/// <summary>A value of the configuration.</summary>
public sealed record SettingRecord(string Key, string Value, string Origin, bool IsTrusted);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DecisionRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
