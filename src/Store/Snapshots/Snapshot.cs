using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Snapshots;

/// <summary>A source, as a snapshot names it.</summary>
/// <param name="Path">Raw bytes, absolute.</param>
/// <param name="Kind">0: a tree, 1: an image.</param>
/// <param name="Parent">The snapshot that the source was read incrementally against.</param>
/// <param name="Device">The device number that held it.</param>
/// <param name="FileSystemType">statfs f_type.</param>
public sealed record SnapshotSource(byte[] Path, int Kind, Digest? Parent, (uint Major, uint Minor) Device, long FileSystemType)
{
    /// <summary><see cref="Kind"/> of an image.</summary>
    public const int ImageKind = 1;

    /// <summary>What is known of an image beside its bytes; null for a tree.</summary>
    public SnapshotImage? Image { get; init; }
}

/// <summary>A block that a run added.</summary>
public sealed record AddedBlock(Digest Name, long FileLength, BlockContent Content);

/// <summary>What the operator said the case is. Any may be null.</summary>
public sealed record CaseInfo(string? Case, string? Examiner, string? Note);

/// <summary>Which machine and program made the snapshot.</summary>
public sealed record SnapshotOrigin(string Host, string Boot, string Program, string Compressor);

/// <summary>What a run read, found and added. Bytes unless the name says otherwise.</summary>
public sealed record SnapshotCounts
{
    /// <summary>Entries of all kinds.</summary>
    public long Entries { get; init; }

    public long Files { get; init; }

    public long Directories { get; init; }

    /// <summary>Sum of the sizes of files, holes included.</summary>
    public long SourceBytes { get; init; }

    /// <summary>Read from the source in this run.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Files taken over from the parent without reading.</summary>
    public long UnchangedFiles { get; init; }

    /// <summary>Artifacts that were new to the store.</summary>
    public long AddedArtifacts { get; init; }

    /// <summary>Their raw bytes.</summary>
    public long AddedRawBytes { get; init; }

    /// <summary>Their bytes as stored.</summary>
    public long AddedStoredBytes { get; init; }

    /// <summary>Of files: unreadable ranges.</summary>
    public long BadBytes { get; init; }
}

/// <summary>
/// A document that proves something about the run: a decision record, a table, a contract. It lies in the snapshot itself: it differs
/// from run to run, and blocks and segments must not.
/// </summary>
public sealed record Evidence(string Name, byte[] Content);

/// <summary>A sealed root and all that bounds it (docs/store-format.md, Snapshots).</summary>
public sealed record Snapshot
{
    public required string Domain { get; init; }

    public required string Run { get; init; }

    /// <summary>When the run began, by the wall clock.</summary>
    public required FileTime Started { get; init; }

    /// <summary>When its sealing record was written.</summary>
    public required FileTime Created { get; init; }

    /// <summary>Number of the seal and snapshot that the run de-duplicated against; null for the first.</summary>
    public (long Seal, Digest Snapshot)? Base { get; init; }

    /// <summary>Key of the root artifact.</summary>
    public required Digest Root { get; init; }

    /// <summary>Items of the side table of the sources.</summary>
    public required IReadOnlyList<ContentItem> Side { get; init; }

    public required IReadOnlyList<SnapshotSource> Sources { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<SegmentGroup> Groups { get; init; }

    /// <summary>In the order in which they were sealed.</summary>
    public required IReadOnlyList<AddedBlock> Blocks { get; init; }

    public required SnapshotCounts Counts { get; init; }

    public CaseInfo Case { get; init; } = new(null, null, null);

    public long ProblemCount { get; init; }

    /// <summary>Items of the list of problems.</summary>
    public IReadOnlyList<ContentItem> Problems { get; init; } = [];

    public required SnapshotOrigin Origin { get; init; }

    /// <summary>Sequence and hash of the sealing record; null in a draft.</summary>
    public (long Sequence, Digest Hash)? Journal { get; init; }

    /// <summary>SHA-256 of format.toml.</summary>
    public required Digest Format { get; init; }

    /// <summary>Ascending by name.</summary>
    public IReadOnlyList<Evidence> Evidence { get; init; } = [];
}
