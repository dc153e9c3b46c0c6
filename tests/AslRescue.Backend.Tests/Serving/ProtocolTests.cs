using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AslRescue.Backend.Objects;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Format;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>What the protocol's documents promise beside the contract of backends.</summary>
public sealed class ProtocolTests : IDisposable
{
    private readonly ServerBench _bench = new();
    private readonly HttpClient _http;

    public ProtocolTests()
    {
        _http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true }) { BaseAddress = _bench.Endpoint };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "admin");
    }

    public void Dispose()
    {
        _http.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public void The_OpenAPI_document_has_exactly_the_routes_of_the_server()
    {
        var described = DeclaredAnswers.Operations.Select(operation => $"{operation.Method} {operation.Path}").Order().ToList();
        var served = _bench.Server.Endpoints()
            .Where(route => !route.Pattern.StartsWith("/ui", StringComparison.Ordinal))
            .Select(route => $"{route.Method} {route.Pattern.Replace("{**", "{", StringComparison.Ordinal)}").Order().ToList();
        Assert.Equal(described, served);
    }

    [Fact]
    public async Task Every_path_of_the_document_is_in_the_page_for_people()
    {
        using var document = JsonDocument.Parse(await GetAsync("/v1/openapi.json"));
        var page = await File.ReadAllTextAsync(Checkout.PathOf("docs/backend-protocol.md"), TestContext.Current.CancellationToken);
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            var word = path.Name == "/" ? "`GET /`" : path.Name.Split('{')[0].TrimEnd('/');
            Assert.Contains(word, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Health_is_told_to_anybody_and_metrics_to_the_administrator()
    {
        using var stranger = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true }) { BaseAddress = _bench.Endpoint };
        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            Assert.Equal("ok\n", await stranger.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));
        }

        using var client = _bench.Open("intake");
        client.TryCreate(ObjectName.RunObject("domain", "r", "draft-1"), "12345"u8);
        var metrics = await GetAsync("/metrics");
        Assert.Contains("asl_requests_total{method=\"PUT\",what=\"objects\",status=\"201\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("asl_received_bytes_total{what=\"objects\"} 5", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_served_without_TLS()
    {
        using var plain = new HttpClient { BaseAddress = new Uri($"http://{_bench.Server.Address}") };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => plain.GetAsync(new Uri("/v1", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_root_answers_programs_and_no_page()
    {
        using var answer = await _http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_listing_of_many_names_comes_in_pages()
    {
        Directory.CreateDirectory(Path.Combine(_bench.StoreFolder, ObjectName.RunFolder("domain", "r")));
        for (var number = 0; number < 1100; number++)
        {
            await File.WriteAllTextAsync(Path.Combine(_bench.StoreFolder, ObjectName.RunObject("domain", "r", $"draft-{number:D4}").Path), "x", TestContext.Current.CancellationToken);
        }

        using var client = _bench.Open("intake");
        var first = await GetAsync("/v1/list/logs/domain/runs/r");
        using var page = JsonDocument.Parse(first);
        Assert.Equal((1000, "draft-0999"), (page.RootElement.GetProperty("items").GetArrayLength(), page.RootElement.GetProperty("next").GetString()));
        Assert.Equal(1100, client.List(ObjectName.RunFolder("domain", "r")).Count());
    }

    [Fact]
    public void What_is_missing_is_asked_for_in_one_request()
    {
        var taken = Takes.In(_bench, "intake", "domain");
        using var client = _bench.Open("intake");
        using var other = _bench.Open("intake-other");
        ObjectName[] names = [.. taken.Snapshot.Blocks.Select(block => ObjectName.Block(block.Name)), ObjectName.Block(Digest.Of("none"u8)), ObjectName.Segment(Digest.Of("none"u8))];
        Assert.Equal(names[^2..].ToHashSet(), client.Missing(names).ToHashSet());
        Assert.Equal(names.ToHashSet(), other.Missing(names).ToHashSet());
    }

    [Fact]
    public async Task Whoever_finds_no_room_for_a_body_is_told_to_come_again()
    {
        var memory = new BodyMemory(4 << 20);
        using var first = await memory.TakeAsync("one", 3 << 20, TestContext.Current.CancellationToken);
        var second = memory.TakeAsync("two", 2 << 20, TestContext.Current.CancellationToken);
        var third = memory.TakeAsync("three", 1 << 20, TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted || third.IsCompleted);
        first!.Dispose();
        Assert.NotNull(await second);
        Assert.NotNull(await third);
        Assert.Equal(3 << 20, memory.UsedBytes);
        Assert.Null(await memory.TakeAsync("four", 2 << 20, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_small_body_does_not_wait_behind_large_ones_nor_anybody_behind_one_client_that_has_half_of_the_memory()
    {
        var memory = new BodyMemory(8 << 20);
        using var whole = await memory.TakeAsync("slow", 8 << 20, TestContext.Current.CancellationToken);
        Assert.NotNull(await memory.TakeAsync("other", 64 << 10, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        whole!.Dispose();
        using var one = await memory.TakeAsync("slow", 2 << 20, TestContext.Current.CancellationToken);
        using var two = await memory.TakeAsync("slow", 2 << 20, TestContext.Current.CancellationToken);
        var three = memory.TakeAsync("slow", 2 << 20, TestContext.Current.CancellationToken);
        Assert.NotNull(await memory.TakeAsync("other", 4 << 20, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        Assert.False(three.IsCompleted);
        one!.Dispose();
        Assert.NotNull(await three);
    }

    [Fact]
    public void A_body_of_more_than_half_of_the_memory_has_to_come_faster_than_others()
    {
        var memory = new BodyMemory(320 << 20);
        Assert.Null(memory.TimeMax(160 << 20));
        Assert.Equal(TimeSpan.FromSeconds(10 + 4096), memory.TimeMax(256 << 20));
    }

    [Fact]
    public void An_address_that_cannot_be_listened_at_is_an_error_of_whoever_named_it()
    {
        var nobodys = IPAddress.Parse("203.0.113.1");
        var error = Assert.Throws<AslException>(() => new ServerBench(options => options with { Listen = new IPEndPoint(nobodys, 0) }).Dispose()).Error;
        Assert.Equal(ErrorCode.Usage, error.Code);
    }

    [Fact]
    public void A_seal_that_is_damaged_takes_only_what_is_behind_it_from_those_who_are_bound_to_the_domain()
    {
        using var memory = new MemoryBackend();
        memory.CreateSealed(ObjectName.Format, new StoreFormat().ToBytes());
        using var store = ArtifactStore.Open(memory); // Without a server: nothing is marked as given.
        var taken = new[] { 5, 6 }.Select(seed => Takes.In(store, "domain", seed)).ToList();
        memory[ObjectName.Seal("domain", 2).Path] = "no line"u8.ToArray();
        using var bench = new ServerBench(storage: memory);
        using var reader = bench.Open("read");
        Assert.NotNull(reader.Open(ObjectName.Block(taken[0].Snapshot.Blocks[0].Name)));
        Assert.Equal(ErrorCode.RemoteForbidden, Assert.Throws<AslException>(() => reader.Open(ObjectName.Block(taken[1].Snapshot.Blocks[0].Name))).Error.Code);
    }

    [Fact]
    public void A_lease_can_be_taken_again_by_its_holder_and_by_others_once_it_is_given_back()
    {
        using var one = new HttpBackend(_bench.Options("intake") with { Holder = "machine" }, TimeProvider.System);
        using var other = _bench.Open("intake");
        var lease = one.TryLease("domain", "run");
        Assert.NotNull(lease);
        Assert.Null(other.TryLease("domain", "run"));
        using (var again = one.TryLease("domain", "run"))
        {
            Assert.NotNull(again);
        }

        Assert.NotNull(other.TryLease("domain", "run"));
    }

    [Fact]
    public void A_cache_is_believed_in_nothing()
    {
        var taken = Takes.In(_bench, "intake", "domain");
        using var folder = new Testing.TemporaryFolder();
        var options = _bench.Options("read") with { Cache = new RemoteCacheOptions(Path.Combine(folder.Path, "cache"), 1 << 20) };
        var name = ObjectName.Segment(taken.Snapshot.Groups[0].Segments[0].Name);
        var cached = Path.Combine(folder.Path, "cache", name.Path);
        byte[] Read()
        {
            using var client = new HttpBackend(options, TimeProvider.System);
            return client.ReadAll(name);
        }

        var good = Read();
        Assert.Equal(good, File.ReadAllBytes(cached));
        var poisoned = good.ToArray();
        poisoned[50] ^= 1;
        File.SetUnixFileMode(cached, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(cached, poisoned);
        Assert.Equal(good, Read());
        Assert.Equal(good, File.ReadAllBytes(cached));
        Directory.Delete(Path.Combine(folder.Path, "cache"), recursive: true);
        Assert.Equal(good, Read());
    }

    [Fact]
    public void What_only_a_server_says_is_said_as_every_error_is()
    {
        foreach (var error in new[] { ObjectRequests.Busy, BackendServer.Defect })
        {
            Assert.Equal(File.ReadAllText(Checkout.PathOf($"tests/AslRescue.Tools.Tests/golden/error-{error.CodeText}.txt")), error + "\n");
        }
    }

    private Task<string> GetAsync(string path) => _http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
}
