namespace AslRescue.Shared.Errors;

/// <summary>
/// What went wrong, for programs. A number is for ever and is never given to another failure; the text beside it may change.
/// The thousands say where: 1 configuration, 2 store, 3 sources, 4 restore, 5 rules, 6 machine, 7 overlay, 8 remote, 9 usage
/// and the program itself. <see cref="ExitCodes"/> maps each to a process exit code; docs/exit-codes.md lists both.
/// </summary>
public enum ErrorCode
{
    /// <summary>A configuration file cannot be read.</summary>
    ConfigUnreadable = 1001,

    /// <summary>A configuration file is not TOML, nor the leniency that asl.conf allows.</summary>
    ConfigSyntax = 1002,

    /// <summary>A key that no component reads.</summary>
    ConfigUnknownKey = 1003,

    /// <summary>A value of another type than the key takes.</summary>
    ConfigWrongType = 1004,

    /// <summary>A value of the right type that cannot work.</summary>
    ConfigBadValue = 1005,

    /// <summary>Two files state different values for one fact.</summary>
    ConfigConflict = 1006,

    /// <summary>There is no store at the place named.</summary>
    StoreMissing = 2001,

    /// <summary>The place for a new store is taken by something else.</summary>
    StoreOccupied = 2002,

    /// <summary>The store was written in a format that this program does not know.</summary>
    StoreFormatUnknown = 2003,

    /// <summary>The store cannot be read or written: permission, full, I/O error.</summary>
    StoreIo = 2004,

    /// <summary>An artifact that something refers to is not in the segments of the snapshot.</summary>
    ArtifactMissing = 2005,

    /// <summary>A snapshot was asked for that the store does not hold.</summary>
    SnapshotMissing = 2006,

    /// <summary>A short snapshot name fits several snapshots.</summary>
    SnapshotAmbiguous = 2007,

    /// <summary>A path was asked for that the snapshot does not hold.</summary>
    PathMissing = 2008,

    /// <summary>A run was asked for that the store does not hold, or that is sealed already.</summary>
    RunMissing = 2009,

    /// <summary>Another process works on the same run.</summary>
    RunBusy = 2010,

    /// <summary>The sources that were approved, or the disks and trees under their paths, are not those that the run to be resumed began with.</summary>
    RunMismatch = 2011,

    /// <summary>Bytes were asked for that could not be read from the source: they are unknown, not zero.</summary>
    RangeUnreadable = 2012,

    /// <summary>format.toml is damaged.</summary>
    FormatCorrupt = 2040,

    /// <summary>A block is damaged.</summary>
    BlockCorrupt = 2041,

    /// <summary>A segment is damaged.</summary>
    SegmentCorrupt = 2042,

    /// <summary>A snapshot is damaged.</summary>
    SnapshotCorrupt = 2043,

    /// <summary>A log record is damaged or the chain of a log is broken.</summary>
    LogCorrupt = 2044,

    /// <summary>A directory listing or chunk list inside the store is malformed.</summary>
    TreeCorrupt = 2045,

    /// <summary>An object that the store refers to is gone.</summary>
    ObjectMissing = 2046,

    /// <summary>A source cannot be opened.</summary>
    SourceMissing = 3001,

    /// <summary>A source that must not be read into this store: it holds the store, or is no kind that can be read.</summary>
    SourceRefused = 3002,

    /// <summary>A mapfile of GNU ddrescue cannot be read, or is none.</summary>
    MapfileInvalid = 3003,

    /// <summary>A source that somebody writes to while it would be read: it is mounted for writing, is swap, or part of an imported pool.</summary>
    SourceInUse = 3010,

    /// <summary>The directory to restore to is not empty, or not a directory.</summary>
    TargetOccupied = 4001,

    /// <summary>The restore target cannot be written.</summary>
    TargetIo = 4002,

    /// <summary>The restore target lies where nothing may be written: in the store, in intake's state, on the rescue medium, on a source.</summary>
    TargetRefused = 4010,

    /// <summary>A rule file is missing or cannot be read.</summary>
    RulesMissing = 5001,

    /// <summary>A rule file is not TOML, or not laid out as a rule file is.</summary>
    RulesSyntax = 5002,

    /// <summary>A rule file names a fact, value or outcome that this program does not know, or in another way than it knows it.</summary>
    RulesInvalid = 5003,

    /// <summary>A world that no row covers.</summary>
    RulesGap = 5004,

    /// <summary>A world that two rows cover.</summary>
    RulesOverlap = 5005,

