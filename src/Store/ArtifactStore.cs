using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store;

/// <summary>What a run de-duplicates against: CURRENT of a domain at one moment (docs/store-format.md, Order).</summary>
/// <param name="Newest">The highest seal; null in a domain without one.</param>
/// <param name="Groups">The segments, oldest first.</param>
public sealed record StoreBase(Seal? Newest, IReadOnlyList<SegmentGroup> Groups);

/// <summary>A store that is open: its backend and its parameters.</summary>
public sealed class ArtifactStore : IDisposable
{
    /// <summary>How a file is named that only tries whether a directory takes writes; it ends in ".unsealed".</summary>
    public const string ProbePrefix = ".asl-";

    private ArtifactStore(IBackend backend, StoreFormat format) => (Backend, Format) = (backend, format);

    public IBackend Backend { get; }

    public StoreFormat Format { get; }

    /// <summary>Opens a store in a directory.</summary>
    /// <exception cref="AslException">StoreMissing, StoreFormatUnknown, FormatCorrupt.</exception>
    public static ArtifactStore Open(string directory) => Open(new DirectoryBackend(directory));

    /// <summary>Opens the store in a backend.</summary>
    /// <exception cref="AslException">StoreMissing, StoreFormatUnknown, FormatCorrupt.</exception>
    public static ArtifactStore Open(IBackend backend)
    {
        using var file = backend.Open(ObjectName.Format) ?? throw new AslException(new AslError(ErrorCode.StoreMissing, "there is no store here")
        {
            Where = backend.Location,
            Why = "it has no format.toml",
            Fix = backend.List("").Any()
                ? "name the directory of a store; a new one needs a directory that is empty or does not exist"
                : $"check the path, or: asl-admin init --store {backend.Location}   (makes an empty store)",
        });
        var content = new byte[Math.Min(file.Length, 64 << 10)];
        file.Read(0, content);
        return new(backend, StoreFormat.Parse($"{backend.Location}/{ObjectName.Format}", content));
    }

    /// <summary>Makes an empty store. The directory is made if need be, and must be empty.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="format">Its parameters.</param>
    /// <param name="calls">How its files are written; null: by the kernel.</param>
    /// <exception cref="AslException">StoreOccupied.</exception>
    public static ArtifactStore Create(string directory, StoreFormat format, FileCalls? calls = null)
    {
        DirectoryBackend.MakeFolders(Path.GetFullPath(directory), calls);
        var backend = new DirectoryBackend(directory, calls);
        var names = backend.List("").Select(item => item.Name).Where(IsOccupant).ToList();
        if (names.Count > 0)
        {
            throw new AslException(new AslError(ErrorCode.StoreOccupied, "the directory is not empty")
            {
                Where = backend.Location,
                Why = $"it holds {Printable.Text(names[0])}",
                Fix = names.Contains(ObjectName.Format.Path) ? "it is a store already: use it" : "name an empty directory, or one that does not exist",
            });
        }

        backend.CreateSealed(ObjectName.Format, format.ToBytes());
        return new(backend, format);
    }

    /// <summary>Opens the store in a directory, or makes one where nothing is yet.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="format">What a new one is made with; null: as every store is.</param>
    /// <param name="calls">How its files are written; null: by the kernel.</param>
    public static ArtifactStore OpenOrCreate(string directory, StoreFormat? format = null, FileCalls? calls = null) =>
        !System.IO.Directory.Exists(directory) || IsEmpty(directory)
            ? Create(directory, format ?? new StoreFormat(), calls)
            : Open(new DirectoryBackend(directory, calls));

    /// <summary>CURRENT of a domain: the newest snapshot's segments and those of the seals that its run did not know.</summary>
    public StoreBase Current(string domain)
    {
        var seals = new SealLog(Backend, domain).Read();
        return seals.Count == 0 ? new(null, []) : At(seals, seals.Count);
    }

