using System.Security.Cryptography;
using AslRescue.Shared;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace AslRescue.Store.Snapshots;

/// <summary>
/// Ed25519 signatures (RFC 8032) of snapshots: over 32 bytes that say what is signed, and the snapshot's name. The snapshot says its domain, so
/// the signature binds that too.
/// </summary>
public static class SnapshotSignature
{
    /// <summary>Bytes of a signature.</summary>
    public const int Bytes = 64;

    /// <summary>Bytes of a key, private (the seed) or public.</summary>
    public const int KeyBytes = 32;

    /// <summary>Signs a snapshot.</summary>
    /// <param name="seed">The private key.</param>
    /// <param name="snapshot">The snapshot's name.</param>
    public static byte[] Sign(byte[] seed, Digest snapshot)
    {
        var signature = new byte[Bytes];
        var message = Message(snapshot);
        Ed25519.Sign(seed, 0, message, 0, message.Length, signature, 0);
        return signature;
    }

    /// <summary>Whether a signature is of a key.</summary>
    public static bool IsGood(ReadOnlySpan<byte> key, Digest snapshot, ReadOnlySpan<byte> signature)
    {
        var message = Message(snapshot);
        return key.Length == KeyBytes && signature.Length == Bytes && Ed25519.Verify(signature.ToArray(), 0, key.ToArray(), 0, message, 0, message.Length);
    }

    /// <summary>The public key that belongs to a private one.</summary>
    public static byte[] PublicKey(byte[] seed)
    {
        var key = new byte[KeyBytes];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        return key;
    }

    /// <summary>A new private key.</summary>
    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(KeyBytes);

    private static byte[] Message(Digest snapshot)
    {
        var message = new byte[32 + Digest.Length];
        "asl-snapshot-1\n"u8.CopyTo(message);
        snapshot.Span.CopyTo(message.AsSpan(32));
        return message;
    }
}
