using System.Globalization;
using System.Text;
using AslRescue.Intake.Imaging;
using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>What an ingest ended with.</summary>
/// <param name="Name">The snapshot's name.</param>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Seal">Its seal.</param>
public sealed record SealedSnapshot(Digest Name, Snapshot Snapshot, Seal Seal);

/// <summary>
/// One ingest into a store, from its first journal record to its seal. It can be interrupted at any moment, by a signal or by
/// a power cut, and resumed: by the order of docs/store-format.md, and because the same sources and base give the same artifacts in the
/// same order, so that what is stored already is met again and skipped.
/// </summary>
/// <remarks>Used by one thread. <see cref="Ingest"/> comes before <see cref="Seal"/>; a run that was being sealed starts with Seal.</remarks>
public sealed class IngestRun : IDisposable
{
    private readonly ArtifactStore _store;
    private readonly IDisposable _lease;
    private readonly RunJournal _journal;
    private readonly TimeProvider _time;
    private readonly RunJournal.Progress _progress;
    private readonly StoreBase _base;
    private readonly SnapshotSource[] _described;
    private readonly ArtifactIndex _baseIndex;
    private ImageRecorder? _recorder;
    private ImageSources? _images;
    private BlockWriter? _blocks;
    private TreeAssembler? _assembler;
    private IngestedTree? _tree;

    private IngestRun(ArtifactStore store, string name, IDisposable lease, RunJournal journal, RunJournal.Progress progress, TimeProvider time)
    {
        (_store, Name, _lease, _journal, _progress, _time) = (store, name, lease, journal, progress, time);
        _described = new SnapshotSource[Options.Sources.Count];
        _base = store.At(Options.Domain, progress.Beginning.BaseSeal);
        _baseIndex = new ArtifactIndex(store.Backend, _base.Groups);
    }

    /// <summary>The run's name.</summary>
    public string Name { get; }

    /// <summary>What the run was begun with.</summary>
    public IngestOptions Options => _progress.Beginning.Options;

    /// <summary>Whether its images are lost: none is opened, and what was not read of them is missing.</summary>
    public bool WithoutSource { get; init; }

    /// <summary>Whether everything was ingested before the interruption and only the seal is missing.</summary>
    public bool IsSealing => _progress.Draft is not null;

    /// <summary>For a display on another thread.</summary>
    public IngestProgress Progress { get; } = new();

    /// <summary>How the passes over an image read its device. For tests: a device that fails.</summary>
    internal Func<ImageDevice, DamagedReader.ReadAt> Reading { get; set; } = device => device.Read;

    /// <summary>
    /// Checks what <see cref="Begin"/> checks of sources. For callers that would make the store first: nothing may be written into a source.
    /// </summary>
    /// <param name="sources">As the operator named them.</param>
    /// <param name="store">Where the store lies or will lie.</param>
    /// <exception cref="AslException">SourceMissing, SourceRefused.</exception>
    /// <returns>How a run names them: of a block device its name as given, of others the real path.</returns>
    public static IReadOnlyList<string> CheckSources(IEnumerable<string> sources, string store)
    {
        FoundSource[] found = [.. sources.Select(path => SourcePath.Find(path, store, isKnown: false))];
        SourcePath.RefuseOverlap([.. found.Select(source => source.Real)]);
        return [.. found.Select(source => source.Kept)];
    }

