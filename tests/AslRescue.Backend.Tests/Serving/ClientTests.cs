using System.Net;
using System.Net.Sockets;
using System.Text;
using AslRescue.Intake;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Network;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>How a client gets to its server, and what it says when it does not.</summary>
public sealed class ClientTests : IDisposable
{
    private readonly ServerBench _bench = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _bench.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_server_is_believed_by_its_pin_or_by_an_authority_that_is_named_and_by_nothing_else()
    {
        var ca = Path.Combine(_folder.Path, "ca.pem");
        File.WriteAllText(ca, _bench.Certificate.ExportCertificatePem());
        foreach (var (trust, why) in new (EndpointTrust, string?)[]
        {
            (new(null, _bench.Pin), null),
            (new(ca, null), null),
            (new(null, new string('0', 64)), "remote.pin names another"),
            (new(null, null), "signed by itself"),
        })
        {
            using var client = new HttpBackend(_bench.Options("read") with { Trust = trust }, TimeProvider.System);
            if (why is null)
            {
                Assert.Equal((_bench.Pin, "read"), (client.Greet() is var facts ? facts.Certificate : null, client.Greet().Role));
                continue;
            }

            var error = Assert.Throws<AslException>(() => client.Greet()).Error;
            Assert.Equal((ErrorCode.RemoteUntrusted, false), (error.Code, error.IsPermanent));
            Assert.Contains(why, error.Why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_proxy_is_asked_for_a_tunnel_with_the_login_that_stands_in_its_address()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heads = new List<string>();
        var serving = TunnelAsync(listener, heads);
        var proxy = new Uri($"http://user:pass%20word@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using (var client = new HttpBackend(_bench.Options("intake") with { Proxy = proxy }, TimeProvider.System))
        {
            Assert.True(client.TryCreate(ObjectName.RunObject("domain", "r", "draft-1"), "through"u8));
        }

        listener.Stop();
        await serving;
        Assert.Contains(heads, head => head.StartsWith($"CONNECT {_bench.Server.Address}", StringComparison.Ordinal)
            && head.Contains($"Proxy-Authorization: Basic {Convert.ToBase64String("user:pass word"u8)}", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_limit_of_bytes_a_second_is_kept_by_all_threads_together()
    {
        using var client = new HttpBackend(_bench.Options("intake") with { BytesPerSecondMax = 1 << 20 }, TimeProvider.System);
        var start = TimeProvider.System.GetTimestamp();
        Parallel.For(0, 4, index => client.TryCreate(ObjectName.RunObject("domain", "r", $"draft-{index}"), new byte[512 << 10]));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_token_that_others_may_read_is_not_sent()
    {
        var file = Path.Combine(_folder.Path, "token");
        File.WriteAllText(file, "read\n");
        var settings = new RemoteSettings { Pin = _bench.Pin, TokenFile = file };
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var error = Assert.Throws<AslException>(() => RemoteAccess.Open(settings, _bench.Endpoint, TimeProvider.System)).Error;
        Assert.Equal(ErrorCode.RemoteUnauthenticated, error.Code);
        Assert.Contains("chmod 0600", error.Why, StringComparison.Ordinal);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var client = RemoteAccess.Open(settings, _bench.Endpoint, TimeProvider.System);
        Assert.Equal("read", client.Greet().Caller);
    }

    [Fact]
    public void Credentials_of_the_service_manager_are_found_by_their_names()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "asl.remote.token"), "admin");
        using var client = RemoteAccess.Open(new RemoteSettings { Pin = _bench.Pin, CredentialsFolder = _folder.Path }, _bench.Endpoint, TimeProvider.System);
        Assert.Equal("admin", client.Greet().Role);
    }

    /// <summary>An HTTP proxy that knows CONNECT and nothing else.</summary>
    private static async Task TunnelAsync(TcpListener listener, List<string> heads)
    {
        List<Task> tunnels = [];
        while (true)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync();
                tunnels.Add(TunnelAsync(client, heads));
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                await Task.WhenAll(tunnels);
                return;
            }
        }
    }

    private static async Task TunnelAsync(TcpClient client, List<string> heads)
    {
        using (client)
        {
            var stream = client.GetStream();
            var head = await ReadHeadAsync(stream, heads);
            if (!head.Contains("Proxy-Authorization", StringComparison.OrdinalIgnoreCase))
            {
                await stream.WriteAsync("HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                head = await ReadHeadAsync(stream, heads);
            }

            if (head.Length == 0)
            {
                return; // It comes again on another connection.
            }

            using var server = new TcpClient();
            await server.ConnectAsync(IPEndPoint.Parse(head.Split(' ')[1]));
            await stream.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray());
            try
            {
                await Task.WhenAny(stream.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(stream));
            }
            catch (IOException)
            {
            }
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream, List<string> heads)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }

        lock (heads)
        {
            heads.Add(head.ToString());
        }

        return head.ToString();
    }
}
