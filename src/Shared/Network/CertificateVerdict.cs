using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AslRescue.Shared.Network;

/// <summary>What may vouch for an endpoint.</summary>
/// <param name="Ca">A PEM file whose certificates replace the system's roots; null: the system's.</param>
/// <param name="Pin">SHA-256 of the one certificate (DER) that is accepted, in hexadecimal; null: any that holds.</param>
public sealed record EndpointTrust(string? Ca, string? Pin);

/// <summary>
/// Says in one word and in plain words what is wrong with a certificate. A date is judged before trust, because a dead clock is
/// the usual reason on a crashed machine and the chain engine reports it beside others. A certificate that is pinned needs neither the
/// right name nor an authority: it is the one that somebody looked at.
/// </summary>
public sealed class CertificateVerdict(EndpointTrust trust, string host, DateTimeOffset now)
{
    /// <summary>The value for a certificate that holds.</summary>
    public const string Valid = "valid";

    /// <summary>"valid", "expired", "not-yet-valid", "wrong-name", "untrusted", "wrong-pin", "failed"; null while no certificate was seen.</summary>
    public string? Value { get; private set; }

    /// <summary>The same in plain words.</summary>
    public string Says { get; private set; } = "";

    /// <summary>
    /// What to shake hands with. Nothing is downloaded: revocation lists and missing issuers would leave the budget.
    /// </summary>
    /// <exception cref="IOException">remote.ca cannot be read.</exception>
    public SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = host,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsGood(certificate, chain, errors),
    };

    /// <summary>Judges what a handshake brought; <see cref="Value"/> and <see cref="Says"/> tell.</summary>
    public bool IsGood(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => Judge(certificate as X509Certificate2, chain, errors) == Valid;

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
        };
        if (trust.Ca is { } ca)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(ca);
            }
            catch (CryptographicException e)
            {
                throw new IOException($"remote.ca {ca}: {e.Message}", e);
            }
        }

        return policy;
    }

    private string? Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        (Value, Says) = certificate is null
            ? ("failed", "it sends no certificate")
            : Dates(certificate) ?? (trust.Pin is null ? Name(certificate, errors) ?? Trust(certificate, chain, errors) : Pin(certificate, trust.Pin))
                ?? (Valid, $"the certificate of {host} holds until {Day(certificate.NotAfter)}");
        return Value;
    }

    private (string, string)? Dates(X509Certificate2 certificate)
    {
        if (now < certificate.NotBefore)
        {
            return ("not-yet-valid",
                $"the certificate is valid from {Day(certificate.NotBefore)}, the clock says {Day(now.UtcDateTime)}: set the clock");
        }

        return now > certificate.NotAfter
            ? ("expired", $"the certificate ended {Day(certificate.NotAfter)}, the clock says {Day(now.UtcDateTime)}")
            : null;
    }

    private (string, string)? Name(X509Certificate2 certificate, SslPolicyErrors errors) =>
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? ("wrong-name", $"the certificate is for {certificate.GetNameInfo(X509NameType.DnsName, false)}, not for {host}")
            : null;

    private (string, string)? Trust(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return null;
        }

        var by = trust.Ca is { } ca ? $"the certificates in {ca}" : "any authority this system trusts";
        return certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
            ? ("untrusted", $"the certificate is signed by itself, not by {by}: name it by remote.ca, or its fingerprint by remote.pin, if it is the right one")
            : ("untrusted", $"the certificate is not signed by {by} ({Reasons(chain)})");
    }

    private static (string, string)? Pin(X509Certificate2 certificate, string pin)
    {
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
        return string.Equals(pin, fingerprint, StringComparison.OrdinalIgnoreCase)
            ? null
            : ("wrong-pin", $"the endpoint's certificate has the fingerprint {fingerprint}, remote.pin names another");
    }

    private static string Reasons(X509Chain? chain) =>
        string.Join(", ", chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct() ?? []);

    private static string Day(DateTime date) =>
        date.ToUniversalTime().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
