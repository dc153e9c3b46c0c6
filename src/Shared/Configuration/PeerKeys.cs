using AslRescue.Shared.Configuration.KeyTypes;

namespace AslRescue.Shared.Configuration;

/// <summary>The keys of a <c>[[peers]]</c> table in federation.conf. No other origin can state peers: they say who may sign.</summary>
public static class PeerKeys
{
    public static readonly KeyDefinition<string> Id = new(
        "id", Types.Name, "the peer's domain.id") { WithoutDefault = "required" };

    public static readonly KeyDefinition<Uri> Endpoint = new(
        "endpoint", Types.HttpsUrl, "its ASL endpoint") { WithoutDefault = "required" };

    public static readonly KeyDefinition<PeerRole> Role = new("role", Types.PeerRole, "with which role it is spoken to")
    {
        DefaultText = "read",
    };

    public static readonly KeyDefinition<bool> Trust = new(
        "trust", Types.Flag, "whether its snapshots are accepted, if signed by one of keys")
    {
        DefaultText = "false",
    };

    public static readonly KeyDefinition<IReadOnlyList<byte[]>> Keys = new(
        "keys", Types.Ed25519Keys, "the keys that may sign its snapshots")
    {
        DefaultText = "",
    };

    public static readonly KeyDefinition<string> Pin = new("pin", Types.Fingerprint, "SHA-256 of the certificate (DER) that its endpoint must have")
    {
        WithoutDefault = "not pinned",
    };

    public static readonly KeyDefinition<string> Ca = new("ca", Types.AbsolutePath, "certificates (PEM) that may vouch for its endpoint")
    {
        WithoutDefault = "the system's",
    };

    public static readonly KeyDefinition<string> Token = new("token", Types.AbsolutePath, "a file of mode 0600 with the token that it knows us by")
    {
        WithoutDefault = "the credential asl.peer.ID.token",
    };

    public static IReadOnlyList<KeyDefinition> All { get; } = [Id, Endpoint, Role, Trust, Keys, Pin, Ca, Token];
}
