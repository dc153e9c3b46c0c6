using System.Globalization;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools.Labels;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Whether somebody uses a pool right now: a disk on a shared bus or an iSCSI target may well be imported by another machine. Whoever has
/// a pool imported writes uberblocks: at least one each second or so with multihost on, else with each transaction group, which is
/// every five seconds while anything changes. So an uberblock that moves proves that the pool lives; one that stays proves nothing.
/// </summary>
/// <remarks>
/// Only a pool that could be imported, and that no owner released, is watched: no other boot waits. Watching ends with the first move.
/// </remarks>
internal static class PoolWatch
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TransactionGroup = TimeSpan.FromSeconds(5.5); // zfs_txg_timeout, 5 s, and a little
    private static readonly TimeSpan MultihostMax = TransactionGroup;

    /// <returns>How it was seen to move, or null; and what was looked at.</returns>
    public static async Task<(string? Moved, Evidence Evidence)> WatchAsync(Machine machine, PoolSeen pool, CancellationToken cancellationToken)
    {
        var began = machine.Time.GetTimestamp();
        var (first, cause) = await NewestAsync(machine, pool, cancellationToken);
        var (now, looks) = (first, 1);
        var move = default((Uberblock From, Uberblock To)?);
        var span = Uberblock.Newest(first.Values) is { } newest ? SpanFor(newest) : TimeSpan.Zero;
        while (first.Count > 0 && now.Count > 0 && move is null && looks * Step < span && machine.Time.GetElapsedTime(began) < span)
        {
            await machine.PauseAsync(Step, cancellationToken);
            (now, cause) = await NewestAsync(machine, pool, cancellationToken);
            move = MoveOf(first, now);
            looks++;
        }

        var moved = move is var (from, to)
            ? string.Create(CultureInfo.InvariantCulture, $"its uberblock moved from txg {from.Txg} to {to.Txg} while it was looked at")
            : null;
        return (moved, new Evidence($"watched the uberblocks of {string.Join(", ", pool.Devices)}")
        {
            Milliseconds = machine.Time.GetElapsedTime(began).TotalMilliseconds,
            Lines = [.. new[] { move?.From ?? Uberblock.Newest(first.Values), move?.To ?? Uberblock.Newest(now.Values) }.OfType<Uberblock>().Distinct().Select(Describe)],
            Cause = now.Count == 0 ? cause : null,
        });
    }

    private static TimeSpan SpanFor(Uberblock uberblock) => uberblock.Multihost switch
    {
        // Twice, as the writes of one device come in turns with those of the others. What a label says is bounded all the same.
        { IsOn: true, IntervalMilliseconds: { } interval } => TimeSpan.FromMilliseconds(Math.Min(2 * interval, MultihostMax.TotalMilliseconds)) + Step,
        _ => TransactionGroup,
    };

    /// <summary>
    /// Devices are read side by side; one that fails leaves it to the others. Each is compared with itself: a stale half of a mirror, and the other
    /// one that answers only later, are no move.
    /// </summary>
    private static async Task<(IReadOnlyDictionary<string, Uberblock> Newest, string? Cause)> NewestAsync(
        Machine machine, PoolSeen pool, CancellationToken cancellationToken)
    {
        var readings = await Task.WhenAll(pool.Devices.Select(async device =>
            (Device: device, Reading: await LabelRead.TakeAsync(machine, device, withUberblocks: true, cancellationToken))));
        var newest = readings.Where(item => item.Reading.Labels?.Newest is not null).ToDictionary(item => item.Device, item => item.Reading.Labels!.Newest!);
        var cause = readings.Select(item => item.Reading.Cause).FirstOrDefault(cause => cause is not null) ?? "no uberblock was found";
        return (newest, newest.Count == 0 ? cause : null);
    }

    private static (Uberblock From, Uberblock To)? MoveOf(IReadOnlyDictionary<string, Uberblock> first, IReadOnlyDictionary<string, Uberblock> now)
    {
        foreach (var (device, from) in first)
        {
            if (now.TryGetValue(device, out var to) && from.IsBefore(to))
            {
                return (from, to);
            }
        }

        return null;
    }

    private static string Describe(Uberblock uberblock) => string.Create(
        CultureInfo.InvariantCulture, $"txg {uberblock.Txg}, timestamp {uberblock.Timestamp}, multihost sequence {uberblock.Multihost?.Sequence ?? 0}");
}
