using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;

namespace AslRescue.Backend.Storage;

/// <summary>The connections to an engine: one pool for the life of a backend, and TLS against the authorities that were named for it.</summary>
internal sealed class S3HttpClient(X509Certificate2Collection? authorities) : HttpClientFactory, IDisposable
{
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(10);

    /// <summary>An engine behind a name may move; a connection that is never idle would not notice.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    // Each request has its own limit, see S3Requests.Wait; the client's must not cut a long body short.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = ConnectMax,
        PooledConnectionLifetime = ConnectionLife,
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = authorities is null ? null : Trusting(authorities) },
        UseCookies = false,
    }) { Timeout = Timeout.InfiniteTimeSpan };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();

    private static X509ChainPolicy Trusting(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
