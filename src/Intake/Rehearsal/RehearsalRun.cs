using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Faults;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// Runs a plan against a synthetic source: once undisturbed, which counts the calls that write; then once for each fault at each call, until
/// it is sealed or has halted. After each, all that it left is checked.
/// </summary>
/// <remarks>Works in its scratch folder and nowhere else, takes no lock of the machine and listens at none of its sockets.</remarks>
public static class RehearsalRun
{
    private const int LivesMax = 6;

    // Steps of intake block threads of the pool on purpose, and the pool grows slowly.
    private const int ThreadsMin = 32;

    /// <summary>Rehearses.</summary>
    /// <exception cref="AslException">There is no room, or the undisturbed run does not end well: then there is nothing to disturb.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; the scratch folder is gone.</exception>
    public static async Task<SurvivalTable> RunAsync(RehearsalParts parts, CancellationToken stop)
    {
        var began = TimeProvider.System.GetTimestamp();
        ThreadPool.GetMinThreads(out var threads, out var ports);
        ThreadPool.SetMinThreads(Math.Max(threads, ThreadsMin), ports);
        using var scratch = RehearsalScratch.Make(parts.Paths);
        var source = new SyntheticSource(scratch.Folder);
        var undisturbed = await UndisturbedAsync(parts, source, Path.Combine(scratch.Folder, "0"), stop);
        var faults = RehearsedFault.All(parts.Decision.Mode == Approvals.DecidedMode.Remote);
        List<(RehearsedFault Fault, int Call)> points = [.. faults.SelectMany(fault => Enumerable.Range(1, undisturbed.Calls[fault.Layer]).Select(call => (fault, call)))];
        ConcurrentQueue<(RehearsedFault Fault, int Call)> open = new(Evenly(points).Take(parts.PointsMax ?? points.Count));
        ConcurrentBag<RehearsedPoint> tried = [];
        var (begun, budgetBegan) = (0, TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, parts.Workers).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));
        return undisturbed.Table with { Points = points.Count, Faults = faults, Tried = [.. tried.OrderBy(point => point.Call)], Elapsed = TimeProvider.System.GetElapsedTime(began) };

        async Task WorkAsync()
        {
            while ((parts.Budget is null || TimeProvider.System.GetElapsedTime(budgetBegan) < parts.Budget) && open.TryDequeue(out var point))
            {
                stop.ThrowIfCancellationRequested();
                var folder = Path.Combine(scratch.Folder, Interlocked.Increment(ref begun).ToString(CultureInfo.InvariantCulture));
                if (await TryAsync(parts, source, folder, point.Fault, point.Call, undisturbed.Table, stop) is { } result)
                {
                    tried.Add(result);
                    parts.OnTried?.Invoke(tried.Count);
                }
            }
        }
    }

    /// <summary>An order in which any beginning is spread evenly over the whole: position i of n is visited as i·φ, modulo n.</summary>
    public static IEnumerable<T> Evenly<T>(IReadOnlyList<T> items)
    {
        // The next number without a common divisor steps through every position once.
        var step = Math.Max(1, (int)(items.Count * 0.6180339887));
        while (items.Count > 1 && GreatestCommonDivisor(step, items.Count) != 1)
        {
            step++;
        }

        return Enumerable.Range(0, items.Count).Select(index => items[(int)((long)index * step % items.Count)]);
    }

    private static int GreatestCommonDivisor(int left, int right) => right == 0 ? left : GreatestCommonDivisor(right, left % right);

    private static async Task<(Dictionary<RehearsedLayer, int> Calls, SurvivalTable Table)> UndisturbedAsync(
        RehearsalParts parts, SyntheticSource source, string folder, CancellationToken stop)
    {
        using var machine = new RehearsedMachine(parts, source, folder);
        var (calls, outcome) = await CountAsync(machine, null, stop);
        var (losses, _) = RehearsalJudge.Judge(machine, outcome, null, 1, parts.Audit);
        if (losses.Count > 0 || outcome is not { State: IntakeState.Sealed })
        {
            var error = outcome?.Error;
            throw new AslException(new AslError(error?.Code ?? ErrorCode.Internal, "undisturbed, the plan does not come to a seal that holds")
            {
                Why = error is null ? string.Join("; ", losses) : $"{error.What}: {error.Why}",
                Fix = $"do not approve; {error?.Fix ?? "report it with this text"}",
            });
        }

        using var store = machine.OpenStore();
        var snapshot = SnapshotCodec.Load(store.Backend, store.Seals().Single().Seal.Snapshot);
        var table = new SurvivalTable
        {
            Points = 0,
            Calls = calls[RehearsedLayer.Disk] + calls[RehearsedLayer.Remote],
            Tried = [],
            Faults = [],
            Elapsed = default,
            Approvals = machine.Approvals,
            Size = (snapshot.Blocks.Count, snapshot.Groups.Sum(group => group.Segments.Count), (int)(snapshot.Journal?.Sequence ?? 0)),
            Root = snapshot.Root.ToString(),
        };

        // Only the calls below /var/lib/asl, in another run: the first one counted all.
        using var again = new RehearsedMachine(parts, source, folder + "-state");
        (var state, _) = await CountAsync(again, again.Paths.State, stop);
        calls[RehearsedLayer.State] = state[RehearsedLayer.Disk];
        return (calls, table);
    }

    private static async Task<(Dictionary<RehearsedLayer, int> Calls, IntakeOutcome? Outcome)> CountAsync(RehearsedMachine machine, string? within, CancellationToken stop)
    {
        var requests = 0;
        machine.Connection = backend => new FaultyBackend(backend, 0) { Reach = () => Interlocked.Increment(ref requests) };
        machine.Disk.Arm(DiskFault.Kill, 0, within);
        var outcome = await machine.LiveAsync(stop);
        return (new() { [RehearsedLayer.Disk] = machine.Disk.Calls, [RehearsedLayer.Remote] = requests }, outcome);
    }

    /// <summary>Null when the run was over before the call.</summary>
    private static async Task<RehearsedPoint?> TryAsync(
        RehearsalParts parts, SyntheticSource source, string folder, RehearsedFault fault, int call, SurvivalTable undisturbed, CancellationToken stop)
    {
        using var machine = new RehearsedMachine(parts, source, folder);
        var injection = new Injection(machine, fault, call);
        var outcome = await machine.LiveAsync(stop);
        if (injection.FailedAt is not { } where)
        {
            return null;
        }

        injection.End();
        for (var life = 1; life < LivesMax && NeedsAnother(machine, outcome); life++)
        {
            outcome = await machine.LiveAsync(stop);
        }

        var (losses, seals) = RehearsalJudge.Judge(machine, outcome, undisturbed.Root, fault.IsPowerCut ? 2 : 1, parts.Audit);
        var fate = losses.Count > 0 ? Fate.Lost
            : outcome!.State == IntakeState.Halted ? Fate.Halted
            : machine.Approvals > undisturbed.Approvals || machine.Mendings > 0 ? Fate.Waited
            : Fate.ByItself;
        return new(fault, call, where, fate, seals, losses);
    }

    /// <summary>As the service manager starts it again, or a person does.</summary>
    private static bool NeedsAnother(RehearsedMachine machine, IntakeOutcome? outcome) =>
        outcome?.State is not (IntakeState.Sealed or IntakeState.Halted) || machine.IsUnfinished;
}
