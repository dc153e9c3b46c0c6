using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>
/// Every single request of a small ingest meets every kind of fault once. Whatever happens, the run ends by itself, what is stored is what an undisturbed run stores,
/// nothing is stored twice, and nothing is called stored that is not.
/// </summary>
public sealed class FaultProxyTests : IDisposable
{
    private static readonly StoreFormat Small = new() { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768) };

    // All of it takes minutes; without ASL_SLOW each kind begins at another request and takes every seventh.
    private static readonly int Step = Environment.GetEnvironmentVariable("ASL_SLOW") is null ? 7 : 1;
    private readonly TemporaryFolder _folder = new();

    public FaultProxyTests() => SampleTree.Make(Source, seed: 5, files: 9, bytesMax: 400_000);

    public static TheoryData<ProxyFault> Kinds => [.. Enum.GetValues<ProxyFault>()];

    private string Source => Path.Combine(_folder.Path, "tree");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Whichever_request_meets_a_fault_the_run_ends_as_undisturbed(ProxyFault fault)
    {
        var (expected, requests) = await RunAsync(0, fault);
        Assert.InRange(requests, 15, 2000);
        var tried = 0;
        for (var failAt = Step == 1 ? 1 : 1 + ((int)fault % Step); failAt <= requests; failAt += Step)
        {
            var (stored, _) = await RunAsync(failAt, fault);
            Assert.True(expected.SequenceEqual(stored), $"{fault} at request {failAt} of {requests}: {string.Join(", ", stored.Except(expected).Concat(expected.Except(stored)))}");
            tried++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: {tried} of {requests} requests");
    }

    [Fact]
    public async Task A_pause_that_is_longer_than_the_budget_is_not_waited_for()
    {
        using var bench = new ServerBench();
        await using var proxy = new FaultProxy(bench.Endpoint, bench.Certificate) { RetryAfter = "86400" };
        proxy.Arm(1, ProxyFault.Status503);
        using var client = new HttpBackend(bench.Options("intake") with { Endpoint = proxy.Endpoint }, TimeProvider.System);
        var start = TimeProvider.System.GetTimestamp();
        var error = Assert.Throws<AslException>(() => client.Greet()).Error;
        Assert.Equal((ErrorCode.EndpointUnreachable, false), (error.Code, error.IsPermanent));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    /// <summary>One ingest into an empty store: the names that must not depend on chance, and how many requests it took.</summary>
    private async Task<(IReadOnlyList<string> Names, int Requests)> RunAsync(int failAt, ProxyFault fault)
    {
        using var bench = new ServerBench(format: Small);
        await using var proxy = new FaultProxy(bench.Endpoint, bench.Certificate);
        proxy.Arm(failAt, fault);
        var options = bench.Options("intake") with { Endpoint = proxy.Endpoint, Patience = fault == ProxyFault.Delay ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(10) };
        options = options with { Retry = options.Retry with { AttemptsMax = 100, Budget = TimeSpan.FromMinutes(2) } }; // A busy machine may need longer than the patience, and more than once.
        SealedSnapshot result;
        using (var store = ArtifactStore.Open(new HttpBackend(options, TimeProvider.System)))
        {
            using var run = IngestRun.Begin(store, new IngestOptions { Sources = [Source], Domain = ServerBench.Domain, Workers = 2, Program = "test" }, TimeProvider.System);
            run.Ingest(TestContext.Current.CancellationToken);
            result = run.Seal(new Dictionary<string, byte[]>());
        }

        var requests = proxy.Count;
        using var direct = ArtifactStore.Open(bench.StoreFolder);
        var report = new StoreVerifier(direct, withData: true).Run(2, CancellationToken.None);
        Assert.True(report.Errors.Count == 0, $"{fault} at {failAt}: {string.Join("; ", report.Errors)}");
        var seal = Assert.Single(new SealLog(direct.Backend, ServerBench.Domain).Read());
        Assert.Equal(result.Name, seal.Snapshot);
        var journal = new RunLog(direct.Backend, ServerBench.Domain, seal.Run).ReadJournal();
        return ([
            result.Snapshot.Root.ToString(),
            $"{journal.Count} records",
            .. direct.Backend.List("blocks").SelectMany(folder => direct.Backend.List($"blocks/{folder.Name}")).Select(block => $"block {block.Name}").Order(StringComparer.Ordinal),
            .. direct.Backend.List("segments").Select(segment => $"segment {segment.Name}").Order(StringComparer.Ordinal),
            .. direct.Backend.List("snapshots").Select(_ => "a snapshot"),
        ], requests);
    }
}
