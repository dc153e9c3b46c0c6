using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace AslRescue.Store.Snapshots;

/// <summary>A private Ed25519 key (RFC 8032), in PKCS #8 and PEM (RFC 8410) as <c>openssl genpkey -algorithm ed25519</c> makes it.</summary>
public sealed class SigningKey
{
    // The whole of such a key in DER but for its 32 bytes: RFC 8410, section 7.
    private static readonly byte[] Head = Convert.FromHexString("302e020100300506032b657004220420");
    private readonly byte[] _seed;

    private SigningKey(byte[] seed) => (_seed, PublicKey) = (seed, SnapshotSignature.PublicKey(seed));

    /// <summary>The public key, 32 bytes.</summary>
    public IReadOnlyList<byte> PublicKey { get; }

    /// <summary>A new one.</summary>
    public static SigningKey Make() => new(SnapshotSignature.NewSeed());

    /// <summary>Reads PEM; null when it holds no such key.</summary>
    public static SigningKey? TryParse(string pem) =>
        PemEncoding.TryFind(pem, out var fields) && pem[fields.Label] == "PRIVATE KEY"
        && Convert.FromBase64String(pem[fields.Base64Data]) is var key && key.Length == Head.Length + SnapshotSignature.KeyBytes && key.AsSpan().StartsWith(Head)
            ? new SigningKey(key[Head.Length..])
            : null;

    /// <summary>The key as PEM: a secret.</summary>
    public string ToPem() => PemEncoding.WriteString("PRIVATE KEY", [.. Head, .. _seed]) + "\n";

    /// <summary>Signs a snapshot.</summary>
    public byte[] SignSnapshot(Shared.Digest snapshot) => SnapshotSignature.Sign(_seed, snapshot);

    /// <summary>Signs bytes as they are: 64 bytes.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[SnapshotSignature.Bytes];
        Ed25519.Sign(_seed, 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }
}
