using System.Text;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.LibAsl.Reading;

/// <summary>A snapshot that is open for reading. Any number of threads.</summary>
internal sealed class OpenedSnapshot : Resource
{
    private readonly OpenedStore _store;
    private readonly ArtifactIndex _index;
    private readonly ReaderPool _readers;
    private IReadOnlyList<Entry>? _roots;

    /// <param name="store">Held for as long as the snapshot is open.</param>
    /// <param name="name">Its name.</param>
    /// <param name="snapshot">What it says.</param>
    internal OpenedSnapshot(OpenedStore store, Digest name, Snapshot snapshot)
        : base(HandleKind.Snapshot)
    {
        store.Hold();
        (_store, Name, Snapshot) = (store, name, snapshot);
        Backend = store.Store.Backend.Below(name);
        _index = new ArtifactIndex(Backend, snapshot.Groups);
        _readers = new ReaderPool(Backend, _index);
        Tree = new TreeReader(_readers);
    }

    internal Digest Name { get; }

    internal Snapshot Snapshot { get; }

    /// <summary>The store, seen from the snapshot.</summary>
    internal IBackend Backend { get; }

    internal IArtifactSource Artifacts => _readers;

    internal TreeReader Tree { get; }

    /// <summary>Bytes of an artifact.</summary>
    /// <exception cref="AslException">ArtifactMissing, or a segment is damaged.</exception>
    internal int LengthOf(Digest key) => _index.TryFind(key, out var location) ? location.RawLength
        : throw new AslException(new AslError(ErrorCode.ArtifactMissing, $"artifact {key.Short} is not in the snapshot's segments")
        {
            Where = $"{Backend.Location}, snapshot {Name.Short}",
            Why = "nothing that the snapshot can reach has this key",
            Fix = "asl_node_map has the keys of a file; an artifact of a later snapshot is read from that one",
        });

    /// <summary>What lies at a path of a source.</summary>
    /// <exception cref="AslException">ArgumentInvalid, PathMissing, or the tree is damaged.</exception>
    internal Entry Find(uint source, byte[] path)
    {
        _ = Source(source);
        var roots = _roots ??= Tree.Roots(Snapshot.Root);
        return source < roots.Count && Tree.Find(roots[(int)source], path) is { } entry ? entry
            : throw new AslException(new AslError(ErrorCode.PathMissing, $"the snapshot has no '{Printable.Bytes(path)}'")
            {
                Where = $"{Backend.Location}, snapshot {Name.Short}, '{Printable.Bytes(Source(source).Path)}'",
                Fix = "paths are below the source, without its own path: asl_directory_next lists what there is",
            });
    }

    /// <summary>One of the sources.</summary>
    /// <exception cref="AslException">ArgumentInvalid.</exception>
    internal SnapshotSource Source(uint source) => source < Snapshot.Sources.Count ? Snapshot.Sources[(int)source]
        : throw LibraryErrors.Argument("source", $"the snapshot has {Snapshot.Sources.Count}, counted from 0");

    internal SnapshotInfo Describe() => Describe(Name, Snapshot);

    internal static unsafe SnapshotInfo Describe(Digest name, Snapshot snapshot)
    {
        var counts = snapshot.Counts;
        var info = new SnapshotInfo
        {
            SourceCount = (uint)snapshot.Sources.Count,
            StartedSeconds = snapshot.Started.Seconds,
            CreatedSeconds = snapshot.Created.Seconds,
            StartedNanoseconds = snapshot.Started.Nanoseconds,
            CreatedNanoseconds = snapshot.Created.Nanoseconds,
            Entries = (ulong)counts.Entries,
            Files = (ulong)counts.Files,
            Directories = (ulong)counts.Directories,
            SourceBytes = (ulong)counts.SourceBytes,
            ReadBytes = (ulong)counts.ReadBytes,
            UnchangedFiles = (ulong)counts.UnchangedFiles,
            AddedArtifacts = (ulong)counts.AddedArtifacts,
            AddedRawBytes = (ulong)counts.AddedRawBytes,
            AddedStoredBytes = (ulong)counts.AddedStoredBytes,
            BadBytes = (ulong)counts.BadBytes,
            Problems = (ulong)snapshot.ProblemCount,
        };
        Results.Field(Encoding.ASCII.GetBytes(name.ToString()), new Span<byte>(info.Id, 72));
        Results.Field(Encoding.ASCII.GetBytes(snapshot.Root.ToString()), new Span<byte>(info.Root, 72));
        Results.Field(Encoding.UTF8.GetBytes(snapshot.Domain), new Span<byte>(info.Domain, 136));
        Results.Field(Encoding.UTF8.GetBytes(snapshot.Run), new Span<byte>(info.Run, 136));
        return info;
    }

    /// <exception cref="AslException">ArgumentInvalid: there is no such text.</exception>
    internal string Text(SnapshotText which) => which switch
    {
        SnapshotText.Domain => Snapshot.Domain,
        SnapshotText.Run => Snapshot.Run,
        SnapshotText.Case => Snapshot.Case.Case,
        SnapshotText.Examiner => Snapshot.Case.Examiner,
        SnapshotText.Note => Snapshot.Case.Note,
        SnapshotText.Host => Snapshot.Origin.Host,
        SnapshotText.Boot => Snapshot.Origin.Boot,
        SnapshotText.Program => Snapshot.Origin.Program,
        SnapshotText.Compressor => Snapshot.Origin.Compressor,
        _ => throw LibraryErrors.Argument("which", "a snapshot has no such text"),
    } ?? "";

    protected override void Free()
    {
        _readers.Dispose();
        _index.Dispose();
        _store.Release();
    }
}
