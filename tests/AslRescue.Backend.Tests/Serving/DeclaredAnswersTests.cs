using System.Net;
using System.Net.Http.Headers;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>What the OpenAPI document says of answers; every other test of a server is held against it by its <see cref="ServerBench"/>.</summary>
public sealed class DeclaredAnswersTests
{
    private const string Problem = "application/problem+json";

    [Theory]
    [InlineData("GET", "/v1", 200, "application/json", true)]
    [InlineData("GET", "/v1", 200, "text/plain", false)]
    [InlineData("GET", "/v1", 200, null, false)]
    [InlineData("GET", "/v1", 404, Problem, false)]
    [InlineData("GET", "/v1", 405, Problem, false)]
    [InlineData("DELETE", "/v1", 405, Problem, true)]
    [InlineData("DELETE", "/v1", 405, null, false)]
    [InlineData("DELETE", "/v1", 200, null, false)]
    [InlineData("PUT", "/v1/objects/logs/domain/seals/0000000001", 201, null, true)]
    [InlineData("PUT", "/v1/objects/logs/domain/seals/0000000001", 201, "application/json", false)]
    [InlineData("PUT", "/v1/objects/logs/domain/seals/0000000001", 418, Problem, false)]
    [InlineData("GET", "/v1/list/", 200, "application/json", true)]
    [InlineData("GET", "/v1/leases/domain/run/more", 200, "application/json", false)]
    [InlineData("GET", "/nothing", 404, Problem, true)]
    [InlineData("GET", "/nothing", 200, "text/html", false)]
    public void An_answer_that_the_document_does_not_declare_is_found(string method, string path, int status, string? mediaType, bool isDeclared)
    {
        Assert.Equal(isDeclared, DeclaredAnswers.WhyNot(method, path, status, mediaType) is null);
    }

    [Fact]
    public void A_status_that_is_not_declared_of_every_operation_is_found_where_there_is_no_request_yet()
    {
        Assert.NotNull(DeclaredAnswers.WhyNotBeforeRequest((int)HttpStatusCode.NotFound));
        Assert.NotNull(DeclaredAnswers.WhyNotBeforeRequest(418));
    }

    [Theory]
    [InlineData("GET /v1 HTTP/1.1\nHost: localhost\nno header", 400)]
    [InlineData("GET /v1 HTTP/1.1\nHost: localhost\nX-Long: ", 431, 20 << 10)]
    [InlineData("GET /v1 HTTP/1.7\nHost: localhost", 505)]
    [InlineData("GET /v1?", 414, 20 << 10)]
    public void What_is_no_request_yet_is_answered_as_the_document_says(string text, int status, int padding = 0)
    {
        using var bench = new ServerBench();
        using var raw = RawRequest.To(bench);
        try
        {
            raw.Write(text.ReplaceLineEndings("\r\n") + new string('a', padding) + "\r\n\r\n");
        }
        catch (IOException)
        {
            // Refused before all of it was sent.
        }

        var answer = raw.ReadAll(); // Nothing, where the connection was closed before all of it had been read.
        Assert.True(answer.Length == 0 || (answer.StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal) && answer.EndsWith("\r\n\r\n", StringComparison.Ordinal)), answer);
        Assert.True(SpinWait.SpinUntil(() => bench.Answers.Statuses.Contains(status), TimeSpan.FromMinutes(1)), string.Join(' ', bench.Answers.Statuses));
    }

    [Fact]
    public void Too_many_headers_are_answered_as_the_document_says()
    {
        using var bench = new ServerBench();
        Assert.StartsWith("HTTP/1.1 431", RawRequest.Answer(bench, $"GET /v1 HTTP/1.1\n{string.Join('\n', Enumerable.Range(0, 100).Select(number => $"X-{number}: x"))}"), StringComparison.Ordinal);
        Assert.Equal([431], bench.Answers.Statuses);
    }

    [Fact]
    public async Task A_defect_is_answered_as_the_document_says_of_all_that_looks_into_the_storage()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        var key = SigningKey.Make();
        using var bench = new ServerBench(options => options with { Witness = new Witness(key, "witness") }, storage);
        storage.Opening = _ => throw new InvalidCastException("a defect");
        storage.Listing = _ => throw new InvalidCastException("a defect");
        var record = "a record"u8.ToArray();
        (HttpMethod Method, string Path, byte[]? Body)[] requests =
        [
            (HttpMethod.Get, "/v1/objects/format.toml", null),
            (HttpMethod.Head, "/v1/objects/format.toml", null),
            (HttpMethod.Put, "/v1/objects/logs/domain/runs/r/draft-1", record),
            (HttpMethod.Get, "/v1/list/segments", null),
            (HttpMethod.Post, "/v1/missing", RemoteWire.WriteNames([ObjectName.Segment(Digest.Of(record))])),
            (HttpMethod.Put, "/v1/leases/domain/r", RemoteWire.WriteLease("me")),
            (HttpMethod.Delete, "/v1/leases/domain/r", RemoteWire.WriteLease("me")),
            (HttpMethod.Post, "/v1/cosign/domain/r", RemoteWire.WriteCheckpoint(JournalNote.Body(JournalNote.Origin("domain", "r"), 1, new byte[32]))),
            (HttpMethod.Get, "/health/ready", null),
        ];
        using var client = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true }) { BaseAddress = bench.Endpoint };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "intake");
        foreach (var (method, path, body) in requests)
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
            request.Content?.Headers.TryAddWithoutValidation("Content-Digest", Digests.Write(Digest.Of(body!)));
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((method, path, HttpStatusCode.InternalServerError), (method, path, answer.StatusCode));
        }

        Assert.True(SpinWait.SpinUntil(() => bench.Answers.Statuses.Count(status => status == 500) == requests.Length, TimeSpan.FromMinutes(1)), string.Join(' ', bench.Answers.Statuses)); // Seen a moment after it was sent.
        Assert.Equal(requests.Length, DeclaredAnswers.Operations.Count(operation => operation.Responses.TryGetProperty("503", out _)));
    }
}
