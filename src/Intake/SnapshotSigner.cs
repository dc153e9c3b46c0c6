using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake;

/// <summary>
/// Signs snapshots, and checkpoints of journals, with the domain's key: Ed25519 in PKCS #8 and PEM (RFC 8410), as <c>openssl genpkey -algorithm ed25519</c> makes it.
/// </summary>
public sealed class SnapshotSigner
{
    private const string Credential = "asl.domain.key";

    private readonly SigningKey _key;

    private SnapshotSigner(SigningKey key) => _key = key;

    /// <summary>What others list in their federation.conf.</summary>
    public IReadOnlyList<byte> PublicKey => _key.PublicKey;

    /// <summary>The signer of a key that is named, or of the credential; null for neither.</summary>
    /// <param name="named">domain.key</param>
    /// <param name="credentials">Where the service manager puts credentials.</param>
    /// <exception cref="Shared.Errors.AslException">It is there and cannot be used.</exception>
    public static SnapshotSigner? Load(string? named, string? credentials) =>
        Secrets.Read(named, credentials, Credential) is { } text ? new(Parse(named ?? Credential, text)) : null;

    /// <summary>Stores the signature of a snapshot; again changes nothing, as signing the same gives the same.</summary>
    public void Sign(IBackend backend, Digest snapshot) =>
        backend.CreateSealed(ObjectName.Signature(snapshot, Convert.ToHexStringLower([.. PublicKey])), _key.SignSnapshot(snapshot));

    /// <summary>The signature line of a checkpoint.</summary>
    /// <param name="domain">The domain that signs.</param>
    /// <param name="body">What is signed.</param>
    public string SignNote(string domain, ReadOnlySpan<byte> body) => JournalNote.Sign(_key, JournalNote.SignerName(domain), body);

    private static SigningKey Parse(string where, string text) =>
        SigningKey.TryParse(text) ?? throw Secrets.Unusable(where, "it is no Ed25519 key in PEM: openssl genpkey -algorithm ed25519 -out FILE");
}
