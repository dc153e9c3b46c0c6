using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Network;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Network;

/// <summary>
/// Goes to the endpoint layer by layer over one connection, so that the first layer that fails can be named: an HTTP client
/// reports all of them as one exception. Only a status line is read; nothing is sent but the request for it.
/// </summary>
/// <param name="time">The clock that certificates are held against, and that budgets are measured with.</param>
internal sealed class EndpointDialer(TimeProvider time) : IEndpointDialer
{
    private const int AddressesMax = 4;
    private static readonly TimeSpan LayerBudget = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task DialAsync(
        PreflightSettings settings, Uri endpoint, FactSheet facts, CancellationToken cancellationToken)
    {
        var proxy = settings.RemoteProxy is { } set ? new Uri(set.Value) : null;
        if (proxy is not null && proxy.Scheme != Uri.UriSchemeHttp)
        {
            facts.Add(Fact.Unknown(FactIds.NetDns, $"preflight cannot speak to a proxy by {proxy.Scheme}; intake can"));
            return;
        }

        var target = proxy ?? endpoint;
        if (await LayerAsync(FactIds.NetDns, facts, token => ResolveAsync(target, token), cancellationToken) is not { } addresses)
        {
            return;
        }

        using var socket = await LayerAsync(
            FactIds.NetTcp, facts, token => ConnectAsync(addresses, target, proxy is null ? null : endpoint, token), cancellationToken);
        if (socket is null)
        {
            return;
        }

        await using var stream = new NetworkStream(socket);
        await using var tls = await LayerAsync(
            FactIds.NetTls, facts, token => HandshakeAsync(stream, settings, endpoint, token), cancellationToken);
        if (tls is not null)
        {
            await LayerAsync(FactIds.NetHttp, facts, token => HttpLayer.AskAsync(tls, endpoint, token), cancellationToken);
        }
    }

    /// <summary>One layer under its own budget. What it throws is no answer: the fact is unknown, with that cause.</summary>
    private async Task<T?> LayerAsync<T>(
        string fact, FactSheet facts, Func<CancellationToken, Task<Layer<T>>> look, CancellationToken cancellationToken)
        where T : class
    {
        var began = time.GetTimestamp();
        using var budget = new CancellationTokenSource(LayerBudget, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        Layer<T> layer;
        try
        {
            // WaitAsync, as a name look-up does not stop when it is told to.
            layer = await look(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            layer = new Layer<T>(null, FactDefinition.Unknown, $"no answer within {LayerBudget.TotalSeconds} s");
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or AuthenticationException)
        {
            layer = new Layer<T>(null, FactDefinition.Unknown, e.Message);
        }

        var evidence = new Evidence("asked the network") { Milliseconds = time.GetElapsedTime(began).TotalMilliseconds };
        facts.Add(new Fact(fact, layer.Value, layer.Says, [evidence]));
        return layer.Next;
    }

    private static async Task<Layer<IPAddress[]>> ResolveAsync(Uri target, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(target.IdnHost.Trim('[', ']'), out var literal))
        {
            return new([literal], "yes", $"{literal} needs no look-up");
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(target.IdnHost, cancellationToken);
            return new(addresses, "yes", $"{target.IdnHost} is {string.Join(", ", addresses.Take(AddressesMax))}");
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return new(null, "no", $"there is no such name as {target.IdnHost}");
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TryAgain)
        {
            return new(null, FactDefinition.Unknown, $"no name server answered for {target.IdnHost}");
        }
    }

    /// <summary>All addresses at once: one that swallows packets must not use up the time of one that would answer.</summary>
    private static async Task<Layer<Socket>> ConnectAsync(
        IPAddress[] addresses, Uri target, Uri? behindProxy, CancellationToken cancellationToken)
    {
        using var won = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var attempts = addresses.Take(AddressesMax).Select(address => TryConnectAsync(address, target.Port, won.Token)).ToList();
        SocketException? refused = null;
        while (attempts.Count > 0)
        {
            var done = await Task.WhenAny(attempts);
            attempts.Remove(done);
            var (socket, error) = await done;
            if (socket is not null)
            {
                await won.CancelAsync();
                attempts.ForEach(attempt => _ = AbandonAsync(attempt));
                return await ThroughProxyAsync(socket, target, behindProxy, cancellationToken);
            }

            refused = error;
        }

        return refused?.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            ? new(null, "no", $"{target.Host} port {target.Port}: {refused.Message}")
            : new(null, FactDefinition.Unknown, refused?.Message ?? "no address to connect to");
    }

    private static async Task<(Socket? Socket, SocketException? Error)> TryConnectAsync(
        IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
            return (socket, null);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return (null, e);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Closes what a loser of the race opened after all.</summary>
    private static async Task AbandonAsync(Task<(Socket? Socket, SocketException? Error)> attempt)
    {
        try
        {
            (await attempt).Socket?.Dispose();
        }
        catch (OperationCanceledException)
        {
            // Stopped in time: it has closed its socket itself.
        }
    }

    private static async Task<Layer<Socket>> ThroughProxyAsync(
        Socket socket, Uri target, Uri? behindProxy, CancellationToken cancellationToken)
    {
        if (behindProxy is null)
        {
            return new(socket, "yes", $"{socket.RemoteEndPoint} accepts connections");
        }

        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var status = await HttpLayer.TunnelAsync(stream, target, behindProxy, cancellationToken);
        if (status == 200)
        {
            return new(socket, "yes", $"the proxy {target.Host} connects to {behindProxy.Authority}");
        }

        socket.Dispose();
        return new(null, "no", $"the proxy {target.Host} answers {status} instead of connecting");
    }

    private async Task<Layer<SslStream>> HandshakeAsync(
        NetworkStream stream, PreflightSettings settings, Uri endpoint, CancellationToken cancellationToken)
    {
        var verdict = new CertificateVerdict(new EndpointTrust(settings.RemoteCa?.Value, settings.RemotePin?.Value), endpoint.IdnHost, time.GetUtcNow());
#pragma warning disable CA2000 // handed to the next layer when the handshake succeeds
        var tls = new SslStream(stream, leaveInnerStreamOpen: true);
#pragma warning restore CA2000
        try
        {
            await tls.AuthenticateAsClientAsync(verdict.Options(), cancellationToken);
            return new(tls, verdict.Value ?? FactDefinition.Unknown, verdict.Says);
        }
        catch (AuthenticationException e)
        {
            await tls.DisposeAsync();
            return new(null, verdict.Value ?? "failed", verdict.Value is null ? Innermost(e) : verdict.Says);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static string Innermost(Exception e) => e.InnerException is null ? e.Message : Innermost(e.InnerException);
}

/// <summary>What a layer gave: the thing that the next layer stands on, if it holds, and the fact.</summary>
internal sealed record Layer<T>(T? Next, string Value, string Says)
    where T : class;
