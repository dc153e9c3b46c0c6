using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>A snapshot that is read for one request; nothing outside of it can be reached. For one thread at a time.</summary>
internal sealed class OpenedSnapshot : IDisposable
{
    private readonly ArtifactIndex _index;

    /// <exception cref="AslException">It cannot be read.</exception>
    internal OpenedSnapshot(IBackend storage, Digest name)
    {
        (Name, Snapshot) = (name, SnapshotCodec.Load(storage, name));
        _index = new ArtifactIndex(storage, Snapshot.Groups);
        Artifacts = new ArtifactReader(storage, _index);
        Tree = new TreeReader(Artifacts);
    }

    internal Digest Name { get; }

    internal Snapshot Snapshot { get; }

    internal ArtifactReader Artifacts { get; }

    internal TreeReader Tree { get; }

    /// <summary>The root of a source.</summary>
    /// <exception cref="AslException">PathMissing: there is no such source.</exception>
    internal Entry Root(int source) => source >= 0 && source < Snapshot.Sources.Count && Tree.Roots(Snapshot.Root) is var roots && source < roots.Count
        ? roots[source]
        : throw Missing($"the snapshot has {Quantity.Count(Snapshot.Sources.Count, "source", "sources")}");

    /// <summary>What lies at a path below a source.</summary>
    /// <exception cref="AslException">PathMissing: nothing.</exception>
    internal Entry Find(int source, byte[] path) => Tree.Find(Root(source), path) ?? throw Missing("the source has no such path");

    internal static AslException Missing(string why) => new(new AslError(ErrorCode.PathMissing, "there is no such page") { Why = why, Fix = "go back, and follow the links from there" });

    /// <inheritdoc/>
    public void Dispose()
    {
        Artifacts.Dispose();
        _index.Dispose();
    }
}
