using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Probes;

/// <summary>How long a probe took, and whether it came to its end.</summary>
/// <param name="Name">The probe.</param>
/// <param name="Milliseconds">Wall time until it ended or was left behind.</param>
/// <param name="Problem">Why it did not come to its end, or null.</param>
public sealed record ProbeTiming(string Name, double Milliseconds, string? Problem);

/// <summary>
/// Runs probes side by side, each in its own budget and all in one. Every fact of every probe is on the sheet afterwards; one
/// that its probe did not get to is unknown, with the reason. A probe that hangs in the kernel is left behind: waiting for it
/// would hang the boot.
/// </summary>
internal static class ProbeRun
{
    /// <summary>No boot waits longer than this for preflight.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(30);

    public static async Task<IReadOnlyList<ProbeTiming>> LookAsync(
        IReadOnlyList<IProbe> probes, ProbeContext context, CancellationToken cancellationToken)
    {
        using var all = new CancellationTokenSource(Budget, context.Machine.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(all.Token, cancellationToken);
        var timings = await Task.WhenAll(probes.Select(probe => LookAsync(probe, context, either.Token)));
        cancellationToken.ThrowIfCancellationRequested();
        return timings;
    }

    private static async Task<ProbeTiming> LookAsync(IProbe probe, ProbeContext context, CancellationToken cancellationToken)
    {
        var time = context.Machine.Time;
        var began = time.GetTimestamp();
        using var budget = new CancellationTokenSource(probe.Budget, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        string? problem = null;
        try
        {
            // It begins on a thread of its own, as a look at a dead disk or a stale mount blocks it: of the pool's, two such would hold all other probes up.
            await Task.Factory.StartNew(() => probe.LookAsync(context, either.Token), either.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .Unwrap().WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            problem = $"the probe {probe.Name} did not end within {Math.Min(probe.Budget.TotalSeconds, Budget.TotalSeconds)} s";
        }
#pragma warning disable CA1031 // whatever one probe meets, the others and the decision go on; the fact carries the reason
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = $"the probe {probe.Name} failed: {e.Message}";
        }

        foreach (var fact in probe.Facts)
        {
            context.Sheet.Add(Fact.Unknown(fact, problem ?? $"the probe {probe.Name} did not get to it"));
        }

        return new ProbeTiming(probe.Name, time.GetElapsedTime(began).TotalMilliseconds, problem);
    }
}
