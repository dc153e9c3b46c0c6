using System.Globalization;

namespace AslRescue.Preflight.Pools;

/// <summary>How the label says its pool was left. Numbers are the kernel's pool_state_t.</summary>
public enum LabelState
{
    /// <summary>In use: never exported, or not since.</summary>
    Active = 0,

    /// <summary>Released by its owner.</summary>
    Exported = 1,

    /// <summary>Destroyed. Only -D would bring it back, which is never used here.</summary>
    Destroyed = 2,

    /// <summary>A spare: the device belongs to no pool while it waits.</summary>
    Spare = 3,

    /// <summary>A cache device: it holds nothing that is not elsewhere.</summary>
    Cache = 4,
}

/// <summary>What its label says about one device: the pool it belongs to, and its own top-level part of it.</summary>
public sealed record PoolLabel
{
    public required string Name { get; init; }

    public required ulong PoolGuid { get; init; }

    public required LabelState State { get; init; }

    /// <summary>The transaction group of the label: of several labels the highest is the newest.</summary>
    public required ulong Txg { get; init; }

    /// <summary>The last owner's hostid. Rescue systems look alike in it, so it identifies nobody.</summary>
    public ulong? HostId { get; init; }

    /// <summary>The last owner's name.</summary>
    public string? HostName { get; init; }

    /// <summary>The guid of the device itself.</summary>
    public required ulong DeviceGuid { get; init; }

    /// <summary>How many top-level parts the pool has; all are needed.</summary>
    public required ulong TopLevels { get; init; }

    /// <summary>Bytes of a sector of that part, as a power of two, where the label says it.</summary>
    public ulong? Ashift { get; init; }

    /// <summary>The top-level part that the device is in.</summary>
    public required PoolPart Tree { get; init; }

    /// <summary>Features without which the pool cannot be read.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>In plain words.</summary>
    public string Describe() => State is LabelState.Spare or LabelState.Cache
        ? string.Create(CultureInfo.InvariantCulture, $"{State.ToString().ToLowerInvariant()} device {DeviceGuid}")
        : string.Create(CultureInfo.InvariantCulture, $"pool {Name} (guid {PoolGuid}), {State.ToString().ToLowerInvariant()}, txg {Txg}, device {DeviceGuid}");

    /// <summary>True when encrypted datasets may be in it: the feature is active once there was one.</summary>
    public bool MayBeEncrypted => Features.Contains("com.datto:encryption");
}

/// <summary>A node of the vdev tree.</summary>
/// <param name="Type">"disk", "file", "mirror", "raidz", "draid", "replacing", "spare", "hole", …</param>
/// <param name="Guid">Its guid.</param>
/// <param name="Parity">How many children may be missing, for raidz and draid.</param>
/// <param name="Path">Where the last owner saw the device.</param>
/// <param name="Id">Its place among its siblings.</param>
/// <param name="Children">Empty for a device.</param>
public sealed record PoolPart(string Type, ulong Guid, ulong Parity, string? Path, ulong Id, IReadOnlyList<PoolPart> Children);
