using AslRescue.Intake.Sources;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Processes;

namespace AslRescue.Intake;

/// <summary>The guard over the machine that runs. The machine is looked at anew for each question, but for those asked in one go.</summary>
/// <param name="paths">Where intake's state lies.</param>
/// <param name="caller">Who decided to read.</param>
/// <param name="tools">Runs lsblk.</param>
/// <param name="time">The clock.</param>
public sealed class MachineGuard(IntakePaths paths, GuardCaller caller, IToolRunner tools, TimeProvider time) : IIntakeGuard
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private readonly LivePaths _live = new();
    private readonly DiskCounters _counters = new();
    private (Storage Storage, long At)? _seen;

    /// <inheritdoc/>
    public async Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        WriteGuard.CheckLinks(OwnRoots(), _live);
        WriteGuard.CheckPlaces(OwnRoots(), await LookAsync(cancellationToken), sources, caller);
    }

    /// <inheritdoc/>
    public async Task<GuardReport> CheckSourcesAsync(
        IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        var storage = await LookAsync(cancellationToken);
        WriteGuard.CheckPlaces([.. backend.Where(place => place.Path is not null).Select(place => new WriteRoot(place, null))], storage, [], caller);
        var verdicts = sources.Select(new SourceGuard(storage, Places(backend), caller).Judge).ToList();
        return verdicts.Select(verdict => verdict.Refusal).FirstOrDefault(refusal => refusal is not null) is { } refusal
            ? throw new AslException(refusal)
            : new GuardReport([.. verdicts.Select(verdict => Report(storage, verdict))]);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DiskCount>> CountDisksAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        var storage = await LookAsync(cancellationToken);
        return new DiskSurvey(storage with { Paths = new LivePaths(opensDevices: false) }, Places(backend), sources).Describe(_counters.Read());
    }

    /// <summary>Checks a directory that is to be restored to.</summary>
    /// <param name="target">As the operator named it.</param>
    /// <param name="store">Where the store lies.</param>
    /// <param name="sources">What is configured to be read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AslException">TargetRefused.</exception>
    public async Task CheckTargetAsync(string target, string store, IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        ProtectedPlace[] places = [.. SourcePath.IsAddress(store) ? Array.Empty<ProtectedPlace>() : [ProtectedPlace.Written("the store", Path.GetFullPath(store))], .. OwnRoots().Select(root => root.Place)];
        WriteGuard.CheckTarget(target, places, await LookAsync(cancellationToken), sources);
    }

    private ProtectedPlace[] Places(IReadOnlyList<ProtectedPlace> backend) => [.. backend, .. OwnRoots().Select(root => root.Place), ProtectedPlace.RunningSystem];

    /// <summary>State below XDG directories is the user's own matter, links included.</summary>
    private List<WriteRoot> OwnRoots() =>
    [
        new(ProtectedPlace.Written("the state of intake", paths.State), paths.IsContractual ? paths.Root : null),
        new(ProtectedPlace.Written("what intake shares at run time", paths.Volatile), paths.IsContractual ? paths.Root : null),
    ];

    private static GuardedSource Report(Storage storage, SourceVerdict verdict)
    {
        var footprint = new Footprint(storage);
        var device = storage.DeviceAt(storage.Paths.Resolve(verdict.Source));
        var chains = device is null ? footprint.OfPath(verdict.Source, OverlayLayers.All) : footprint.OfDevice(device);
        var disks = chains.Where(chain => storage.Devices!.ParentsOf(chain.Device).Count == 0);
        return new GuardedSource(verdict.Source, [.. disks.Select(chain => chain.ToString())], verdict.Warnings);
    }

    private async Task<Storage> LookAsync(CancellationToken cancellationToken)
    {
        if (_seen is not { } seen || time.GetElapsedTime(seen.At) > FreshFor)
        {
            seen = (await new StorageReader(tools, _live).ReadAsync(cancellationToken), time.GetTimestamp());
            _seen = seen;
        }

        return seen.Storage;
    }
}
