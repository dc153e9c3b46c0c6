using AslRescue.Preflight.Machines;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Records;

/// <summary>
/// /run/asl, before anything is written there: no link may lead it elsewhere, and what it lies on must be no source. At boot it lies in
/// memory, on no disk at all; only where it does not are the disks looked at.
/// </summary>
internal sealed class RunFolderGuard(Machine machine, PreflightSettings settings)
{
    private const string Folder = "/run/asl";

    /// <summary>Checks.</summary>
    /// <exception cref="Shared.Errors.AslException">WriteRefused.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var paths = new LivePaths();
        WriteRoot[] roots = [new(ProtectedPlace.Written("preflight's decision", machine.AslPath(Folder)), machine.Root)];
        WriteGuard.CheckLinks(roots, paths);
        if (!machine.IsRecorded && MountTable.ReadLive().IsLasting(paths.Resolve(machine.AslPath(Folder))) != false)
        {
            string[] sources = [.. settings.Sources.Select(source => machine.AslPath(source.Value))];
            var storage = await new StorageReader(machine.Tools, paths).ReadAsync(cancellationToken);
            WriteGuard.CheckPlaces(roots, storage, sources, GuardCaller.ByHand);
        }
    }
}
