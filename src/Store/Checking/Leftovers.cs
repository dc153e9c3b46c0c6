using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>What a leftover is.</summary>
public enum LeftoverKind
{
    /// <summary>A run without a seal.</summary>
    Run,

    /// <summary>A file that somebody was writing.</summary>
    UnsealedFile,

    /// <summary>A block that no sealed snapshot lists.</summary>
    Block,

    /// <summary>A segment that no sealed snapshot pins.</summary>
    Segment,

    /// <summary>A snapshot without a seal.</summary>
    Snapshot,

    /// <summary>A signature of a snapshot that is not there.</summary>
    Signature,

    /// <summary>A draft, checkpoint or mapfile of an unsealed run, or one that no record names.</summary>
    RunObject,

    /// <summary>A file that is no object of the format.</summary>
    Foreign,
}

/// <summary>Something in a store that no sealed snapshot needs, explained.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">Its path below the store; of a run, its folder.</param>
/// <param name="Bytes">Its length; 0 for a run.</param>
/// <param name="Why">Why it is there.</param>
/// <param name="Safe">What is safe to do with it.</param>
public sealed record Leftover(LeftoverKind Kind, string Path, long Bytes, string Why, string Safe)
{
    /// <summary>Of a run, what its journal says.</summary>
    public UnsealedRun? Run { get; init; }
}

/// <summary>
/// Finds what was left behind in a store, explains it, and deletes nothing. Where a seal or a snapshot cannot be read, nothing can be called orphaned
/// for sure, and that is said.
/// </summary>
/// <remarks>Memory: the names that sealed snapshots refer to, as gc-check needs them, and one journal line.</remarks>
public sealed class Leftovers
{
    private const string UnsealedSuffix = ".unsealed";
    private readonly IBackend _backend;
    private readonly SealedReferences _references;
    private readonly List<UnsealedRun> _runs = [];

    private Leftovers(IBackend backend) => (_backend, _references) = (backend, SealedReferences.ReadWhatCanBe(backend));

    /// <summary>Seals and snapshots that cannot be read: what they refer to may be among what is listed.</summary>
    public IReadOnlyList<AslError> Errors => _references.Errors;

    /// <summary>Reads seals and snapshots; the rest is read as it is asked for.</summary>
    /// <exception cref="AslException">The backend cannot be listed.</exception>
    public static Leftovers Of(IBackend backend) => new(backend);

    /// <summary>All of them: runs first, since others belong to them.</summary>
    /// <exception cref="AslException">The backend fails.</exception>
    public IEnumerable<Leftover> Find()
    {
        _runs.Clear();
        foreach (var domain in SealLog.ListDomains(_backend))
        {
            foreach (var run in RunLog.ListRuns(_backend, domain).Where(run => !_references.Runs.Contains((domain, run))))
            {
                var unsealed = UnsealedRun.Read(_backend, domain, run);
                _runs.Add(unsealed);
                yield return LeftoverWords.OfRun(unsealed, ObjectName.RunFolder(domain, run));
            }
        }

        foreach (var leftover in Blocks().Concat(Segments()).Concat(Snapshots()).Concat(Signatures()).Concat(InLogs()).Concat(Foreign()))
        {
            yield return leftover;
        }
    }

    private string Sure => Errors.Count > 0 ? "; not for sure: a seal or snapshot cannot be read, and may refer to it"
        : _runs.Any(run => run.DamagedRecords > 0) ? "; not for sure: a journal has lines that cannot be read, and may name it"
        : "";

    private IEnumerable<Leftover> Blocks()
    {
        foreach (var folder in _backend.List("blocks").OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            foreach (var item in Listed(folder, "blocks"))
            {
                var path = $"blocks/{folder.Name}/{item.Name}";
                if (!Digest.TryParse(item.Name, out var name))
                {
                    yield return NoObject(path, item);
                }
                else if (!_references.Blocks.Contains(name))
                {
                    yield return LeftoverWords.OfBlock(path, item.Length, _runs.FirstOrDefault(run => run.Blocks.Contains(name)), Sure);
                }
            }
        }
    }

    private IEnumerable<Leftover> Segments()
    {
        var drafted = DraftedSegments();
        foreach (var item in _backend.List("segments").OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            var path = $"segments/{item.Name}";
            if (!Digest.TryParse(item.Name, out var name))
            {
                yield return NoObject(path, item);
            }
            else if (!_references.Segments.Contains(name))
            {
                yield return LeftoverWords.OfSegment(path, item.Length, drafted.GetValueOrDefault(name), Sure);
            }
        }
    }

    /// <summary>The segments that the drafts of runs being sealed will pin.</summary>
    private Dictionary<Digest, UnsealedRun> DraftedSegments()
    {
        Dictionary<Digest, UnsealedRun> drafted = [];
        foreach (var run in _runs.Where(run => run.IsSealing))
        {
            foreach (var draft in run.Objects.Where(name => name.StartsWith("draft-", StringComparison.Ordinal) && ObjectPath.IsPart(name)))
            {
                foreach (var segment in SegmentsOf(ObjectName.RunObject(run.Domain, run.Run, draft)))
                {
                    drafted.TryAdd(segment, run);
                }
            }
        }

        return drafted;
    }

