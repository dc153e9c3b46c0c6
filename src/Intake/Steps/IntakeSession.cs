using System.Globalization;
using System.Security.Cryptography;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Steps;

/// <summary>
/// What the steps of one process share: the run's journal, the gate, the attached backend. Nothing in here has to survive the process;
/// what has to stands in the journal.
/// </summary>
internal sealed class IntakeSession : IDisposable
{
    private readonly Dictionary<IntakeState, IStateStep> _steps;
    private readonly Lock _swap = new();
    private readonly List<string> _allowed = [];

    // Between the socket and ZFS; in no record, no status and no file.
    private byte[]? _key;

    /// <param name="parts">What the run is made of.</param>
    /// <param name="contract">The machine's.</param>
    /// <param name="journal">The run's.</param>
    /// <param name="board">The one that operators look at already; null for a new one.</param>
    public IntakeSession(IntakeParts parts, Contract contract, MachineJournal journal, StatusBoard? board = null)
    {
        (Parts, Contract, Journal, Heart) = (parts, contract, journal, new Heartbeat(parts.Time));
        Gate = NewGate();
        Board = board ?? new StatusBoard(StatusView.Of(this));
        _steps = new Dictionary<IntakeState, IStateStep>
        {
            [IntakeState.Detecting] = new DetectingStep(this),
            [IntakeState.AwaitingApproval] = new AwaitingApprovalStep(this),
            [IntakeState.AttachingLocal] = new AttachingStep(this),
            [IntakeState.AttachingRemote] = new AttachingStep(this),
            [IntakeState.Ingesting] = new IngestingStep(this),
            [IntakeState.Retrying] = new RetryingStep(this),
        };
    }

    public IntakeParts Parts { get; }

    public Contract Contract { get; }

    public MachineJournal Journal { get; private set; }

    public TransitionGate Gate { get; private set; }

    public StatusBoard Board { get; }

    /// <summary>What the steps show of being alive.</summary>
    public Heartbeat Heart { get; }

    public RunHistory History => Journal.History;

    /// <summary>The backend, while this process has it open.</summary>
    public AttachedBackend? Backend { get; private set; }

    /// <summary>An approval of this boot, given to another run's journal before it was known that this run is the one to resume.</summary>
    public (ApprovalRequest Request, Approval Approval)? Carried { get; private set; }

    /// <summary>The run whose end could not be marked.</summary>
    private string? TakenFrom { get; set; }

    /// <summary>Why the configuration does not approve the request.</summary>
    public string? ConfigObjection { get; set; }

    /// <summary>The step of a state.</summary>
    public IStateStep StepOf(IntakeState state) => _steps[state];

    /// <summary>Shows what is going on.</summary>
    public void Say(string? detail) => Publish(status => status with { Detail = detail });

    /// <summary>Shows where the machine stands now.</summary>
    public void Show() => Publish(_ => StatusView.Of(this));

    /// <summary>Puts up a status.</summary>
    public void Publish(Func<IntakeStatus, IntakeStatus> change)
    {
        var status = Board.Update(change);
        Parts.OnStatus?.Invoke(status);
    }

    /// <summary>Journals that something was asked for and not done, from any thread: a step may be about to work on another run's journal.</summary>
    public void Refuse(string what, Objection why, string by)
    {
        lock (_swap)
        {
            Gate.Refuse(what, why, by);
        }
    }

    /// <summary>A document of this run, as evidence.</summary>
    public EvidenceReference Record(string name, byte[] bytes) => Journal.Record(name, bytes);

    /// <summary>
    /// Journals the write counters of the machine's disks. Where something begins, once in a boot, and again when a disk was plugged in since: it
    /// is from its first counter on that nothing may have been written to a disk.
    /// </summary>
    /// <param name="moment">One of <see cref="DiskMoments"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CountDisksAsync(string moment, CancellationToken cancellationToken)
    {
        var backend = moment == DiskMoments.Begun ? [] : History.Request?.BackendPlaces() ?? [];
        var sources = moment == DiskMoments.Begun ? Parts.Settings.Sources.Select(source => source.Path) : History.Request?.Sources.Select(source => source.Path) ?? [];
        var disks = await Parts.Guard.CountDisksAsync(backend, [.. sources], cancellationToken);
        if (disks.Count > 0 && (moment is DiskMoments.Stopped or DiskMoments.Sealing || !AreCounted(disks, moment)))
        {
            Record(EvidenceNames.Disks, new DiskCounts(moment, Parts.Boot, (long)Parts.Time.GetElapsedTime(0).TotalNanoseconds, disks).Bytes());
        }
    }

    private bool AreCounted(IReadOnlyList<DiskCount> disks, string moment)
    {
        var counted = History.AllEvidence().Where(pair => pair.Key.Name == EvidenceNames.Disks).Select(pair => DiskCounts.TryParse(pair.Value)).OfType<DiskCounts>()
            .Where(document => document.When == moment && document.Boot == Parts.Boot).SelectMany(document => document.Disks).ToList();
        return disks.All(disk => counted.Exists(disk.IsSame));
    }

