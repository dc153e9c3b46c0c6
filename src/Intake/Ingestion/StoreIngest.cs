using AslRescue.Intake.Sources;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// The machine's ingest and seal steps with the real store: an <see cref="IngestRun"/> whose records go into the machine's journal.
/// </summary>
/// <param name="template">How to ingest; the sources come from the machine.</param>
/// <param name="time">The clock.</param>
/// <param name="wanted">The run of the backend to go on with, when the operator named one.</param>
/// <param name="signer">Gives what signs the snapshot, if anything does; asked when it is sealed.</param>
/// <param name="open">Opens the store in a backend; null: in its directory.</param>
public sealed class StoreIngest(IngestOptions template, TimeProvider time, string? wanted = null, Func<AttachedBackend, ArtifactStore>? open = null, Func<SnapshotSigner?>? signer = null) : IIngestStep, ISealStep, IDisposable
{
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromMilliseconds(250);
    private const int ProblemsShownMax = 20;
    private readonly RateMeter _rate = new(time);
    private ArtifactStore? _store;
    private IngestRun? _run;
    private SealedSnapshot? _sealed;
    private IReadOnlyList<FoundSource> _sources = [];

    /// <summary>The store that is open; null before the backend is attached and after it was let go.</summary>
    public ArtifactStore? Store => _store;

    /// <summary>How far the reading is.</summary>
    public IngestProgress? Progress => _run?.Progress;

    /// <inheritdoc/>
    public long Advances => _run?.Progress.Advances ?? 0;

    /// <inheritdoc/>
    public bool IsWaiting => _store?.Backend.IsWaiting ?? false;

    /// <summary>What was sealed; kept after the backend was let go.</summary>
    public SealedSnapshot? Sealed => _sealed;

    /// <summary>The first problems of the sealed snapshot, in walk order: enough for a terminal; the snapshot has them all.</summary>
    public IReadOnlyList<Problem> ProblemsShown { get; private set; } = [];

    /// <inheritdoc/>
    public Task<PreparedRun> PrepareAsync(AttachedBackend backend, string run, IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        Close();
        _store = open?.Invoke(backend) ?? ArtifactStore.OpenOrCreate(backend.Location);
        var known = IsKnown(run) ? run : wanted;
        _sources = known is not null && template.WithoutSource
            ? [.. sources.Select(Path.GetFullPath).Select(path => new FoundSource(path, path))]
            : [.. sources.Select(path => SourcePath.Find(path, _store.Backend.Location, isKnown: known is not null))];
        var found = known ?? FindUnsealed() ?? run;
        var log = new RunLog(_store.Backend, template.Domain, found);
        return Task.FromResult(new PreparedRun(found, log, log.ReadLines()));
    }

    /// <inheritdoc/>
    public async Task IngestAsync(JournalWriter journal, IProgress<ProgressView> progress, CancellationToken cancellationToken)
    {
        var store = _store ?? throw new InvalidOperationException("no store is open: the run was not prepared");
        Posix.RaiseOpenFileLimit();
        _sealed = IngestRun.FindSealed(store, template.Domain, journal.Run);
        if (_sealed is not null)
        {
            return;
        }

        _run ??= IngestRun.OptionsOf(store, template.Domain, journal.Run) is { } begun
            ? IngestRun.Resume(store, template.Domain, Unchanged(journal.Run, begun), time, journal, template.WithoutSource)
            : IngestRun.Begin(store, template with { Sources = [.. _sources.Select(source => source.Kept)] }, time, journal);
        if (!_run.IsSealing)
        {
            await using var timer = new Timer(_ => progress.Report(View(_run.Progress)), null, ProgressPeriod, ProgressPeriod);
            _run.Ingest(cancellationToken);
        }

        progress.Report(View(_run.Progress));
    }

    /// <inheritdoc/>
    public Task<SealEvidence> SealAsync(JournalWriter journal, IReadOnlyList<EvidenceItem> evidence, CancellationToken cancellationToken)
    {
        _sealed ??= (_run ?? throw new InvalidOperationException("nothing was ingested"))
            .Seal(evidence.ToDictionary(item => item.Name, item => item.Content), signer?.Invoke());
        ProblemsShown = ReadProblems(_store!, _sealed.Snapshot);
        return Task.FromResult(new SealEvidence(_sealed.Name.ToString(), _sealed.Snapshot.Root.ToString(), _sealed.Snapshot.ProblemCount,
            SnapshotDisks.WasWritten(_sealed.Snapshot)));
    }

