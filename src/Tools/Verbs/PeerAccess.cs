using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Shared.Configuration;
using AslRescue.Store;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Tools.Verbs;

/// <summary>Stores of others: a directory, a URL, or a peer of federation.conf by its id.</summary>
internal static class PeerAccess
{
    /// <summary>Opens what was named.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="named">A directory, a URL, or a peer's id.</param>
    /// <param name="domain">For which domain objects will be created there; null: none will.</param>
    internal static ArtifactStore Open(ParseResult parsed, AslConfiguration configuration, string named, string? domain = null)
    {
        if (configuration.Peers.FirstOrDefault(peer => peer.Id == named) is { } peer)
        {
            return ArtifactStore.Open(Backend(configuration, peer, domain));
        }

        if (CommonOptions.Endpoint(named) is not { } endpoint)
        {
            return ArtifactStore.Open(named);
        }

        var typed = CommonOptions.Remote(parsed, configuration);
        var settings = parsed.GetValue(CommonOptions.TokenFile) is null && configuration.Peers.FirstOrDefault(other => other.Endpoint == endpoint) is { } listed
            ? Settings(configuration, listed)
            : typed;
        return ArtifactStore.Open(RemoteAccess.Open(settings with { Domain = domain ?? "" }, endpoint, TimeProvider.System));
    }

    /// <summary>The endpoint of a peer.</summary>
    internal static HttpBackend Backend(AslConfiguration configuration, Peer peer, string? domain = null) =>
        RemoteAccess.Open(Settings(configuration, peer) with { Domain = domain ?? "" }, peer.Endpoint, TimeProvider.System);

    private static RemoteSettings Settings(AslConfiguration configuration, Peer peer) => new()
    {
        Pin = peer.Pin,
        Ca = peer.Ca is { } ca ? configuration.Paths.OnRoot(ca) : null,
        Proxy = configuration.RemoteProxy,
        TokenFile = peer.Token is { } token ? configuration.Paths.OnRoot(token) : null,
        TokenCredential = $"asl.peer.{peer.Id}.token",
        CredentialsFolder = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"),
        BytesPerSecondMax = configuration.RemoteBandwidth,
    };
}
