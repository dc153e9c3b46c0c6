using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;
using AslRescue.Shared.Processes;

namespace AslRescue.Shared.Guard;

/// <summary>
/// Reads <see cref="Storage"/>: lsblk, the table of mounts, and three places of /proc and /sys. All below a root, so that a folder of
/// recordings serves as well as a machine.
/// </summary>
/// <param name="tools">Runs lsblk.</param>
/// <param name="paths">Follows links.</param>
/// <param name="root">"/", or the folder of a recorded machine.</param>
public sealed class StorageReader(IToolRunner tools, IPathView paths, string root = "/")
{
    private const string BlockFolder = "sys/block";
    private const string PoolFolder = "proc/spl/kstat/zfs";
    private static readonly TimeSpan LsblkBudget = TimeSpan.FromSeconds(10);

    /// <summary>Looks once. What cannot be read is left out; that lsblk gave no answer is said.</summary>
    public async Task<Storage> ReadAsync(CancellationToken cancellationToken)
    {
        var (tree, cause) = await ReadDevicesAsync(cancellationToken).ConfigureAwait(false);
        return new Storage
        {
            Devices = tree,
            DevicesCause = cause,
            Mounts = MountTable.Read(Text("proc/self/mountinfo") ?? ""),
            LoopFiles = ReadLoopFiles(),
            ImportedPools = Folders(PoolFolder).ToHashSet(StringComparer.Ordinal),
            MediumLabel = ReadMediumLabel(Text("proc/cmdline") ?? ""),
            Paths = paths,
        };
    }

    /// <summary>The label of the medium that an Arch based live system, SystemRescue among them, was booted from.</summary>
    internal static string? ReadMediumLabel(string commandLine)
    {
        const string label = "archisolabel=";
        const string device = "archisodevice=/dev/disk/by-label/";
        return commandLine.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.StartsWith(label, StringComparison.Ordinal) ? word[label.Length..]
                : word.StartsWith(device, StringComparison.Ordinal) ? word[device.Length..] : null)
            .LastOrDefault(found => found is { Length: > 0 });
    }

    private async Task<(BlockDeviceTree? Tree, string? Cause)> ReadDevicesAsync(CancellationToken cancellationToken)
    {
        var outcome = await RunAsync(LsblkReader.AllArguments, cancellationToken).ConfigureAwait(false);
        if (outcome is ToolOutcome.Ran { Exit: not 0 } refused && refused.Stderr.Contains("unknown column", StringComparison.Ordinal))
        {
            outcome = await RunAsync(LsblkReader.OldArguments, cancellationToken).ConfigureAwait(false);
        }

        return outcome switch
        {
            ToolOutcome.Ran { Exit: 0, IsCut: false } ran => LsblkReader.Read(ran.Stdout) is { } tree
                ? (tree, null)
                : (null, "lsblk printed what cannot be understood"),
            ToolOutcome.Ran ran => (null, $"lsblk ended with {ran.Exit}: {ran.Stderr}"),
            ToolOutcome.Missing => (null, "lsblk is not installed"),
            ToolOutcome.TimedOut => (null, $"lsblk did not end within {LsblkBudget.TotalSeconds} s"),
            ToolOutcome.Refused problem => (null, $"lsblk could not be run: {problem.Reason}"),
            _ => throw new InvalidOperationException(outcome.GetType().Name),
        };
    }

    private Task<ToolOutcome> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        tools.RunAsync(new ToolCommand("lsblk", arguments, LsblkBudget), cancellationToken);

    private Dictionary<string, string> ReadLoopFiles()
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Folders(BlockFolder).Where(name => name.StartsWith("loop", StringComparison.Ordinal)))
        {
            if (Text($"{BlockFolder}/{name}/loop/backing_file")?.TrimEnd('\n') is { Length: > 0 } file)
            {
                files.Add(name, file);
            }
        }

        return files;
    }

    private string? Text(string path)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private List<string> Folders(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(Path.Combine(root, path)).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