    /// <inheritdoc/>
    public Task VouchAsync(string run, long size, byte[] root)
    {
        if (_store is { } store)
        {
            var log = new RunLog(store.Backend, template.Domain, run);
            var body = JournalNote.Body(JournalNote.Origin(template.Domain, run), size, root);
            if (!log.HasNote(size, body))
            {
                string?[] signatures = [signer?.Invoke()?.SignNote(template.Domain, body), Cosignature(store, run, body)];
                log.PutNote(size, JournalNote.Compose(body, signatures.OfType<string>()));
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Null also where whoever keeps the store does not vouch: the domain's own signature is worth leaving all the same, and the audit shows who signed.</summary>
    private string? Cosignature(ArtifactStore store, string run, byte[] body)
    {
        try
        {
            return store.Backend.Cosign(template.Domain, run, body);
        }
        catch (AslException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task ReleaseAsync()
    {
        Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static IReadOnlyList<Problem> ReadProblems(ArtifactStore store, Snapshot snapshot)
    {
        if (snapshot.ProblemCount == 0)
        {
            return [];
        }

        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        return [.. new TreeReader(artifacts).Problems(snapshot.Problems).Take(ProblemsShownMax)];
    }

    /// <summary>What was approved now must be what the run began with: else it would read what nobody approved, or leave out what was.</summary>
    private string Unchanged(string run, IngestOptions begun) => HasOurSources(begun) ? run : throw new AslException(
        new AslError(ErrorCode.RunMismatch, $"run {run} began with other sources")
        {
            Where = _store!.Backend.Location,
            Why = $"it began with {string.Join(", ", begun.Sources)}; approved is {string.Join(", ", _sources.Select(source => source.Kept))}",
            Fix = "asl-intake ingest SOURCE…   (begins another run; what is stored is not stored again)",
            IsPermanent = false, // Nothing is wrong with the run: it goes on where its own sources are approved.
        });

    private void Close()
    {
        _run?.Dispose();
        _store?.Dispose();
        (_run, _store) = (null, null);
    }

    /// <summary>Whether the backend holds records of this very run.</summary>
    private bool IsKnown(string run) => _store!.Backend.ListNumbers(ObjectName.RunFolder(template.Domain, run)).Count > 0;

    /// <summary>
    /// The newest unsealed run that was begun with the same sources and options and that nobody works on. The same path may be another disk: of
    /// another machine, or of this one after it was in use. Such a run is passed over, for whoever has its disk.
    /// </summary>
    private string? FindUnsealed() => IngestRun.ListUnsealed(_store!, template.Domain).LastOrDefault(run =>
        IsLikeOurs(run) && _store!.Backend.TryLease(template.Domain, run) is { } lease && Released(lease));

    private bool IsLikeOurs(string run)
    {
        try
        {
            return IngestRun.OptionsOf(_store!, template.Domain, run) is { } options && HasOurSources(options)
                && options.Case == template.Case && options.OneFileSystem == template.OneFileSystem && options.Rehash == template.Rehash && options.Image.IsLike(template.Image)
                && IngestRun.HasItsSources(_store!, template.Domain, run);
        }
        catch (AslException)
        {
            return false; // Its journal is damaged, or its sources cannot be told: it is left alone, and verify reports it.
        }
    }

    /// <summary>By the names that the run keeps, or by what they lead to now: one disk has several. Whether it is the disk is looked at later.</summary>
    private bool HasOurSources(IngestOptions begun) => begun.Sources.Count == _sources.Count
        && begun.Sources.Zip(_sources).All(pair => pair.First == pair.Second.Kept || pair.First == pair.Second.Real || LivePaths.RealPath(pair.First) == pair.Second.Real);

    private static bool Released(IDisposable lease)
    {
        lease.Dispose();
        return true;
    }

    private ProgressView View(IngestProgress progress) =>
        new(progress.DoneBytes, progress.ExpectedBytes, progress.Entries, progress.Problems, progress.Phase)
        {
            ReadBytes = progress.ReadBytes,
            StoredBytes = progress.StoredBytes,
            BadBytes = progress.BadBytes,
            BadAreas = progress.BadAreas,
            BytesPerSecond = _rate.Sample(progress.DoneBytes),
            Source = progress.Source,
            DurableBytes = progress.SealedBytes,
        };
}