    /// <summary>The request that is asked about, as evidence.</summary>
    public EvidenceReference RequestEvidence() => Record(EvidenceNames.Request, History.Request!.Bytes());

    /// <summary>The same question, asked anew: its id is another, so no earlier approval fits.</summary>
    public EvidenceReference AskAnew() => Record(EvidenceNames.Request, (History.Request! with { Nonce = NewNonce() }).Bytes());

    /// <summary>16 random bytes.</summary>
    public static string NewNonce() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The approval under which this run works now, or why there is none.</summary>
    public (EvidenceReference? Approval, string Why) LiveApproval()
    {
        if (History.Newest(EvidenceNames.Approval) is not var (digest, _))
        {
            return (null, "nobody has approved anything in this run");
        }

        var reference = new EvidenceReference(EvidenceNames.Approval, digest);
        return Gate.WhyVoid(reference) is { } why ? (null, why) : (reference, "");
    }

    /// <summary>Whether a key was given that nobody has taken yet.</summary>
    public bool HasKey => _key is not null;

    /// <summary>Takes the key of the backend's dataset from an operator; the journal has who gave it, and not what.</summary>
    public void GiveKey(byte[] key, string by)
    {
        Journal.Append(new JournalEntry(RecordKinds.KeyGiven) { Fields = [new("dataset", History.Request!.Dataset!), new("by", by)] });
        WipeKey(key);
    }

    /// <summary>Writes an approval of the current request into the journal.</summary>
    public EvidenceReference Approve(string by, Peer? peer, string? because) => Record(EvidenceNames.Approval, new Approval
    {
        Request = History.Request!.Id().ToString(),
        By = by,
        Uid = peer?.Uid,
        Tty = peer?.Tty,
        Because = because,
        Boot = Parts.Boot,
        Monotonic = (long)Parts.Time.GetElapsedTime(0).TotalNanoseconds,
        Wall = Parts.Time.GetUtcNow(),
    }.Bytes());

    /// <summary>Time since a record of this boot; zero for one of another.</summary>
    public TimeSpan Since(JournalRecord? record) => record?.Boot == Parts.Boot
        ? Parts.Time.GetElapsedTime(0) - TimeSpan.FromTicks(record.Monotonic / 100)
        : TimeSpan.Zero;

    /// <summary>
    /// Attaches the approved backend, opens the store in it and lets the journal follow there. Gives null when the backend holds
    /// another run that is to be resumed: the session works on that one then.
    /// </summary>
    /// <exception cref="AslException">AttachFailed and others; also when it took longer than it may.</exception>
    public async Task<AttachedBackend?> AttachAsync(CancellationToken cancellationToken)
    {
        var timeout = Parts.Settings.AttachTimeout;
        using var bounded = Heart.Bounded(timeout);
        using var limit = new CancellationTokenSource(timeout, Parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await AttachNowAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AslException(new AslError(ErrorCode.AttachFailed, "the backend was not attached in time")
            {
                Where = History.Request!.Backend(),
                Why = string.Create(CultureInfo.InvariantCulture, $"it took longer than intake.attach-timeout, {timeout.TotalSeconds:0} s"),
                Fix = "see what hangs: asl-admin preflight --report; set intake.attach-timeout if it only needs longer",
                IsPermanent = false,
            });
        }
        finally
        {
            WipeKey(); // It was for this attempt: one that was not needed must not cut later pauses short.
        }
    }

    /// <summary>Journals what the guard did not let be written. Nothing of ours should ever ask for it: it is a defect, or a link that somebody put there.</summary>
    public void JournalRefusedWrites()
    {
        foreach (var refused in Parts.Bounds?.TakeRefused() ?? [])
        {
            var leads = refused.Leads == refused.Path ? "" : $", which leads to {refused.Leads}";
            Refuse("write", Objection.Guard($"to {refused.What} {refused.Path}{leads}: neither the overlay's contract nor an approval allows it"), "the machine");
        }
    }

    /// <summary>Closes the backend's store; what was imported stays imported.</summary>
    public async Task LetGoAsync()
    {
        if (Backend is not null)
        {
            Journal.Settle();
            await VouchAsync();
            Journal.DetachFromBackend();
            Backend = null;
            await Parts.Ingest.ReleaseAsync();
            WithdrawBounds();
        }
    }

    /// <summary>The backend is left with a checkpoint of all that it holds of this journal. Without one, an auditor sees that nobody vouches for its end.</summary>
    private async Task VouchAsync()
    {
        if (Journal.BackendProblem is null && Journal.BackendHead() is var (size, root))
        {
            try
            {
                await Parts.Ingest.VouchAsync(Journal.Run, size, root);
            }
            catch (AslException failure)
            {
                Say($"no checkpoint of the journal could be left in the backend: {failure.Error.What}");
            }
        }
    }

