using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// The pools on the disks, what is mounted at local.mount, whether the configuration approves of what would be used, and whether
/// the tools' own state is apart from the sources.
/// </summary>
internal sealed class PoolProbe : IProbe
{
    private const string MountInfo = "/proc/self/mountinfo";
    private static readonly TimeSpan AfterWatch = TimeSpan.FromSeconds(3);

    public string Name => "pools";

    public TimeSpan Budget => TimeSpan.FromSeconds(25);

    public IReadOnlyList<string> Facts =>
    [
        FactIds.PoolCandidate, FactIds.PoolState, FactIds.PoolHealth, FactIds.PoolEncryption, FactIds.LocalMount,
        FactIds.ApprovalLocal, FactIds.StateApart, FactIds.PoolWitness,
    ];

    /// <summary>The pools that were seen; empty until the probe has ended.</summary>
    public IReadOnlyList<PoolSeen> Pools { get; private set; } = [];

    /// <summary>The pool that could be used, if it is one.</summary>
    public PoolSeen? Chosen { get; private set; }

    public async Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var settings = context.Settings;
        var isZfs = settings.LocalKind.Value == "zfs";
        if (!isZfs)
        {
            // A directory needs no pool: its facts must not wait for a disk that hangs.
            context.Sheet.Add(LocalMount(context, PoolSurvey.Nothing).Fact);
            context.Sheet.Add(LocalApproval.Judge(settings, null, null));
        }

        var began = context.Machine.Time.GetTimestamp();

        // An approval that names a pool says which one is meant, as local.pool does.
        var survey = await PoolSurvey.TakeAsync(context.Machine, context.Udev, cancellationToken);
        var wanted = settings.LocalPool?.Value ?? (isZfs ? settings.LocalApproveImport?.Value : null);
        var choice = PoolChoice.Make(survey, wanted);
        if (choice is { Candidate: "named", Pool: { State: "foreign" } foreign })
        {
            // The one that would be imported, and that no owner released: somebody may be using it at this moment.
            survey = await WatchedAsync(context.Machine, survey, foreign, Budget - context.Machine.Time.GetElapsedTime(began) - AfterWatch, cancellationToken);
            choice = PoolChoice.Make(survey, wanted);
        }

        foreach (var fact in choice.Facts(survey.Evidence))
        {
            context.Sheet.Add(fact);
        }

        Pools = [.. survey.Pools.Select(pool => pool with { IsConfigured = wanted is not null && pool.IsCalled(wanted) })];
        Chosen = choice.Pool;
        var mount = LocalMount(context, survey);
        context.Sheet.Add(mount.Fact);
        context.Sheet.Add(LocalApproval.Judge(settings, choice, mount.Dataset));
        context.Sheet.Add(StateApart.Judge(context, survey));
        context.Sheet.Add(await PoolWitness.AskAsync(context, Pools, cancellationToken));
    }

    /// <summary>What was surveyed must not be lost to a watch that is too slow: then the pool stays foreign, which needs an approval anyway.</summary>
    private static async Task<PoolSurvey> WatchedAsync(
        Machine machine, PoolSurvey survey, PoolSeen pool, TimeSpan left, CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, machine.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        string? moved = null;
        var evidence = new Evidence($"watched the uberblocks of {string.Join(", ", pool.Devices)}") { Cause = "the time for it was up" };
        try
        {
            (moved, evidence) = await PoolWatch.WatchAsync(machine, pool, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The evidence says so.
        }

        return survey with
        {
            Pools = [.. survey.Pools.Select(seen => seen == pool ? seen with { InUse = moved } : seen)],
            Evidence = [.. survey.Evidence, evidence],
        };
    }

    private static (Fact Fact, string? Dataset) LocalMount(ProbeContext context, PoolSurvey survey)
    {
        var file = context.Machine.ReadHost(MountInfo);
        if (file.Text is null)
        {
            return (Fact.Unknown(FactIds.LocalMount, file.Cause ?? "the kernel shows no mounts", file.Evidence), null);
        }

        var path = context.Settings.LocalMount.Value;
        var mount = MountTable.Read(file.Text).At(context.Machine.MountName(path));
        var evidence = new Evidence($"read {MountInfo}")
        {
            Lines = mount is null ? [] : [$"{mount.Point} {mount.FileSystem} {mount.Source}"],
        };
        var (value, says) = mount is null
            ? ("none", $"nothing is mounted at {path}")
            : MountJudge.Judge(context.Settings, mount, survey);
        return (new Fact(FactIds.LocalMount, value, says, [evidence]), value == "right" ? mount?.Source : null);
    }
}