    private IReadOnlyList<Digest> SegmentsOf(ObjectName draft)
    {
        try
        {
            return [.. SnapshotCodec.Decode(draft.Path, _backend.ReadAll(draft)).Groups.SelectMany(group => group.Segments).Select(segment => segment.Name)];
        }
        catch (AslException)
        {
            return []; // A damaged draft is listed as what it is, and explains nothing.
        }
    }

    private IEnumerable<Leftover> Snapshots()
    {
        foreach (var item in _backend.List("snapshots").OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            var path = $"snapshots/{item.Name}";
            if (!Digest.TryParse(item.Name, out var name))
            {
                yield return NoObject(path, item);
            }
            else if (!_references.Snapshots.Contains(name))
            {
                yield return OfSnapshot(path, item.Length, name);
            }
        }
    }

    private Leftover OfSnapshot(string path, long bytes, Digest name)
    {
        try
        {
            var snapshot = SnapshotCodec.Load(_backend, name);
            return LeftoverWords.OfSnapshot(path, bytes, name, snapshot, _runs.FirstOrDefault(run => snapshot.Journal is { } journal && run.SealingRecords.Contains(journal.Hash)), Sure);
        }
        catch (AslException exception)
        {
            return LeftoverWords.OfDamagedSnapshot(path, bytes, exception.Error);
        }
    }

    private IEnumerable<Leftover> Signatures()
    {
        foreach (var folder in _backend.List("signatures").OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            var isThere = Digest.TryParse(folder.Name, out var snapshot) && IsThere(ObjectName.Snapshot(snapshot));
            foreach (var item in Listed(folder, "signatures"))
            {
                var path = $"signatures/{folder.Name}/{item.Name}";
                if (!StoreFolders.IsObject(item) || !Digest.TryParse(folder.Name, out _))
                {
                    yield return NoObject(path, item);
                }
                else if (!isThere)
                {
                    yield return LeftoverWords.OfSignature(path, item.Length);
                }
            }
        }
    }

    private IEnumerable<FolderItem> Listed(FolderItem folder, string above) =>
        folder.IsFolder ? _backend.List($"{above}/{folder.Name}").OrderBy(item => item.Name, StringComparer.Ordinal) : [];

    private bool IsThere(ObjectName name)
    {
        using var file = _backend.Open(name);
        return file is not null;
    }

    /// <summary>What lies beside the journals and is named by none of their records; of unsealed runs, all that does.</summary>
    private IEnumerable<Leftover> InLogs()
    {
        foreach (var domain in SealLog.ListDomains(_backend))
        {
            foreach (var item in _backend.List(ObjectName.SealsFolder(domain)).Where(item => !ObjectName.TryNumber(item.Name, out _)))
            {
                yield return NoObject($"{ObjectName.SealsFolder(domain)}/{item.Name}", item);
            }

            foreach (var run in RunLog.ListRuns(_backend, domain))
            {
                foreach (var leftover in BesideJournal(domain, run))
                {
                    yield return leftover;
                }
            }
        }
    }

    private IEnumerable<Leftover> BesideJournal(string domain, string run)
    {
        var (folder, unsealed) = (ObjectName.RunFolder(domain, run), _runs.FirstOrDefault(one => one.Domain == domain && one.Run == run));
        var others = _backend.List(folder).Where(item => !ObjectName.TryNumber(item.Name, out _)).OrderBy(item => item.Name, StringComparer.Ordinal).ToList();
        var known = others.Count == 0 ? null : unsealed ?? UnsealedRun.Read(_backend, domain, run);
        foreach (var item in others)
        {
            var path = $"{folder}/{item.Name}";
            if (item.IsFolder || item.Name.EndsWith(UnsealedSuffix, StringComparison.Ordinal))
            {
                yield return NoObject(path, item);
            }
            else if (!RunLog.IsNote(item.Name) && (unsealed is not null || !known!.Objects.Contains(item.Name)))
            {
                yield return LeftoverWords.OfRunObject(path, item.Length, known!, item.Name, isSealed: unsealed is null);
            }
        }
    }

    private IEnumerable<Leftover> Foreign()
    {
        string[] known = ["format.toml", "blocks", "segments", "snapshots", "logs", "signatures", "leases", "given", "lost+found"];
        return _backend.List("").Where(item => !known.Contains(item.Name)).OrderBy(item => item.Name, StringComparer.Ordinal).Select(item => NoObject(item.Name, item));
    }

    private static Leftover NoObject(string path, FolderItem item) => item.Name.EndsWith(UnsealedSuffix, StringComparison.Ordinal)
        ? LeftoverWords.OfUnsealedFile(path, item.Length)
        : LeftoverWords.OfForeign(path, item.Length);
}
