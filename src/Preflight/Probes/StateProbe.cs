using System.Globalization;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Where the tools keep their state, whether something is mounted at /mnt/asl/remote, and memory. All of it is read from /proc:
/// /mnt/asl/remote itself is not touched, as a stale network mount there would hang whoever does.
/// </summary>
internal sealed class StateProbe : IProbe
{
    private const string State = "/var/lib/asl";
    private const string Remote = "/mnt/asl/remote";
    private const long EnoughKibibytes = 512 * 1024;

    public string Name => "state";

    public TimeSpan Budget => TimeSpan.FromSeconds(3);

    public IReadOnlyList<string> Facts => [FactIds.RemoteMount, FactIds.Memory, FactIds.StateWritable, FactIds.StatePlace];

    public Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        context.Sheet.Add(Memory(context.Machine));
        var mounts = context.Machine.ReadHost("/proc/self/mountinfo");
        if (mounts.Text is not null)
        {
            var table = MountTable.Read(mounts.Text);
            context.Sheet.Add(RemoteMount(context.Machine, table));
            Place(context, table);
        }

        return Task.CompletedTask;
    }

    private static Fact RemoteMount(Machine machine, MountTable table) =>
        table.At(machine.MountName(Remote)) is { } mount
            ? new Fact(FactIds.RemoteMount, "mounted", $"{mount.FileSystem} from {mount.Source}; left alone", [])
            : new Fact(FactIds.RemoteMount, "none", $"nothing is mounted at {Remote}", []);

    private static void Place(ProbeContext context, MountTable table)
    {
        var path = context.Machine.AslPath(State);
        var name = context.Machine.MountName(State);
        if (table.Holding(name) is not { } mount)
        {
            return;
        }

        var says = $"{State} lies on {mount.FileSystem}, {mount.Source}";
        context.Sheet.Add(!Directory.Exists(path)
            ? new Fact(FactIds.StateWritable, "no", $"{State} does not exist", [])
            : new Fact(FactIds.StateWritable, mount.IsFileSystemReadOnly ? "no" : "yes", says, []));
        context.Sheet.Add(table.IsLasting(name) is { } lasting
            ? new Fact(FactIds.StatePlace, lasting ? "disk" : "memory", says, [])
            : Fact.Unknown(FactIds.StatePlace, says + ", whose upper layer cannot be seen"));
    }

    private static Fact Memory(Machine machine)
    {
        var file = machine.ReadHost("/proc/meminfo");
        var line = file.Text?.Split('\n').FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        var number = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
        var evidence = new Evidence("read /proc/meminfo") { Lines = line is null ? [] : [line], Cause = file.Cause };
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var available)
            ? new Fact(FactIds.Memory, available >= EnoughKibibytes ? "enough" : "low", $"{available / 1024} MiB available", [evidence])
            : Fact.Unknown(FactIds.Memory, file.Cause ?? "the kernel does not say what is available", evidence);
    }
}
