using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Network;

/// <summary>
/// Says in one word and in plain words what is wrong with a certificate. A date is judged before trust, because a dead clock is
/// the usual reason on a crashed machine and the chain engine reports it beside others.
/// </summary>
internal sealed class CertificateVerdict(PreflightSettings settings, string host, DateTimeOffset now)
{
    /// <summary>A value of net.tls.</summary>
    public string Value { get; private set; } = FactDefinition.Unknown;

    public string Says { get; private set; } = "";

    /// <summary>False while no certificate was seen.</summary>
    public bool IsGiven => Value != FactDefinition.Unknown;

    /// <summary>
    /// What to shake hands with. Nothing is downloaded: revocation lists and missing issuers would leave the budget.
    /// </summary>
    /// <exception cref="IOException">remote.ca cannot be read.</exception>
    public SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = host,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            Judge(certificate as X509Certificate2, chain, errors) == "valid",
    };

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
        };
        if (settings.RemoteCa is { } ca)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(ca.Value);
            }
            catch (CryptographicException e)
            {
                throw new IOException($"remote.ca {ca.Value}: {e.Message}", e);
            }
        }

        return policy;
    }

    private string Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        (Value, Says) = certificate is null
            ? ("failed", "it sends no certificate")
            : Dates(certificate) ?? Name(certificate, errors) ?? Trust(certificate, chain, errors) ?? Pin(certificate)
                ?? ("valid", $"the certificate of {host} holds until {Day(certificate.NotAfter)}");
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

        var by = settings.RemoteCa is { } ca ? $"the certificates in {ca.Value}" : "any authority this system trusts";
        return certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
            ? ("untrusted", $"the certificate is signed by itself, not by {by}: name it by remote.ca if it is the right one")
            : ("untrusted", $"the certificate is not signed by {by} ({Reasons(chain)})");
    }

    private (string, string)? Pin(X509Certificate2 certificate)
    {
        if (settings.RemotePin is not { } pin)
        {
            return null;
        }

        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
        return string.Equals(pin.Value, fingerprint, StringComparison.OrdinalIgnoreCase)
            ? null
            : ("wrong-pin", $"the endpoint's certificate has the fingerprint {fingerprint}, remote.pin names another");
    }

    private static string Reasons(X509Chain? chain) =>
        string.Join(", ", chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct() ?? []);

    private static string Day(DateTime date) =>
        date.ToUniversalTime().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
