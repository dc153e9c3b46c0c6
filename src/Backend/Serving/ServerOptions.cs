using System.Net;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Shared.Configuration;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Serving;

/// <summary>How a server serves.</summary>
internal sealed record ServerOptions
{
    /// <summary>Where it listens; port 0 for any that is free.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Its certificate, with the key.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>Who may ask.</summary>
    public required IReadOnlyList<Client> Clients { get; init; }

    /// <summary>Who may sign certificates of clients; null for nobody.</summary>
    public X509Certificate2Collection? ClientAuthorities { get; init; }

    /// <summary>Other domains, and the keys that may sign for them.</summary>
    public IReadOnlyList<Peer> Peers { get; init; } = [];

    /// <summary>What it vouches with for journals; null when it vouches for none.</summary>
    public Witness? Witness { get; init; }

    /// <summary>Keeps segments of a bucket on this machine for checks; null for a storage that is no further away. Whoever gave it disposes it.</summary>
    public ObjectCache? Cache { get; init; }

    /// <summary>Memory for bodies, in bytes, for all requests together.</summary>
    public long BodyBytesMax { get; init; } = 256 << 20;

    /// <summary>Connections at once.</summary>
    public int ConnectionsMax { get; init; } = 512;

    /// <summary>How long requests that are under way may take when the server stops.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(30);
}
