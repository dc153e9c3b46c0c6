using System.Security.Cryptography.X509Certificates;
using AslRescue.Shared.Network;

namespace AslRescue.Store.Backends.Http;

/// <summary>How a server is reached, and as whom.</summary>
public sealed record RemoteOptions
{
    /// <summary>An https URL; it may have a path.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>What may vouch for the server.</summary>
    public EndpointTrust Trust { get; init; } = new(null, null);

    /// <summary>http, https or socks5; user and password may stand in it. Null: a direct connection.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>The bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Our certificate, with its key; null for none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>For which domain objects are created; null: the one that the server binds us to.</summary>
    public string? Domain { get; init; }

    /// <summary>
    /// As whom leases are held: whoever comes back as the same holder goes on without waiting for its own lease to end. Null: as nobody that ever comes back.
    /// </summary>
    public string? Holder { get; init; }

    /// <summary>No more bytes a second are sent, nor received; null for as many as go.</summary>
    public long? BytesPerSecondMax { get; init; }

    /// <summary>Where segments and snapshots are kept to be read again; null: nowhere.</summary>
    public RemoteCacheOptions? Cache { get; init; }

    /// <summary>How a request that failed is repeated, before whoever asked is told.</summary>
    public RemoteRetry Retry { get; init; } = new();

    /// <summary>A connection on which nothing moves for so long is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long the answer to a segment or a snapshot is waited for: a server says nothing while it holds them against all that they refer to. Longer than its
    /// limit of ten minutes (docs/backend-protocol.md, Limits). A host that is gone is noticed by TCP, within a minute.
    /// </summary>
    public TimeSpan CheckPatience { get; init; } = TimeSpan.FromMinutes(12);
}

/// <summary>A cache on this machine.</summary>
/// <param name="Folder">Made if need be; may be deleted at any time.</param>
/// <param name="BytesMax">It does not grow beyond.</param>
public sealed record RemoteCacheOptions(string Folder, long BytesMax);

/// <summary>
/// Repeating a request: short, since it blocks whoever asked. Longer troubles are the machine's, whose Retrying state an operator sees.
/// </summary>
public sealed record RemoteRetry
{
    /// <summary>How often a request is sent, the first time included.</summary>
    public int AttemptsMax { get; init; } = 6;

    /// <summary>The pause before the second attempt; it doubles each time, with jitter.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>No pause is longer, but for one that the server asks for.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>No attempt begins later than this after the first.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(60);
}
