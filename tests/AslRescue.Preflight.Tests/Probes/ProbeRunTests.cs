using System.Diagnostics;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Probes;

namespace AslRescue.Preflight.Tests.Probes;

public sealed class ProbeRunTests
{
    [Fact]
    public async Task A_probe_that_hangs_leaves_unknown_and_what_it_had_found()
    {
        var (sheet, timings, took) = await RunAsync(new Probe(10, async (context, _) =>
        {
            context.Sheet.Add(new Fact(FactIds.NetLink, "yes", "eth0", []));
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
        }));
        Assert.Equal("yes", sheet.Find(FactIds.NetLink)!.Value);
        Assert.Equal(("unknown", "the probe test did not end within 10 s"), (sheet.Find(FactIds.NetDns)!.Value, sheet.Find(FactIds.NetDns)!.Says));
        Assert.NotNull(timings[0].Problem);
        Assert.True(took < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_probe_that_blocks_its_thread_holds_nobody_up()
    {
        using var never = new ManualResetEventSlim();
        var (sheet, _, took) = await RunAsync(new Probe(2, (_, _) =>
        {
            never.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
            return Task.CompletedTask;
        }));
        never.Set();
        Assert.True(sheet.Find(FactIds.NetDns)!.IsUnknown);
        Assert.True(took < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_probe_that_throws_leaves_unknown_with_the_cause()
    {
        var (sheet, _, _) = await RunAsync(new Probe(60, (_, _) => throw new InvalidOperationException("no such thing")));
        Assert.Equal("the probe test failed: no such thing", sheet.Find(FactIds.NetLink)!.Says);
    }

    [Fact]
    public async Task A_fact_that_its_probe_forgets_is_unknown()
    {
        var (sheet, _, _) = await RunAsync(new Probe(60, (_, _) => Task.CompletedTask));
        Assert.Equal("the probe test did not get to it", sheet.Find(FactIds.NetLink)!.Says);
    }

    [Fact]
    public void The_first_word_on_a_fact_stands()
    {
        var sheet = new FactSheet();
        sheet.Add(new Fact(FactIds.NetLink, "no", "first", []));
        sheet.Add(new Fact(FactIds.NetLink, "yes", "second", []));
        Assert.Equal("first", sheet.Find(FactIds.NetLink)!.Says);
    }

    [Fact]
    public void A_value_outside_its_domain_is_a_defect() =>
        Assert.Throws<InvalidOperationException>(() => new FactSheet().Add(new Fact(FactIds.NetLink, "maybe", "", [])));

    [Fact]
    public void Every_fact_can_be_unknown_but_the_approval_that_only_the_configuration_gives() => Assert.All(
        FactCatalog.All.Where(fact => fact.Id != FactIds.ApprovalRemote),
        fact => Assert.Equal(FactDefinition.Unknown, fact.Values[^1]));

    private static async Task<(FactSheet Sheet, IReadOnlyList<ProbeTiming> Timings, TimeSpan Took)> RunAsync(IProbe probe)
    {
        using var scratch = new ScratchFolder();
        var sheet = new FactSheet();
        var context = new ProbeContext(Machine.Open(scratch.Path, TimeProvider.System), new PreflightSettings(), Task.FromResult<DateOnly?>(null), sheet);
        var watch = Stopwatch.StartNew();
        var timings = await ProbeRun.LookAsync([probe], context, TestContext.Current.CancellationToken);
        return (sheet, timings, watch.Elapsed);
    }

    private sealed class Probe(double seconds, Func<ProbeContext, CancellationToken, Task> look) : IProbe
    {
        public string Name => "test";

        public TimeSpan Budget => TimeSpan.FromSeconds(seconds);

        public IReadOnlyList<string> Facts => [FactIds.NetLink, FactIds.NetDns];

        public Task LookAsync(ProbeContext context, CancellationToken cancellationToken) => look(context, cancellationToken);
    }
}
