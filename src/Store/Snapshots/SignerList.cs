using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Snapshots;

/// <summary>
/// Which keys may sign snapshots of which domain, as federation.conf says. A domain that it does not list is our own, or that of a client whose role
/// is proof enough: its snapshots need no signature.
/// </summary>
/// <param name="peers">The other domains.</param>
public sealed class SignerList(IReadOnlyList<Peer> peers)
{
    /// <summary>Null when a snapshot may be sealed: it is signed by a key that may, or its domain needs none.</summary>
    /// <exception cref="AslException">The backend fails.</exception>
    public AslError? WhyNotSealed(IBackend backend, Digest snapshot, string domain)
    {
        if (peers.FirstOrDefault(peer => peer.Id == domain) is not { } peer)
        {
            return null;
        }

        if (!peer.IsTrusted)
        {
            return Refused(snapshot, $"federation.conf does not trust domain {domain}: trust = false");
        }

        foreach (var key in peer.Keys)
        {
            using var file = backend.Open(ObjectName.Signature(snapshot, Convert.ToHexStringLower(key)));
            if (file?.Length == SnapshotSignature.Bytes)
            {
                var signature = new byte[SnapshotSignature.Bytes];
                file.Read(0, signature);
                if (SnapshotSignature.IsGood(key, snapshot, signature))
                {
                    return null;
                }
            }
        }

        return Refused(snapshot, $"no key that federation.conf lists for domain {domain} has signed it");
    }

    /// <summary>Null when a signature may be stored.</summary>
    /// <param name="snapshot">Of which snapshot.</param>
    /// <param name="key">The public key in hexadecimal.</param>
    /// <param name="signature">The bytes.</param>
    /// <param name="domain">The snapshot's domain.</param>
    public AslError? WhyNotSigned(Digest snapshot, string key, ReadOnlySpan<byte> signature, string domain)
    {
        return !MaySign(domain, key) ? Refused(snapshot, $"federation.conf does not list key {key[..16]}… for domain {domain}")
            : SnapshotSignature.IsGood(Convert.FromHexString(key), snapshot, signature) ? null
            : Refused(snapshot, $"the signature is not of key {key[..16]}…");
    }

    /// <summary>Whether signatures by a key are wanted: of a domain that is listed only those by its keys, of any other all.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="key">The public key in hexadecimal.</param>
    public bool MaySign(string domain, string key) =>
        peers.FirstOrDefault(peer => peer.Id == domain)?.Keys.Any(listed => Convert.ToHexStringLower(listed) == key) ?? true;

    private static AslError Refused(Digest snapshot, string why) => new(ErrorCode.SignatureRefused, $"snapshot {snapshot.Short} is not accepted")
    {
        Why = why,
        Fix = "ask the domain's owner for its key, and list it in federation.conf: asl-admin peers",
    };
}
