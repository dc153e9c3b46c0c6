using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Steps;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Processes;
using AslRescue.Store;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools;

/// <summary>Puts the machine together from the configuration.</summary>
internal static class IntakeComposition
{
    /// <summary>
    /// Where intake's files lie: below --root, as the overlay's contract says. Somebody who tries it by hand may have neither the
    /// overlay nor the rights: then rules come from the checkout (ASL_RULES, which ./asl sets) and state goes where the
    /// XDG base directories of the user say.
    /// </summary>
    internal static IntakePaths Paths(ParseResult parsed)
    {
        var paths = new IntakePaths(CommonOptions.RootOf(parsed));
        if (Environment.GetEnvironmentVariable("ASL_RULES") is { Length: > 0 } rules && !File.Exists(paths.Contract))
        {
            paths = paths with { Rules = rules };
        }

        if (paths.Root != "/" || Posix.EffectiveUser() == 0)
        {
            return paths;
        }

        var state = Path.Combine(Variable("XDG_STATE_HOME") ?? Path.Combine(Variable("HOME") ?? "/", ".local/state"), "asl");
        return paths with { State = state, Volatile = Variable("XDG_RUNTIME_DIR") is { } folder ? Path.Combine(folder, "asl") : Path.Combine(state, "run") };
    }

    /// <summary>The parts of a run as the configuration has them; the caller sets what its command is about.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="store">What ingests and seals.</param>
    /// <param name="bounds">What holds all writes within bounds: <see cref="Bounds"/>.</param>
    internal static IntakeParts Parts(ParseResult parsed, AslConfiguration configuration, StoreIngest store, BoundedCalls bounds)
    {
        var paths = Paths(parsed);
        var boot = BootId.Read(paths.Root);
        var settings = SettingsMap.ToIntake(configuration) with { Remote = CommonOptions.Remote(parsed, configuration) };
        return new IntakeParts
        {
            Settings = settings,
            Paths = paths,
            Boot = boot,
            Decisions = new DecisionFile(paths, boot, table => TableProof.Prove(paths.Table, table).Rules?.ProofDigest),
            Attach = new Dictionary<string, IAttachStep>
            {
                [BackendKinds.LocalDirectory] = new DirectoryAttach(),
                [BackendKinds.LocalZfs] = new ZfsAttach(new ToolCommands(new ToolRunner(TimeProvider.System)), new KernelMounts(), paths.AltRoot),
                [BackendKinds.Remote] = new RemoteAttach(endpoint => RemoteAccess.Open(settings.Remote, endpoint, TimeProvider.System), configuration.DomainId),
            },
            Guard = Guard(paths, GuardCaller.ByHand),
            Files = bounds,
            Bounds = bounds,
            Ingest = store,
            Seal = store,
        };
    }

    /// <summary>What intake may write to before anything is approved: its state, and what it shares at run time. The backend follows with its approval.</summary>
    internal static BoundedCalls Bounds(ParseResult parsed)
    {
        var paths = Paths(parsed);
        var bounds = new BoundedCalls(FileCalls.Kernel, new LivePaths());
        bounds.Allow(paths.State);
        bounds.Allow(paths.Volatile);
        return bounds;
    }

    /// <summary>How a run opens the store in the backend that it attached.</summary>
    internal static Func<AttachedBackend, ArtifactStore> Opener(ParseResult parsed, AslConfiguration configuration, BoundedCalls bounds) => backend => backend.Kind == BackendKinds.Remote
        ? ArtifactStore.Open(RemoteAccess.Open(CommonOptions.Remote(parsed, configuration), new Uri(backend.Location), TimeProvider.System))
        : ArtifactStore.OpenOrCreate(backend.Location, calls: bounds);

    /// <summary>What signs our snapshots, if a key is given.</summary>
    internal static SnapshotSigner? Signer(AslConfiguration configuration) => SnapshotSigner.Load(
        configuration.DomainKey is { } path ? configuration.Paths.OnRoot(path) : null, Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"));

    /// <summary>The guard over this machine. Whoever stages a root tries things out by hand.</summary>
    internal static MachineGuard Guard(IntakePaths paths, GuardCaller caller) => new(
        paths, paths.Root == "/" ? caller : GuardCaller.ByHand, new ToolRunner(TimeProvider.System), TimeProvider.System);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