    /// <summary>A row that breaks one of the sentences that must hold for every table.</summary>
    RulesLemma = 5006,

    /// <summary>A row that can never be hit.</summary>
    RulesUnreachable = 5007,

    /// <summary>There is no record of a decision.</summary>
    DecisionMissing = 5020,

    /// <summary>A record of a decision cannot be read, or contradicts itself.</summary>
    DecisionUnreadable = 5021,

    /// <summary>A record is of another boot.</summary>
    DecisionStale = 5022,

    /// <summary>A record names another table than the one at hand.</summary>
    DecisionOfAnotherTable = 5023,

    /// <summary>A record was made without a proved table.</summary>
    DecisionUnproved = 5024,

    /// <summary>Another intake runs on this machine.</summary>
    IntakeBusy = 6001,

    /// <summary>The operator said no.</summary>
    ApprovalDenied = 6002,

    /// <summary>Nobody approved in time, or a decision, or room for the journal, is still awaited.</summary>
    ApprovalAwaited = 6003,

    /// <summary>The operator cancelled the run.</summary>
    RunCancelled = 6004,

    /// <summary>The machine was about to do what no clause of its contract allows.</summary>
    ContractViolated = 6005,

    /// <summary>rules/intake.toml is missing, malformed, or its proof fails.</summary>
    ContractUnproved = 6006,

    /// <summary>A request to the running intake was refused: wrong approval, wrong state, unknown verb.</summary>
    RequestRefused = 6007,

    /// <summary>No intake answers at the control socket.</summary>
    IntakeNotRunning = 6008,

    /// <summary>The backend cannot be attached as it was approved.</summary>
    AttachFailed = 6010,

    /// <summary>The remote endpoint does not answer.</summary>
    EndpointUnreachable = 6011,

    /// <summary>The backend is of a kind that this version cannot ingest into.</summary>
    BackendUnsupported = 6012,

    /// <summary>There is no journal, seal or checkpoint at the place named, or it cannot be read.</summary>
    EvidenceMissing = 6020,

    /// <summary>The overlay's contract cannot be read.</summary>
    OverlayContractUnreadable = 7001,

    /// <summary>The overlay's contract is not what rules/overlay.toml must be: syntax, unknown key, impossible row.</summary>
    OverlayContractInvalid = 7002,

    /// <summary>The tree to be checked cannot be read.</summary>
    OverlayUnreadable = 7003,

    /// <summary>/run/asl or /var/lib/asl cannot be written, so no decision can be handed on and no journal kept.</summary>
    RuntimeUnwritable = 7020,

    /// <summary>A place to be written to leads onto a source, onto the rescue medium, or out of what the overlay's contract lists.</summary>
    WriteRefused = 7021,

    /// <summary>A server took a request for malformed, too large, or none that it has.</summary>
    RemoteRequestInvalid = 8001,

    /// <summary>A server does not know who asks.</summary>
    RemoteUnauthenticated = 8002,

    /// <summary>A server knows who asks, and does not allow it.</summary>
    RemoteForbidden = 8003,

    /// <summary>A server does not store what was sent: it is not what its name says, or what it refers to is not there.</summary>
    RemoteContentRefused = 8004,

    /// <summary>A server has no room for another request now.</summary>
    RemoteBusy = 8005,

    /// <summary>An endpoint does not prove that it is the one meant.</summary>
    RemoteUntrusted = 8006,

    /// <summary>A snapshot of another domain has no signature of a key that may sign it.</summary>
    SignatureRefused = 8007,

    /// <summary>An S3 engine lacks what keeps objects from being overwritten.</summary>
    StorageUnfit = 8008,

    /// <summary>The command line is wrong.</summary>
    Usage = 9001,

    /// <summary>An invariant of the program does not hold: a defect, please report it.</summary>
    Internal = 9002,

    /// <summary>The operator stopped the program.</summary>
    Interrupted = 9003,

    /// <summary>The C library got a handle that it never gave, that was closed, or that stands for something else.</summary>
    HandleInvalid = 9004,

    /// <summary>The C library got a value that its header does not allow.</summary>
    ArgumentInvalid = 9005,

    /// <summary>The C library has more to write than the buffer that it got can hold.</summary>
    BufferTooSmall = 9006,

    /// <summary>The C library cannot work in this process: it was forked after the first call, has no memory or handles left, or finds no OpenSSL.</summary>
    LibraryUnusable = 9007,
}
