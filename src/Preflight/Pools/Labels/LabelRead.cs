using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>What became of reading the labels of a device.</summary>
/// <param name="Labels">What was read.</param>
/// <param name="Cause">Why nothing was.</param>
/// <param name="Evidence">The same as evidence.</param>
internal sealed record LabelRead(DeviceLabels? Labels, string? Cause, Evidence Evidence)
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(5);

    /// <summary>Reads on a thread of its own: one that hangs on a dead disk is left behind when the time is up.</summary>
    public static async Task<LabelRead> TakeAsync(Machine machine, string device, bool withUberblocks, CancellationToken cancellationToken)
    {
        var began = machine.Time.GetTimestamp();
        var (labels, cause) = await ReadAsync(machine, device, withUberblocks, cancellationToken);
        return new LabelRead(labels, cause, new Evidence($"read the labels of {device}")
        {
            Milliseconds = machine.Time.GetElapsedTime(began).TotalMilliseconds,
            Lines = labels is null ? [] : [.. labels.Lines, .. labels.IsPastCache ? Array.Empty<string>() : ["through the kernel's cache"]],
            Cause = cause,
        });
    }

    private static async Task<(DeviceLabels? Labels, string? Cause)> ReadAsync(
        Machine machine, string device, bool withUberblocks, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Factory.StartNew(() => Read(machine, device, withUberblocks), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(Budget, machine.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return (null, $"{device} did not answer within {Budget.TotalSeconds} s");
        }
    }

    private static (DeviceLabels? Labels, string? Cause) Read(Machine machine, string device, bool withUberblocks)
    {
        var opened = machine.OpenDevice(device);
        using var file = opened.Device;
        return file is null ? (null, opened.Cause) : (DeviceLabels.Read(file, withUberblocks), null);
    }
}
