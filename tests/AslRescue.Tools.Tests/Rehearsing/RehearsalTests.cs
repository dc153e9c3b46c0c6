using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Rehearsal;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Tools.Tests.Running;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools.Tests.Rehearsing;

/// <summary>The engine: what it finds out about the program as it is, and about one that forgets something.</summary>
public sealed class RehearsalTests : IDisposable
{
    private const string Boot = "11111111-1111-4111-8111-111111111111";
    private static readonly Peer Somebody = new(0, "tty1");
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("directory")]
    [InlineData("zfs")]
    [InlineData("remote")]
    public async Task Every_kind_of_fault_is_tried_and_nothing_is_lost(string kind)
    {
        var table = await RehearsalRun.RunAsync(Parts(kind) with { PointsMax = 130 }, TestContext.Current.CancellationToken);

        Assert.Empty(table.Lost.SelectMany(point => point.Losses));
        Assert.InRange(table.Tried.Count, 110, 130);
        Assert.Equal(RehearsedFault.All(kind == "remote").Select(fault => fault.Id).Order(), table.Tried.Select(point => point.Fault.Id).Distinct().Order());
        Assert.Equal(table.Tried.Count, table.Rows.Sum(row => row.ByItself + row.Waited + row.Halted + row.Lost));
        Assert.True(table.Size is { Blocks: >= 4, Segments: >= 2, Records: >= 15 }, $"{table.Size}");
        Assert.Contains(table.Tried, point => point.Fate == Fate.ByItself);

        // What is written when the run is over, that it is, has nobody to wait for.
        Assert.All(table.Tried.Where(point => point.Fault.Id is "state-full" or "state-failing" && point.Where != "state files"), point => Assert.Equal(Fate.Waited, point.Fate));

        // The configuration approves of nothing here: after a power cut, somebody has to again.
        Assert.Contains(table.Tried, point => point.Fate == Fate.Waited && point.Fault.Id.Contains("power-cut", StringComparison.Ordinal));
        Assert.Equal(1, table.Approvals);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_program_that_forgets_to_flush_is_found_out(bool forgetsBytes, bool forgetsNames)
    {
        var parts = Parts("directory") with { PointsMax = 40, Between = disk => new CarelessFiles(disk, forgetsBytes, forgetsNames) };

        // The undisturbed run already loses by a power cut after its end: with that, nothing is rehearsed.
        var failure = await Assert.ThrowsAsync<AslException>(() => RehearsalRun.RunAsync(parts, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.Internal, failure.Error.Code);
        Assert.NotEqual(0, ExitCodes.For(failure.Error.Code));
    }

    [Fact]
    public async Task A_program_that_forgets_to_flush_only_now_and_then_loses_points_and_the_verb_says_so()
    {
        var lives = 0;

        // The undisturbed runs are two; only after them the program becomes careless.
        var parts = Parts("directory") with
        {
            PointsMax = 40,
            Between = disk => Interlocked.Increment(ref lives) > 2 ? new CarelessFiles(disk, forgetsBytes: true, forgetsNames: false) : disk,
        };

        var table = await RehearsalRun.RunAsync(parts, TestContext.Current.CancellationToken);

        Assert.NotEmpty(table.Lost);
        Assert.Contains(table.Lost.SelectMany(point => point.Losses), loss => loss.StartsWith("store: ", StringComparison.Ordinal) || loss.StartsWith("verify: ", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.RehearsalLost, RehearseVerb.ExitCodeOf(await PlanAsync("directory"), table));
    }

    [Fact]
    public async Task Under_a_contract_that_does_not_let_it_try_again_it_halts_and_its_evidence_is_whole()
    {
        var rules = _scratch.PathOf("rules");
        Directory.CreateDirectory(rules);
        var clauses = File.ReadAllText(Checkout.PathOf("rules/intake.toml")).Split("[[clause]]");
        var kept = clauses.Where(clause => !clause.Contains("trigger = \"retry-local\"", StringComparison.Ordinal)).ToList();
        Assert.Equal(clauses.Length - 1, kept.Count);
        File.WriteAllText(Path.Combine(rules, "intake.toml"), string.Join("[[clause]]", kept));

        var table = await RehearsalRun.RunAsync(Parts("directory") with { Paths = Paths with { Rules = rules }, PointsMax = 60 }, TestContext.Current.CancellationToken);

        Assert.Empty(table.Lost.SelectMany(point => point.Losses));
        Assert.Contains(table.Tried, point => point is { Fate: Fate.Halted, Fault.Id: "io-error" });
        Assert.DoesNotContain(table.Tried, point => point is { Fate: Fate.Halted, Fault.Id: "killed" });
    }

    [Fact]
    public async Task A_plan_for_a_pool_names_every_command_as_it_would_be_run()
    {
        var plan = await PlanAsync("zfs");

        Assert.Contains("systemd-run --wait --collect --pipe --quiet --service-type=exec -- zpool import -N -o cachefile=none -R " + Paths.AltRoot + " 42", plan.Commands);
        Assert.Contains(plan.Commands, command => command.Contains("mount -t zfs -o zfsutil,rw,noatime,nodev,nosuid,noexec tank/asl /mnt/asl/local", StringComparison.Ordinal));
        Assert.False(plan.Configuration.IsGiven);
        Assert.Equal("local.approve-import is not set", plan.Configuration.Because);
    }

    [Fact]
    public void Points_are_spread_evenly_and_each_comes_once()
    {
        int[] all = [.. Enumerable.Range(0, 1659)];
        var order = RehearsalRun.Evenly(all).ToList();

        Assert.Equal(all, order.Order());
        Assert.Equal([0], RehearsalRun.Evenly([0]));
        for (var some = 20; some < all.Length; some += 200)
        {
            var gaps = order.Take(some).Order().Append(all.Length).Prepend(0).ToList();
            Assert.All(gaps.Zip(gaps.Skip(1)), gap => Assert.InRange(gap.Second - gap.First, 0, 4 * all.Length / some));
        }
    }

    private IntakePaths Paths => new(_scratch.PathOf("machine")) { Rules = Checkout.PathOf("rules") };

    private Task<RehearsalPlan> PlanAsync(string kind) =>
        RehearsalPlan.MakeAsync(Parts(kind).Decision, Parts(kind).Settings, Paths, new LenientGuard(), TestContext.Current.CancellationToken);

    private RehearsalParts Parts(string kind) => new()
    {
        Settings = new IntakeSettings
        {
            Local = new LocalSettings { Kind = kind == "zfs" ? LocalKind.Zfs : LocalKind.Directory, Mount = kind == "zfs" ? "/mnt/asl/local" : _scratch.PathOf("store"), IsTrusted = true },
            Remote = new RemoteSettings { Endpoint = new Uri("https://asl-backend.example/"), IsTrusted = true },
            Sources = [new IntakeSource("/mnt/crashed", true)],
        },
        Paths = Paths,
        Decision = (kind == "remote" ? CommandDecision.Remote(Boot, Somebody, ["rehearse"]) : CommandDecision.Local(Boot, Somebody, ["rehearse"])).Read().Decision! with
        {
            Pool = kind == "zfs" ? new PoolIdentity("42", "tank", IsExported: true, "host", "1") : null,
        },
        Template = new() { Sources = [], Domain = "rescue-domain", Program = "asl-intake" },
        Audit = RehearseVerb.Audit,
        Workers = 2,
    };

    private sealed class LenientGuard : IIntakeGuard
    {
        public Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<GuardReport> CheckSourcesAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
            Task.FromResult(new GuardReport([.. sources.Select(source => new GuardedSource(source, ["/dev/sda"], []))]));
    }
}