    /// <summary>Begins a run.</summary>
    /// <exception cref="AslException">A source is missing or must not be read into this store; the store cannot be written.</exception>
    /// <param name="store">Where to.</param>
    /// <param name="options">What, and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="journal">The journal of a run that was begun elsewhere and goes on here; null for a run of its own.</param>
    public static IngestRun Begin(ArtifactStore store, IngestOptions options, TimeProvider time, JournalWriter? journal = null)
    {
        options = options with { Sources = CheckSources(options.Sources, store.Backend.Location) };
        var name = journal?.Run ?? RunFolders.NewName(time);
        var lease = Lease(store, options.Domain, name);
        try
        {
            var current = store.Current(options.Domain);
            var records = NewJournal(store, options.Domain, name, time, journal);
            var beginning = new RunJournal.Beginning(options, FileTimeText.Of(time.GetUtcNow()), current.Newest?.Number ?? 0,
                [.. options.Sources.Select(path => options.Rehash ? null : FindParent(store, options, path))])
            {
                Trees = [.. options.Sources.Select(path => ImageDevice.IsImage(path, options.Image) ? "" : TreeIdentity.Of(path))],
            };
            records.RecordStart(beginning, store.Format);
            return new(store, name, lease, records, new(beginning, [], [], [], null, null), time);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with a run that was interrupted.</summary>
    /// <exception cref="AslException">RunMissing, RunBusy, LogCorrupt, or a sealed block of the run is damaged.</exception>
    /// <param name="store">Where it lies.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="name">Its name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="journal">Its journal, when somebody else appends to it too; set behind all that the backend holds.</param>
    /// <param name="withoutSource">See <see cref="WithoutSource"/>.</param>
    public static IngestRun Resume(ArtifactStore store, string domain, string name, TimeProvider time, JournalWriter? journal = null, bool withoutSource = false)
    {
        var lease = Lease(store, domain, name);
        try
        {
            var records = NewJournal(store, domain, name, time, journal);
            var progress = records.Read() ?? throw new AslException(new AslError(ErrorCode.RunMissing, $"run {name} never began")
            {
                Where = $"{store.Backend.Location}/{ObjectName.RunFolder(domain, name)}",
                Fix = "ingest the sources again: nothing of them was stored",
            });
            return new(store, name, lease, records, progress, time) { WithoutSource = withoutSource };
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The runs of a domain that began and have no seal, oldest first.</summary>
    public static IReadOnlyList<string> ListUnsealed(ArtifactStore store, string domain)
    {
        var sealedRuns = new SealLog(store.Backend, domain).Read().Select(seal => seal.Run).ToHashSet();
        return [.. RunLog.ListRuns(store.Backend, domain).Where(run => !sealedRuns.Contains(run) && CanGoOn(store, domain, run))];
    }

    /// <summary>Whether a run began and has no seal of its own. <see cref="ListUnsealed"/> does not load snapshots: it leaves out a run that any seal names.</summary>
    public static bool IsUnsealed(ArtifactStore store, string domain, string name) => CanGoOn(store, domain, name) && FindSealed(store, domain, name) is null;

    private static bool CanGoOn(ArtifactStore store, string domain, string name) =>
        store.Backend.ListNumbers(ObjectName.RunFolder(domain, name)).Count > 0 && RunJournal.CanGoOn(new RunLog(store.Backend, domain, name));

    /// <summary>Whether nothing speaks against the sources of a run being those that lie under its paths now. An image is sampled, a tree's file system looked at.</summary>
    /// <exception cref="AslException">A source cannot be read, or the run's journal is damaged.</exception>
    internal static bool HasItsSources(ArtifactStore store, string domain, string name)
    {
        var log = new RunLog(store.Backend, domain, name);
        return RunJournal.Peek(log) is { } progress
            && Enumerable.Range(0, Math.Min(progress.Beginning.Trees.Count, progress.Beginning.Options.Sources.Count)).All(index =>
                progress.Beginning.Trees[index].Length == 0 || progress.Beginning.WhyOtherTree(index, TreeIdentity.Of(progress.Beginning.Options.Sources[index])) is null)
            && ImageSources.WhyOther(log, progress) is null;
    }

    /// <summary>Whether a run has begun to read an image, so that it can be sealed without its source.</summary>
    /// <exception cref="AslException">The run's journal is damaged.</exception>
    public static bool HasImages(ArtifactStore store, string domain, string name) => RunJournal.Peek(new RunLog(store.Backend, domain, name)) is { Images.Count: > 0 };

    /// <summary>What a run was begun with, as its journal has it; null when it never began to read.</summary>
    public static IngestOptions? OptionsOf(ArtifactStore store, string domain, string name) =>
        RunJournal.OptionsOf(new RunLog(store.Backend, domain, name));

    /// <summary>
    /// The snapshot of a run that is sealed already, durable on return; null when it is not. A seal under the run's name whose snapshot no record of its journal
    /// seals is somebody else's, and passed over: the run would be called sealed, and what it has read be lost.
    /// </summary>
    public static SealedSnapshot? FindSealed(ArtifactStore store, string domain, string name)
    {
        var (log, journal) = (new SealLog(store.Backend, domain), new RunLog(store.Backend, domain, name));
        return log.Read().Where(seal => seal.Run == name)
            .Select(seal => new SealedSnapshot(seal.Snapshot, SnapshotCodec.Load(store.Backend, seal.Snapshot), seal))
            .FirstOrDefault(found => found.Snapshot.Journal is var (sequence, hash) && journal.TryRead(sequence) is { Kind: RunJournal.Sealing } record && record.Hash == hash) is { } ours
            ? ours with { Seal = log.Confirm(ours.Seal) }
            : null;
    }

    /// <summary>Reads the sources and stores what is new. Once only: after a failure the run is disposed and resumed.</summary>
    /// <exception cref="AslException">The store or a source failed; IsPermanent says whether trying again may help.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the run can be resumed.</exception>
    public void Ingest(CancellationToken cancellation)
    {
        Progress.Enter("reading");
        for (var index = 0; index < Options.Sources.Count; index++)
        {
            RequireTree(index, null);
        }

        _recorder = new ImageRecorder(new RunLog(_store.Backend, Options.Domain, Name), _time);
        _blocks = new BlockWriter(_store.Backend, _store.Format, _baseIndex, _progress.Blocks, () => _assembler?.TakeCheckpoint(),
            block => Record(block.Block, block.Mark), mark => Record(null, mark), Options.Workers);
        _assembler = new TreeAssembler(_blocks, _store.Format.Chunks, Progress, _recorder);
        _images = ImageSources.Open(_store, _progress, _journal, _recorder, _blocks, WithoutSource);
        Progress.CountDone(_images.All.Sum(image => image.Map.Bytes(AreaState.Good))); // What an earlier run, or this one before it was interrupted, has read.
        Progress.ExpectedBytes = SourceSize.Expected(_store.Backend, Options.Sources, _progress.Beginning.Parents, index => _images[index]?.Size);
        using var checkpoints = new CheckpointCursor(_journal.ReadParts(_progress));
        using var folders = new OpenFolders();

        // Readers wait for the disk as often as they hash: with two for each that compresses, a disk that must seek has several wishes at once.
        var pipeline = new IngestPipeline(_store.Format.Chunks, Progress, Options.Workers * 2);
        pipeline.Run((send, stop) => Walk(checkpoints, folders, send, stop), _assembler, cancellation);
        _tree = _assembler.Finish();
    }

    /// <summary>
    /// Seals what was ingested, with evidence, in the order of docs/store-format.md. A run that was being sealed when it was
    /// interrupted keeps the evidence that it had.
    /// </summary>
    /// <param name="evidence">Names and bytes that lie in the snapshot.</param>
    /// <param name="signer">Signs the snapshot before it is sealed; null: it is not signed.</param>
    public SealedSnapshot Seal(IReadOnlyDictionary<string, byte[]> evidence, SnapshotSigner? signer = null)
    {
        Progress.Enter("sealing");
        var (draft, sealing) = _progress is { Draft: { } earlier, Sealing: { } record }
            ? (SnapshotCodec.Decode("draft", earlier), record)
            : MakeDraft(evidence);
        var snapshot = draft with { Journal = (sealing.Sequence, sealing.Hash) };
        var file = SnapshotCodec.Encode(snapshot);
        var name = Digest.Of(file);
        _store.Backend.CreateSealed(ObjectName.Snapshot(name), file);
        Progress.Enter("checking");
        ReadBack(name, snapshot);
        signer?.Sign(_store.Backend, name);
        return new(name, snapshot, new SealLog(_store.Backend, Options.Domain).Append(name, Name, sealing.Wall));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks?.Dispose();
        _images?.Dispose();
        _baseIndex.Dispose();
        _lease.Dispose();
    }

    private void Walk(CheckpointCursor checkpoints, OpenFolders folders, StepSender sender, CancellationToken stop)
    {
        var walker = new TreeWalker(_blocks!, _store.Format.Chunks, checkpoints, StoreFolder(), Options.OneFileSystem, sender, folders);
        for (var index = 0; index < Options.Sources.Count; index++)
        {
            sender.Send(new SourceStart(index));
            var path = Options.Sources[index];
            Progress.EnterSource(path);
            if (_images![index] is { } image)
            {
                new ImageReader(image, Options.Image, Progress, _time, sender, Reading(image.Device)).Run(stop);
                continue;
            }

            using var parent = OpenParent(index, path);
            var descriptor = SourcePath.Open(path);
            RequireTree(index, descriptor); // Hours may have passed since all were looked at.
            _described[index] = DescribeSource(path, descriptor, _progress.Beginning.Parents[index]);
            walker.Walk(index, path, descriptor, parent?.Tree, stop);
        }
    }

    /// <summary>An empty folder where nothing is mounted any more, or another disk's, must not be sealed as what the run began with.</summary>
    private void RequireTree(int index, int? descriptor)
    {
        var beginning = _progress.Beginning;
        var path = Options.Sources[index];
        if (index < beginning.Trees.Count && beginning.Trees[index].Length > 0
            && beginning.WhyOtherTree(index, descriptor is { } open ? TreeIdentity.Of(open) : TreeIdentity.Of(path)) is { } why)
        {
            _ = descriptor is { } opened ? Posix.Close(opened) : 0;
            throw ImageSources.Mismatch(path, why);
        }
    }

    private void Record(AddedBlock? block, byte[]? mark)
    {
        (int, long)[] counters = [.. (_images?.All ?? []).Where(image => image.Written is not null).Select(image => (image.Index, image.Written!.Value))];
        if (_journal.RecordBlock(block, mark, counters) is { } stored)
        {
            _recorder!.OnStored(mark!.Length, stored.Name, stored.Digest);
        }

        Progress.CountSealed(block?.FileLength ?? 0);
    }

    private OpenedParent? OpenParent(int index, string path)
    {
        if (_progress.Beginning.Parents[index] is not { } name)
        {
            return null;
        }

        try
        {
            return ReadParent(name, path);
        }
        catch (AslException)
        {
            return null; // It only saves time: without it everything is read.
        }
    }

    private OpenedParent ReadParent(Digest name, string path)
    {
        var snapshot = SnapshotCodec.Load(_store.Backend, name);
        var position = snapshot.Sources.ToList().FindIndex(source => source.Image is null && source.Path.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(path)));
        var artifactIndex = new ArtifactIndex(_store.Backend, snapshot.Groups);
        var artifacts = new ArtifactReader(_store.Backend, artifactIndex);
        var tree = new TreeReader(artifacts);
        return new(artifactIndex, artifacts,
            new ParentTree(tree, tree.Roots(snapshot.Root)[position], tree.Side(snapshot.Side).ElementAt(position), snapshot.Started));
    }

    private (Snapshot Draft, JournalRecord Sealing) MakeDraft(IReadOnlyDictionary<string, byte[]> evidence)
    {
        var (blocks, tree) = (_blocks!, _tree!);
        var (added, entries) = blocks.Finish();
        var (groups, _) = GroupMerge.Run(_store.Backend, _store.Format, _base.Groups, Name, entries, Progress.CountWork);
        DescribeImages(groups);
        var draft = new Snapshot
        {
            Domain = Options.Domain,
            Run = Name,
            Started = _progress.Beginning.Started.Time,
            Created = FileTime.From(_time.GetUtcNow()),
            Base = _base.Newest is { } newest ? (newest.Number, newest.Snapshot) : null,
            Root = tree.Root,
            Side = tree.Side,
            Sources = _described,
            Groups = groups,
            Blocks = added,
            Counts = tree.Counts with
            {
                AddedArtifacts = blocks.AddedArtifacts,
                AddedRawBytes = blocks.AddedRawBytes,
                AddedStoredBytes = blocks.AddedStoredBytes,
            },
            Case = Options.Case,
            ProblemCount = tree.ProblemCount,
            Problems = tree.Problems,
            Origin = new(Environment.MachineName, BootId.Read("/"), Options.Program, string.Create(CultureInfo.InvariantCulture, $"zstd {Zstd.Version / 10000}.{Zstd.Version / 100 % 100}.{Zstd.Version % 100}")),
            Format = _store.Format.Digest,
            Evidence = [.. evidence.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => new Evidence(item.Key, item.Value))],
        };
        return (draft, _journal.RecordSealing(tree.Root, SnapshotCodec.Encode(draft)));
    }

    /// <summary>An image that is complete and was not read in one go is hashed as it lies in the store: the device is not read twice.</summary>
    private void DescribeImages(IReadOnlyList<SegmentGroup> groups)
    {
        foreach (var image in _images!.All)
        {
            if (image.WantsHash)
            {
                Progress.Enter("hashing");
                using var index = new ArtifactIndex(_store.Backend, groups);
                using var artifacts = new ArtifactReader(_store.Backend, index);
                image.SetHash(ImageBytes.Hash(new TreeReader(artifacts), artifacts, image.Content, Progress));
                Progress.Enter("sealing");
            }

            _described[image.Index] = image.Describe(BootId.Read("/"));
        }
    }

    /// <summary>Reads from the medium what was just written; blocks were read back one by one.</summary>
    private void ReadBack(Digest name, Snapshot snapshot)
    {
        if (_store.Backend.ReadsBack)
        {
            return;
        }

        SnapshotCodec.Load(_store.Backend, name, pastCache: true);
        foreach (var group in snapshot.Groups.Where(group => group.Runs.Contains(Name)))
        {
            foreach (var segment in group.Segments)
            {
                using var opened = Segment.Open(_store.Backend, segment, pastCache: true);
                _ = opened.ReadAll().Count();
                Progress.CountWork();
            }
        }
    }

    private (uint, uint, ulong) StoreFolder()
    {
        if (SourcePath.IsAddress(_store.Backend.Location))
        {
            return default;
        }

        var result = Posix.StatAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(_store.Backend.Location), out var status);
        return result < 0 ? default : (status.Device.Major, status.Device.Minor, status.Inode);
    }

    private static SnapshotSource DescribeSource(string path, int descriptor, Digest? parent)
    {
        _ = Posix.Stat(descriptor, out var status);
        return new(Encoding.UTF8.GetBytes(path), 0, parent, status.Device, Posix.FileSystemType(descriptor));
    }

    private static Digest? FindParent(ArtifactStore store, IngestOptions options, string path)
    {
        if (ImageDevice.IsImage(path, options.Image))
        {
            return options.Image.Mapfile is null ? ImageSources.FindParent(store, options.Domain, path) : null;
        }

        var raw = Encoding.UTF8.GetBytes(path);
        return new SealLog(store.Backend, options.Domain).Read().Reverse()
            .Select(seal => (Digest?)seal.Snapshot)
            .FirstOrDefault(name => HasSource(store, name!.Value, raw));
    }

    /// <summary>A snapshot that is damaged is no parent, and no reason not to take new data in: verify reports it.</summary>
    private static bool HasSource(ArtifactStore store, Digest name, byte[] path)
    {
        try
        {
            return SnapshotCodec.Load(store.Backend, name).Sources.Any(source => source.Image is null && source.Path.AsSpan().SequenceEqual(path));
        }
        catch (AslException)
        {
            return false;
        }
    }

    private static IDisposable Lease(ArtifactStore store, string domain, string name) =>
        store.Backend.TryLease(domain, name) ?? throw new AslException(new AslError(ErrorCode.RunBusy, $"run {name} is under way")
        {
            Where = store.Backend.Location,
            Why = "another process works on it",
            Fix = "wait until it ends: asl-admin snapshots",
            IsPermanent = false,
        });

    private static RunJournal NewJournal(ArtifactStore store, string domain, string name, TimeProvider time, JournalWriter? journal)
    {
        var log = new RunLog(store.Backend, domain, name);
        return new(log, journal ?? new JournalWriter(name, BootId.Read("/"), log, time), ownsChain: journal is null);
    }

    private sealed record OpenedParent(ArtifactIndex Index, ArtifactReader Artifacts, ParentTree Tree) : IDisposable
    {
        public void Dispose()
        {
            Artifacts.Dispose();
            Index.Dispose();
        }
    }
}
