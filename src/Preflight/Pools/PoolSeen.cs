using System.Globalization;
using System.Text.Json.Serialization;

namespace AslRescue.Preflight.Pools;

/// <summary>A pool, as the labels of its devices describe it. Nothing was imported to see it.</summary>
public sealed record PoolSeen
{
    public required string Name { get; init; }

    /// <summary>Two pools can have one name, but not one guid. A text in JSON, where numbers of that size are not safe.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public required ulong Guid { get; init; }

    /// <summary>A value of pool.state: exported, imported or foreign; or "destroyed", which is no candidate.</summary>
    public required string State { get; init; }

    /// <summary>A value of pool.health.</summary>
    public required string Health { get; init; }

    /// <summary>How many devices of the parts that were seen are not here.</summary>
    public required int MissingDevices { get; init; }

    public ulong? OwnerHostId { get; init; }

    public string? OwnerHostName { get; init; }

    public required bool MayBeEncrypted { get; init; }

    /// <summary>Whether the configuration names it.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>How it was seen that another system uses it right now; null where it was not. Such a pool is no candidate.</summary>
    public string? InUse { get; init; }

    /// <summary>The devices that were seen.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Whether a text of the configuration means this pool: its name, its guid, or "guid@owner".</summary>
    public bool IsCalled(string text) =>
        Name == text || Guid.ToString(CultureInfo.InvariantCulture) == text
        || (OwnerHostName is not null && string.Create(CultureInfo.InvariantCulture, $"{Guid}@{OwnerHostName}") == text);

    /// <summary>In plain words.</summary>
    public string Describe() => $"pool {Name} (guid {Guid}), {DescribeState()}, {DescribeHealth()}";

    internal string DescribeState() => State switch
    {
        "exported" => "exported by its last owner",
        "imported" => "imported here",
        "destroyed" => "destroyed",
        _ when InUse is not null => $"in use by another system right now, {OwnerHostName ?? "(no name)"} by its label: {InUse}",
        _ => $"not exported by its last owner {OwnerHostName ?? "(no name)"}, hostid "
            + (OwnerHostId?.ToString("x8", CultureInfo.InvariantCulture) ?? "(none)"),
    };

    internal string DescribeHealth() => MissingDevices == 0
        ? $"{Devices.Count} device(s), {Health}"
        : $"{Devices.Count} device(s), {MissingDevices} missing: {Health}";
}
