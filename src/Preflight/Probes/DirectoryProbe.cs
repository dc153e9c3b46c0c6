using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether local.mount could be written to as a directory, found without writing. It is a probe of its own because a look at a
/// directory on a dead disk or a stale network mount may never return.
/// </summary>
internal sealed class DirectoryProbe : IProbe
{
    public string Name => "directory";

    public TimeSpan Budget => TimeSpan.FromSeconds(3);

    public IReadOnlyList<string> Facts => [FactIds.LocalDirectory];

    public Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        context.Sheet.Add(Look(context.Machine, context.Settings.LocalMount.Value));
        return Task.CompletedTask;
    }

    private static Fact Look(Machine machine, string path)
    {
        try
        {
            return (File.GetAttributes(machine.AslPath(path)) & FileAttributes.Directory) != 0
                ? Place(machine, path)
                : Found(path, "not-directory", $"{path} is no directory");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Found(path, "missing", $"{path} does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fact.Unknown(FactIds.LocalDirectory, e.Message, new Evidence($"looked at {path}"));
        }
    }

    private static Fact Place(Machine machine, string path)
    {
        var mounts = machine.ReadHost("/proc/self/mountinfo");
        if (mounts.Text is null)
        {
            return Fact.Unknown(FactIds.LocalDirectory, mounts.Cause ?? "the kernel shows no mounts", mounts.Evidence);
        }

        var table = MountTable.Read(mounts.Text);
        var name = Target(machine.AslPath(path)) ?? machine.MountName(path);
        return table.Holding(name) switch
        {
            null => Fact.Unknown(FactIds.LocalDirectory, $"the kernel does not say what {path} lies on", mounts.Evidence),
            { IsFileSystemReadOnly: true } mount => Found(path, "read-only", $"{mount.FileSystem} on {mount.Source} is mounted read-only"),
            var mount when table.IsLasting(name) == true =>
                Found(path, "usable", $"on {mount.FileSystem}, {mount.Source}, mounted at {mount.Point}"),
            var mount => Found(path, "volatile", $"on {mount.FileSystem} at {mount.Point}, which is not known to outlast a power-off"),
        };
    }

    /// <summary>Where a link leads; null for what is no link.</summary>
    private static string? Target(string path) => new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName;

    private static Fact Found(string path, string value, string says) =>
        new(FactIds.LocalDirectory, value, says, [new Evidence($"looked at {path}") { Lines = [says] }]);
}
