using System.Text;
using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Faults;
using AslRescue.Store.Format;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// A machine in a folder: /var/lib/asl and the store on a disk that can fail, the real intake in as many lives (processes, boots) as it
/// takes, an operator who answers, and a clock that makes hours of retries short.
/// </summary>
internal sealed class RehearsedMachine : IDisposable
{
    /// <summary>A delay of two seconds takes four milliseconds.</summary>
    private const int TimesFaster = 500;

    /// <summary>Real time after which a life counts as one that hangs.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(60);

    /// <summary>Small enough that several blocks and segments come of little.</summary>
    private static readonly StoreFormat Format = new() { BlockBytes = 1 << 20, Chunks = new(4096, 16384, 65536), SegmentBytesMax = 4096 };

    private FileCalls? _bounds;
    private readonly RehearsalParts _parts;
    private readonly SyntheticSource _source;
    private readonly string _folder;
    private readonly FileCalls _files;
    private readonly CompressedTime _time = new(TimesFaster);
    private string _boot;

    internal RehearsedMachine(RehearsalParts parts, SyntheticSource source, string folder)
    {
        (_parts, _source, _folder, _boot) = (parts, source, folder, parts.Decision.Boot);
        Paths = new IntakePaths(Path.Combine(folder, "machine")) { Rules = parts.Paths.Rules };
        StoreFolder = Path.Combine(folder, "store");
        string[] folders = [Paths.State, StoreFolder, Path.Combine(folder, "spare")];
        Array.ForEach(folders, made => Directory.CreateDirectory(made));
        Disk = new CrashingFileSystem(folders[2]);
        _files = parts.Between?.Invoke(Disk) ?? Disk;
        if (IsRemote)
        {
            ArtifactStore.Create(StoreFolder, Format).Dispose();
        }
    }

    /// <summary>Whether the store is on another machine, whose disk is not ours to rehearse.</summary>
    internal bool IsRemote => _parts.Decision.Mode == DecidedMode.Remote;

    /// <summary>Where this machine's files lie.</summary>
    internal IntakePaths Paths { get; }

    /// <summary>Where its store lies.</summary>
    internal string StoreFolder { get; }

    /// <summary>Its disk.</summary>
    internal CrashingFileSystem Disk { get; }

    /// <summary>Between it and a remote store: how each life's connection behaves; null where all is well.</summary>
    internal Func<IBackend, IBackend>? Connection { get; set; }

    /// <summary>How often somebody approved.</summary>
    internal int Approvals { get; private set; }

    /// <summary>How often somebody made room in /var/lib/asl.</summary>
    internal int Mendings { get; private set; }

    /// <summary>Whether a disk that fails is mended when intake says that it waits for that.</summary>
    internal bool MendsWhenAsked { get; set; }

    /// <summary>A store to look at, as it lies there.</summary>
    internal ArtifactStore OpenStore() => ArtifactStore.Open(new DirectoryBackend(StoreFolder));

    /// <summary>Whether a run is left that the next process would go on with.</summary>
    internal bool IsUnfinished => new RunFolders(Paths).Unfinished().Count > 0;

    /// <summary>The power was cut: what lies in memory is gone, and the next boot is another one.</summary>
    internal void Reboot()
    {
        Directory.Delete(Paths.State, recursive: true);
        Directory.CreateDirectory(Paths.State);
        _boot = "00000000-0000-4000-8000-000000000002";
    }

    /// <summary>One process, from its start to its end. Null: it ended with an error before it could do anything.</summary>
    internal async Task<IntakeOutcome?> LiveAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LifeMax);
        Disk.OnFault = () => _ = Disk.IsDead ? Task.Run(limit.Cancel, CancellationToken.None) : null;
        var commands = Channel.CreateUnbounded<OperatorCommand>();
        using var ingest = new StoreIngest(Template(), _time, open: _ => OpenForWriting());
        try
        {
            return await IntakeRun.RunAsync(PartsOf(ingest, commands), limit.Token);
        }
        catch (AslException failure) when (failure.Error.Code is ErrorCode.RuntimeUnwritable or ErrorCode.StoreIo)
        {
            return null;
        }
        finally
        {
            Disk.OnFault = null;
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Disk.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ArtifactStore OpenForWriting() => !IsRemote ? ArtifactStore.OpenOrCreate(StoreFolder, Format, _bounds)
        : ArtifactStore.Open(Connection?.Invoke(new DirectoryBackend(StoreFolder)) ?? new DirectoryBackend(StoreFolder));

    private IngestOptions Template() => _parts.Template with
    {
        Workers = 1,
        Image = _parts.Template.Image with { FilesAreImages = true, Mapfile = SyntheticSource.Mapfile, Budget = null },
    };

    private IntakeParts PartsOf(StoreIngest ingest, Channel<OperatorCommand> commands)
    {
        // Within the bounds that hold the real one, anew in each life.
        var bounds = new BoundedCalls(_files, new LivePaths());
        bounds.Allow(Paths.State);
        bounds.Allow(Paths.Volatile);
        bounds.Allow(StoreFolder); // It stands in for the approved place, which nothing here writes to.
        _bounds = bounds;
        var attach = new RehearsedAttach();
        var isTrusted = _parts.Settings.Sources.All(source => source.IsTrusted);
        return new IntakeParts
        {
            Settings = Unhurried(_parts.Settings) with { Sources = [new(_source.Tree, isTrusted), new(_source.Image, isTrusted)] },
            Paths = Paths,
            Boot = _boot,
            Decisions = new CommandDecision(InThisBoot(_parts.Decision)),
            Attach = new Dictionary<string, IAttachStep>
            {
                [BackendKinds.LocalDirectory] = attach,
                [BackendKinds.LocalZfs] = attach,
                [BackendKinds.Remote] = attach,
            },
            Ingest = ingest,
            Seal = ingest,
            Guard = new RehearsedGuard(),
            Commander = _parts.Commander,
            Time = _time,
            Random = new Random(1),
            WaitsForDisk = () => false,
            Commands = commands,
            Files = bounds,
            Bounds = bounds,
            OnStatus = new RehearsedOperator(commands.Writer, () => Approvals++, Mend).See,
        };
    }

    /// <summary>
    /// Attempts and delays as configured. Limits of time would be met by the work itself, whose milliseconds the clock shows as seconds; what is rehearsed
    /// is faults, not slowness.
    /// </summary>
    private static IntakeSettings Unhurried(IntakeSettings settings) => settings with
    {
        ApprovalTimeout = null,
        DecisionTimeout = null,
        ApprovalExpiry = settings.ApprovalExpiry * TimesFaster,
        AttachTimeout = settings.AttachTimeout * TimesFaster,
        Retry = settings.Retry with { Budget = settings.Retry.Budget < settings.Retry.Delay ? settings.Retry.Budget : settings.Retry.Budget * TimesFaster },
    };

    private void Mend()
    {
        if (MendsWhenAsked)
        {
            Mendings++;
            MendsWhenAsked = false;
            Disk.Arm(DiskFault.Kill, 0);
        }
    }

    /// <summary>Preflight decides in each boot: on the same facts the same, with that boot's id in the record.</summary>
    private Decision InThisBoot(Decision decision) => decision.Boot == _boot ? decision : decision with
    {
        Boot = _boot,
        Record = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(decision.Record).Replace(decision.Boot, _boot, StringComparison.Ordinal)),
    };
}