    /// <summary>Gives back what this run imported and mounted.</summary>
    /// <exception cref="AslException">It could not.</exception>
    public async Task DetachAsync()
    {
        if (History.Held.Count > 0 && History.Request is { } request)
        {
            await AttachStep(request).DetachAsync(AttachContext(request), CancellationToken.None);
            Journal.Append(new JournalEntry(RecordKinds.Detached));
        }
    }

    /// <summary>Marks the run that only served to find this one as over. What fails is tried again when this one is over.</summary>
    public void EndTakenFrom()
    {
        try
        {
            if (TakenFrom is { } run)
            {
                new RunFolders(Parts.Paths, Parts.Files).End(run, IntakeState.AttachingLocal);
                TakenFrom = null;
            }
        }
        catch (AslException full) when (StateFiles.IsWaitedFor(full.Error))
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        WipeKey();
        Journal.Dispose();
    }

    /// <summary>A key that nobody took is wiped; another may take its place.</summary>
    private void WipeKey(byte[]? another = null)
    {
        if (Interlocked.Exchange(ref _key, another) is { } old)
        {
            Array.Clear(old);
        }
    }

    private async Task<AttachedBackend?> AttachNowAsync(CancellationToken cancellationToken)
    {
        var request = History.Request!;
        string[] sources = [.. request.Sources.Select(source => source.Path)];
        var guarded = await Parts.Guard.CheckSourcesAsync(request.BackendPlaces(), sources, cancellationToken);
        Record(EvidenceNames.Guard, guarded.Bytes());
        AllowBounds(request);
        AttachedBackend backend;
        PreparedRun prepared;
        try
        {
            backend = await AttachStep(request).AttachAsync(AttachContext(request), cancellationToken);
            prepared = await Parts.Ingest.PrepareAsync(backend, Journal.Run, sources, cancellationToken);
        }
        catch
        {
            WithdrawBounds();
            throw;
        }

        var isOurs = prepared.Run == Journal.Run;
        if (!isOurs)
        {
            TakeOver(prepared);
        }

        Journal.AttachTo(prepared.Journal, prepared.Lines);
        Backend = backend;
        return isOurs ? backend : null;
    }

    /// <summary>The approved backend may be written to, and what was allowed before it may not.</summary>
    private void AllowBounds(ApprovalRequest request)
    {
        WithdrawBounds();
        foreach (var place in request.BackendPlaces().Select(place => place.Path ?? request.Mount).OfType<string>())
        {
            _allowed.Add(place);
            Parts.Bounds?.Allow(place);
        }
    }

    private void WithdrawBounds()
    {
        _allowed.ForEach(place => Parts.Bounds?.Withdraw(place));
        _allowed.Clear();
    }

    private IAttachStep AttachStep(ApprovalRequest request) => Parts.Attach[request.Kind];

    private AttachContext AttachContext(ApprovalRequest request) => new(request, History.Held, what =>
        Journal.Append(new JournalEntry(RecordKinds.Holding) { Fields = [new("what", what)] }))
    {
        Budget = Parts.Settings.AttachTimeout,
        TakeKey = () => Interlocked.Exchange(ref _key, null),
    };

    private TransitionGate NewGate() => new(Contract, Journal, new GateContext(Parts.Boot, Parts.Time, Parts.Settings.ApprovalExpiry));

    /// <summary>
    /// The run in the backend goes on; the one that only served to get there ends. Its journal is kept as evidence in the other, so the
    /// approval under which the backend was attached is not lost; what is held has to be held by the run that will give it back.
    /// </summary>
    private void TakeOver(PreparedRun prepared)
    {
        var (held, lines, folder) = (History.Held.ToArray(), Journal.Lines(), Journal.Folder);
        if (LiveApproval().Approval is { } approval)
        {
            Carried = (History.Request!, Approval.Parse(History.BytesOf(approval)));
        }

        var before = Journal;
        lock (_swap)
        {
            Journal = MachineJournal.Adopt(
                Parts.Paths.Run(prepared.Run), prepared.Run, prepared.Lines, Parts.Boot, Parts.Time, Parts.WrapSink, Parts.Files);
            Gate = NewGate();
        }

        Journal.Append(new JournalEntry(RecordKinds.Resumed) { Fields = [new("by", before.Run), new("contract", Contract.Digest)] });
        Record(EvidenceNames.Contract, Contract.Bytes);
        Record("journal-" + before.Run, lines);
        foreach (var what in held)
        {
            Journal.Append(new JournalEntry(RecordKinds.Holding) { Fields = [new("what", what)] });
        }

        before.Dispose();
        TakenFrom = Path.GetFileName(folder);
        EndTakenFrom();
    }
}
