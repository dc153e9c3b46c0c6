using System.Globalization;
using System.Security.Cryptography;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
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

    public IntakeSession(IntakeParts parts, Contract contract, MachineJournal journal)
    {
        (Parts, Contract, Journal) = (parts, contract, journal);
        Gate = NewGate();
        Board = new StatusBoard(StatusView.Of(this));
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

    public RunHistory History => Journal.History;

    /// <summary>The backend, while this process has it open.</summary>
    public AttachedBackend? Backend { get; private set; }

    /// <summary>An approval of this boot, given to another run's journal before it was known that this run is the one to resume.</summary>
    public (ApprovalRequest Request, Approval Approval)? Carried { get; private set; }

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
    }

    /// <summary>Closes the backend's store; what was imported stays imported.</summary>
    public async Task LetGoAsync()
    {
        if (Backend is not null)
        {
            Journal.Settle();
            Journal.DetachFromBackend();
            Backend = null;
            await Parts.Ingest.ReleaseAsync();
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

    /// <inheritdoc/>
    public void Dispose() => Journal.Dispose();

    private async Task<AttachedBackend?> AttachNowAsync(CancellationToken cancellationToken)
    {
        var request = History.Request!;
        string[] sources = [.. request.Sources.Select(source => source.Path)];
        var guarded = await Parts.Guard.CheckSourcesAsync(request.BackendPlaces(), sources, cancellationToken);
        Record(EvidenceNames.Guard, guarded.Bytes());
        var backend = await AttachStep(request).AttachAsync(AttachContext(request), cancellationToken);
        var prepared = await Parts.Ingest.PrepareAsync(backend, Journal.Run, sources, cancellationToken);
        var isOurs = prepared.Run == Journal.Run;
        if (!isOurs)
        {
            TakeOver(prepared);
        }

        Journal.AttachTo(prepared.Journal, prepared.Lines);
        Backend = backend;
        return isOurs ? backend : null;
    }

    private IAttachStep AttachStep(ApprovalRequest request) => Parts.Attach[request.Kind];

    private AttachContext AttachContext(ApprovalRequest request) => new(request, History.Held, what =>
        Journal.Append(new JournalEntry(RecordKinds.Holding) { Fields = [new("what", what)] }))
    {
        Budget = Parts.Settings.AttachTimeout,
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
                Parts.Paths.Run(prepared.Run), prepared.Run, prepared.Lines, Parts.Boot, Parts.Time, Parts.WrapSink);
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
        new RunFolders(Parts.Paths).End(Path.GetFileName(folder), IntakeState.AttachingLocal);
    }
}
