using AslRescue.Preflight.Facts;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Machines;

/// <summary>
/// At boot udev may still be probing disks, and loading what its rules ask for: with ZFS installed, the module as soon as a member of a pool
/// appears. So whoever looks at disks or modules waits until udev has worked off what is in its queue, once for all and not for long.
/// Waiting changes nothing. Where udev's daemon does not run there is nobody to wait for.
/// </summary>
/// <remarks>A disk that the kernel has not found yet is in no queue: for that, preflight is run again.</remarks>
internal sealed class UdevQueue
{
    private const string Folder = "/run/udev";
    private static readonly ToolCommand Settle = new("udevadm", ["settle", "--timeout=4"], TimeSpan.FromSeconds(5));
    private readonly Lazy<Task<Settled>> _settled;

    public UdevQueue(Machine machine) => _settled = new(() => SettleAsync(machine));

    /// <summary>Waits; the same wait for everybody who asks.</summary>
    public Task<Settled> SettledAsync(CancellationToken cancellationToken) => _settled.Value.WaitAsync(cancellationToken);

    private static async Task<Settled> SettleAsync(Machine machine)
    {
        var folder = machine.ListHost(Folder);
        if (folder.IsAbsent || folder.Names?.Contains("control") == false)
        {
            return new Settled(null, new Evidence($"listed {Folder}") { Cause = "udev does not run" });
        }

        var outcome = await machine.Tools.RunAsync(Settle, CancellationToken.None);
        var isDone = outcome is ToolOutcome.Ran { Exit: 0 } or ToolOutcome.Missing;
        return new Settled(isDone ? null : "udev had not settled: disks may still be appearing", ToolEvidence.Of(Settle, outcome));
    }
}

/// <summary>What came of waiting for udev.</summary>
/// <param name="Cause">Why disks and modules may still be appearing, or null.</param>
/// <param name="Evidence">What was done.</param>
internal sealed record Settled(string? Cause, Evidence Evidence);
