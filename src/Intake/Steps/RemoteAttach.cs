using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Steps;

/// <summary>
/// An endpoint as the backend. So far it answers one question, whether the endpoint can be reached and proves who it is; ingesting into
/// one is not built yet, and says so.
/// </summary>
/// <param name="settings">The certificate authority, if one is configured.</param>
/// <param name="timeout">For the whole connection.</param>
public sealed class RemoteAttach(RemoteSettings settings, TimeSpan timeout) : IAttachStep
{
    /// <inheritdoc/>
    public async Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var endpoint = new Uri(context.Request.Endpoint ?? throw new InvalidOperationException("the request names no endpoint"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            await ConnectAsync(endpoint, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(endpoint, string.Create(CultureInfo.InvariantCulture, $"no answer within {timeout.TotalSeconds:0} s"));
        }
        catch (Exception failure) when (failure is SocketException or IOException or AuthenticationException)
        {
            throw Unreachable(endpoint, failure.Message);
        }
        catch (Exception failure) when (failure is CryptographicException or UnauthorizedAccessException)
        {
            throw Unreachable(endpoint, $"remote.ca cannot be used: {failure.Message}");
        }

        throw new AslException(new AslError(ErrorCode.BackendUnsupported, "ingest into a remote endpoint comes with a later version")
        {
            Where = endpoint.AbsoluteUri,
            Why = "the endpoint answers and proves who it is, but this program cannot store there yet",
            Fix = "use a local backend: asl.mode=local, with local.kind = \"directory\" or a pool",
        });
    }

    /// <inheritdoc/>
    public Task DetachAsync(AttachContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.IdnHost, endpoint.Port, cancellationToken);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(Options(endpoint), cancellationToken);
    }

    private SslClientAuthenticationOptions Options(Uri endpoint)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = endpoint.IdnHost };
        if (settings.Ca is { } ca)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(ca);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }

    private static AslException Unreachable(Uri endpoint, string why) =>
        new(new AslError(ErrorCode.EndpointUnreachable, "the endpoint cannot be reached")
        {
            Where = endpoint.AbsoluteUri,
            Why = why,
            Fix = "asl-admin preflight --report   (shows which layer fails: link, DNS, TCP, TLS)",
            IsPermanent = false,
        });
}
