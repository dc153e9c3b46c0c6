namespace AslRescue.Shared.Configuration;

/// <summary>What this domain asks of a peer, and so with which role it speaks to it.</summary>
public enum PeerRole
{
    /// <summary>Create, and read what its own runs need.</summary>
    Intake,

    /// <summary>Read everything.</summary>
    Read,

    /// <summary>Read everything and set the endpoint's own affairs.</summary>
    Admin,
}

/// <summary>Another domain, as a <c>[[peers]]</c> table of federation.conf names it.</summary>
/// <param name="Id">The peer's domain.id.</param>
/// <param name="Endpoint">Its https URL.</param>
/// <param name="Role">With which role it is spoken to.</param>
/// <param name="IsTrusted">Whether its snapshots are accepted at all; each still needs a signature of <paramref name="Keys"/>.</param>
/// <param name="Keys">Ed25519 public keys (32 bytes) that may sign its snapshots.</param>
/// <param name="Origin">Where the table stands.</param>
public sealed record Peer(string Id, Uri Endpoint, PeerRole Role, bool IsTrusted, IReadOnlyList<byte[]> Keys, ValueOrigin Origin)
{
    /// <summary>SHA-256 of its endpoint's certificate; null when it is not pinned.</summary>
    public string? Pin { get; init; }

    /// <summary>Certificates that may vouch for its endpoint; null for the system's.</summary>
    public string? Ca { get; init; }

    /// <summary>The file with our token; null for the credential.</summary>
    public string? Token { get; init; }
}
