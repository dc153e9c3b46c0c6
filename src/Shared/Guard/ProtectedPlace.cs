namespace AslRescue.Shared.Guard;

/// <summary>Something that a source must not lie under: the backend, intake's state, the running system.</summary>
public sealed record ProtectedPlace
{
    private ProtectedPlace(string name, OverlayLayers layers) => (Name, Layers) = (name, layers);

    /// <summary>For people: "the store".</summary>
    public string Name { get; }

    /// <summary>Where it lies; null for a pool that is not imported yet.</summary>
    public string? Path { get; private init; }

    /// <summary>The pool's name.</summary>
    public string? PoolName { get; private init; }

    /// <summary>The pool's guid, as lsblk gives it for a member.</summary>
    public string? PoolGuid { get; private init; }

    /// <summary>Which layers of overlays belong to it.</summary>
    public OverlayLayers Layers { get; }

    /// <summary>Whether something is written there: then no source may hold it or lie in it.</summary>
    public bool IsWritten => Layers == OverlayLayers.Written;

    /// <summary>A directory that is written to.</summary>
    public static ProtectedPlace Written(string name, string path) => new(name, OverlayLayers.Written) { Path = path };

    /// <summary>A pool that will be imported and written to.</summary>
    public static ProtectedPlace Pool(string? name, string? guid) => new("the backend", OverlayLayers.Written) { PoolName = name, PoolGuid = guid };

    /// <summary>The system that runs, with the medium it was booted from.</summary>
    public static ProtectedPlace RunningSystem { get; } = new("the running system", OverlayLayers.All) { Path = "/" };

    /// <summary>"the store, /mnt/asl/local".</summary>
    public override string ToString() => Path is null or "/" ? PoolName is null ? Name : $"{Name}, pool {PoolName}" : $"{Name}, {Path}";

    internal IReadOnlyList<Chain> Chains(Footprint footprint) =>
        Path is null ? footprint.OfPool(PoolName, PoolGuid) : footprint.OfPath(Path, Layers);

    internal IReadOnlyList<FilePlace> Places(Footprint footprint) => Path is null || !IsWritten ? [] : footprint.Places(Path);
}
