using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Network;

namespace AslRescue.Preflight.Tests.Network;

/// <summary>Against a real TLS server on loopback, with every kind of certificate that can be wrong.</summary>
public sealed class EndpointDialerTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly X509Certificate2 Good = TestServer.Certificate("localhost", Now.AddDays(-1), Now.AddDays(30));

    [Fact]
    public async Task A_certificate_named_by_remote_ca_is_valid_and_the_endpoint_answers()
    {
        await using var server = new TestServer(Good);
        var facts = await DialAsync(server.Port, Good);
        Assert.Equal(["yes", "yes", "valid", "answers"], Values(facts));
        Assert.Equal("the certificate of localhost holds until 2026-12-31", facts.Find(FactIds.NetTls)!.Says);
    }

    [Fact]
    public async Task A_certificate_that_signed_itself_is_untrusted()
    {
        await using var server = new TestServer(Good);
        var facts = await DialAsync(server.Port, null);
        Assert.Equal(["yes", "yes", "untrusted", null], Values(facts));
        Assert.Contains("signed by itself", facts.Find(FactIds.NetTls)!.Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_untrusted()
    {
        var authority = TestServer.Certificate("authority", Now.AddDays(-1), Now.AddDays(60));
        await using var server = new TestServer(TestServer.Certificate("localhost", Now.AddDays(-1), Now.AddDays(30), authority));
        Assert.Equal("valid", (await DialAsync(server.Port, authority)).Find(FactIds.NetTls)!.Value);
        Assert.Equal("untrusted", (await DialAsync(server.Port, Good)).Find(FactIds.NetTls)!.Value);
    }

    [Fact]
    public async Task An_expired_certificate_is_called_so()
    {
        var certificate = TestServer.Certificate("localhost", Now.AddDays(-20), Now.AddDays(-3));
        await using var server = new TestServer(certificate);
        var fact = (await DialAsync(server.Port, certificate)).Find(FactIds.NetTls)!;
        Assert.Equal(("expired", "the certificate ended 2026-11-28, the clock says 2026-12-01"), (fact.Value, fact.Says));
    }

    [Fact]
    public async Task With_a_dead_clock_the_certificate_is_not_yet_valid()
    {
        await using var server = new TestServer(Good);
        var fact = (await DialAsync(server.Port, Good, now: DateTimeOffset.UnixEpoch)).Find(FactIds.NetTls)!;
        Assert.Equal("not-yet-valid", fact.Value);
        Assert.EndsWith("the clock says 1970-01-01: set the clock", fact.Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_called_so()
    {
        var certificate = TestServer.Certificate("elsewhere.example", Now.AddDays(-1), Now.AddDays(30));
        await using var server = new TestServer(certificate);
        var fact = (await DialAsync(server.Port, certificate)).Find(FactIds.NetTls)!;
        Assert.Equal(("wrong-name", "the certificate is for elsewhere.example, not for localhost"), (fact.Value, fact.Says));
    }

    [Fact]
    public async Task A_pin_is_the_fingerprint_of_the_certificate_as_openssl_prints_it()
    {
        await using var server = new TestServer(Good);
        var fingerprint = Convert.ToHexString(SHA256.HashData(Good.RawData));
        foreach (var right in new[] { fingerprint, fingerprint.ToLowerInvariant() })
        {
            Assert.Equal("valid", (await DialAsync(server.Port, Good, pin: right)).Find(FactIds.NetTls)!.Value);
        }

        var ofTheKey = Convert.ToHexString(SHA256.HashData(Good.PublicKey.ExportSubjectPublicKeyInfo()));
        foreach (var wrong in new[] { ofTheKey, new string('0', 64) })
        {
            var fact = (await DialAsync(server.Port, Good, pin: wrong)).Find(FactIds.NetTls)!;
            Assert.Equal("wrong-pin", fact.Value);
            Assert.Contains(fingerprint, fact.Says, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_pinned_certificate_needs_neither_an_authority_nor_the_name_but_its_dates()
    {
        var elsewhere = TestServer.Certificate("elsewhere.example", Now.AddDays(-1), Now.AddDays(30));
        await using var server = new TestServer(elsewhere);
        var pin = Convert.ToHexString(SHA256.HashData(elsewhere.RawData));
        Assert.Equal("valid", (await DialAsync(server.Port, ca: null, pin: pin)).Find(FactIds.NetTls)!.Value);
        Assert.Equal("expired", (await DialAsync(server.Port, ca: null, now: Now.AddDays(31), pin: pin)).Find(FactIds.NetTls)!.Value);
    }

    [Fact]
    public async Task What_does_not_speak_TLS_fails_the_handshake()
    {
        await using var server = new TestServer(null, "SSH-2.0-OpenSSH_9.2\r\n");
        Assert.Equal("failed", (await DialAsync(server.Port, Good)).Find(FactIds.NetTls)!.Value);
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\n\r\n", "answers")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\n\r\n", "answers")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\r\n<html>", "garbage")]
    [InlineData("HTTP/1.1 302 Found\r\n\r\n", "redirects")]
    [InlineData("HTTP/1.1 503 Busy\r\n\r\n", "error")]
    [InlineData("HTTP/1.1 511 Network Authentication Required\r\n\r\n", "error")]
    [InlineData("220 mail ready\r\n", "garbage")]
    public async Task The_answer_is_judged_by_its_status(string answer, string value)
    {
        await using var server = new TestServer(Good, answer);
        Assert.Equal(value, (await DialAsync(server.Port, Good)).Find(FactIds.NetHttp)!.Value);
    }

    [Fact]
    public async Task A_closed_port_is_a_no()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // Nobody else gets the port, and nobody listens at it.
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Equal(["yes", "no", null, null], Values(await DialAsync(((IPEndPoint)bound.LocalEndPoint!).Port, Good)));
    }

    [Fact]
    public async Task A_silent_server_leaves_the_layer_unknown_or_unreached_when_the_time_is_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var time = new CancellationTokenSource();
        var facts = new FactSheet();
        var watcher = Task.Factory.StartNew(
            () =>
            {
                SpinWait.SpinUntil(() => facts.Find(FactIds.NetTcp) is not null, TimeSpan.FromMinutes(1));
                time.Cancel();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => DialAsync(facts, ((IPEndPoint)listener.LocalEndpoint).Port, Good, Now, null, time.Token));
        }
        finally
        {
            await watcher;
        }

        Assert.Equal(["yes", "yes", null, null], Values(facts));
    }

    [Fact]
    public async Task A_proxy_that_refuses_is_a_no()
    {
        await using var proxy = new TestServer(null, "HTTP/1.1 403 Forbidden\r\n\r\n");
        var settings = new PreflightSettings { RemoteProxy = new Setting<string>($"http://127.0.0.1:{proxy.Port}", "test") };
        var facts = new FactSheet();
        await new EndpointDialer(TimeProvider.System).DialAsync(
            settings, new Uri("https://asl.example"), facts, TestContext.Current.CancellationToken);
        Assert.Equal(["yes", "no", null, null], Values(facts));
        Assert.Equal("the proxy 127.0.0.1 answers 403 instead of connecting", facts.Find(FactIds.NetTcp)!.Says);
    }

    [Theory]
    [InlineData("https://127.0.0.1:1")]
    [InlineData("socks5://127.0.0.1:1")]
    public async Task A_proxy_that_preflight_cannot_speak_to_leaves_everything_unknown(string proxy)
    {
        var facts = new FactSheet();
        await new EndpointDialer(TimeProvider.System).DialAsync(
            new PreflightSettings { RemoteProxy = new Setting<string>(proxy, "test") }, new Uri("https://asl.example"), facts,
            TestContext.Current.CancellationToken);
        Assert.Equal(["unknown", null, null, null], Values(facts));
    }

    /// <summary>Each layer has 5 s of real time, which a busy machine may use up: who does not answer by himself does not do so later.</summary>
    private static async Task<FactSheet> DialAsync(int port, X509Certificate2? ca, DateTimeOffset? now = null, string? pin = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var facts = new FactSheet();
            await DialAsync(facts, port, ca, now ?? Now, pin, TestContext.Current.CancellationToken);
            if (attempt == 3 || !Values(facts).Contains(FactDefinition.Unknown))
            {
                return facts;
            }
        }
    }

    private static async Task DialAsync(
        FactSheet facts, int port, X509Certificate2? ca, DateTimeOffset now, string? pin, CancellationToken cancellationToken)
    {
        using var scratch = new ScratchFolder();
        var settings = new PreflightSettings
        {
            RemoteCa = ca is null ? null : new Setting<string>(scratch.File("ca.pem", ca.ExportCertificatePem()), "test"),
            RemotePin = pin is null ? null : new Setting<string>(pin, "test"),
        };
        await new EndpointDialer(new Clock(now)).DialAsync(
            settings, new Uri($"https://localhost:{port}/"), facts, cancellationToken);
    }

    private static string?[] Values(FactSheet facts) =>
        [.. new[] { FactIds.NetDns, FactIds.NetTcp, FactIds.NetTls, FactIds.NetHttp }.Select(fact => facts.Find(fact)?.Value)];

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