    /// <summary>CURRENT as it was when seal <paramref name="number"/> was the newest; 0 is the empty domain.</summary>
    /// <exception cref="AslException">LogCorrupt: there is no such seal, or one is damaged.</exception>
    public StoreBase At(string domain, long number)
    {
        var seals = new SealLog(Backend, domain).Read();
        return number == 0 ? new(null, []) : number > 0 && number <= seals.Count ? At(seals, (int)number) : throw new AslException(
            new AslError(ErrorCode.LogCorrupt, $"domain {domain} has no seal {number}")
            {
                Where = $"{Backend.Location}/{ObjectName.SealsFolder(domain)}",
                Why = $"a run rests on seal {number}, the newest one there is {seals.Count}",
                Fix = "put back the seals that are missing; or ingest again, which rests on what is there",
            });
    }

    /// <summary>The snapshots of the store that have a seal, with their domains, oldest first within a domain.</summary>
    public IEnumerable<(string Domain, Seal Seal)> Seals() =>
        SealLog.ListDomains(Backend).SelectMany(domain => new SealLog(Backend, domain).Read().Select(seal => (domain, seal)));

    /// <summary>A sealed snapshot by name, by the first digits of its name, or "latest" (the newest by the wall clock of its seal).</summary>
    /// <exception cref="AslException">SnapshotMissing, SnapshotAmbiguous, SnapshotCorrupt.</exception>
    public (Digest Name, Snapshot Snapshot) Find(string text)
    {
        Digest[] found = text == "latest"
            ? [.. Seals().OrderBy(item => item.Seal.Wall).Select(item => item.Seal.Snapshot).TakeLast(1)]
            : [.. Seals().Select(item => item.Seal.Snapshot).Where(name => name.ToString().StartsWith(text, StringComparison.Ordinal)).Distinct()];
        if (found is [var only])
        {
            return (only, SnapshotCodec.Load(Backend, only));
        }

        // Without a seal that can be read, a snapshot may still be asked for by its full name.
        if (found.Length == 0 && Digest.TryParse(text, out var name) && Backend.Open(ObjectName.Snapshot(name)) is { } file)
        {
            file.Dispose();
            return (name, SnapshotCodec.Load(Backend, name));
        }

        throw new AslException(new AslError(
            found.Length == 0 ? ErrorCode.SnapshotMissing : ErrorCode.SnapshotAmbiguous,
            found.Length == 0 ? $"no sealed snapshot is called '{text}'" : $"{found.Length} snapshots start with '{text}'")
        {
            Where = Backend.Location,
            Why = found.Length == 0 ? null : string.Join(", ", found.Select(digest => digest.ToString()[..16])),
            Fix = "asl-admin snapshots   (lists them)",
        });
    }

    /// <summary>The store as it is seen from one of its snapshots: a server gives nothing else then. This one must live longer.</summary>
    public ArtifactStore Below(Digest snapshot) => new(Backend.Below(snapshot), Format);

    /// <inheritdoc/>
    public void Dispose() => Backend.Dispose();

    private StoreBase At(IReadOnlyList<Seal> seals, int count)
    {
        var newest = seals[count - 1];
        var snapshot = SnapshotCodec.Load(Backend, newest.Snapshot);
        List<SegmentGroup> groups = [.. snapshot.Groups];
        var covered = groups.SelectMany(group => group.Runs).ToHashSet();
        for (var number = (int)(snapshot.Base?.Seal ?? 0); number < count - 1; number++)
        {
            // Runs that were under way at the same time: their own group is the last of their list.
            foreach (var group in SnapshotCodec.Load(Backend, seals[number].Snapshot).Groups.Where(group => !group.Runs.All(covered.Contains)))
            {
                groups.Add(group);
                covered.UnionWith(group.Runs);
            }
        }

        return new(newest, groups);
    }

    private static bool IsEmpty(string directory) =>
        !System.IO.Directory.EnumerateFileSystemEntries(directory).Any(path => IsOccupant(Path.GetFileName(path)));

    /// <summary>
    /// Whether a name in a directory says that it is not empty. What is left behind by a kill while a store was being made, or while it was tried whether one
    /// can be (<see cref="ProbePrefix"/>), does not: a store is made in it again.
    /// </summary>
    private static bool IsOccupant(string name) => name != "lost+found"
        && !(name.EndsWith(".unsealed", StringComparison.Ordinal)
            && (name.StartsWith(ObjectName.Format.Path + ".", StringComparison.Ordinal) || name.StartsWith(ProbePrefix, StringComparison.Ordinal)));
}
