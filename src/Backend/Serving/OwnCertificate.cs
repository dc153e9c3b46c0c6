using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Serving;

/// <summary>The certificate that a server makes for itself when it is given none: clients pin its fingerprint.</summary>
internal static class OwnCertificate
{
    private const int YearsValid = 10;

    /// <summary>Loads a certificate and its key from PEM files.</summary>
    /// <exception cref="AslException">They cannot be used.</exception>
    internal static X509Certificate2 Load(string certificate, string key)
    {
        try
        {
            using var parts = X509Certificate2.CreateFromPemFile(certificate, key);

            // Out and in again: TLS on some platforms wants a key that is not ephemeral.
            return X509CertificateLoader.LoadPkcs12(parts.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new AslException(new AslError(ErrorCode.Usage, "the server's certificate cannot be used")
            {
                Where = $"{certificate}, {key}",
                Why = failure.Message,
                Fix = "name a certificate and its key in PEM, or leave both out: the server makes its own",
            }, failure);
        }
    }

    /// <summary>The certificate of a folder; made there when it has none.</summary>
    internal static X509Certificate2 LoadOrMake(string folder, TimeProvider time)
    {
        var (certificate, key) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        if (File.Exists(certificate) != File.Exists(key))
        {
            throw new AslException(new AslError(ErrorCode.Usage, "of the server's certificate and key one is missing")
            {
                Where = folder,
                Why = "clients have pinned the certificate: a new one would shut them out",
                Fix = "put back what is missing, or remove the other: then a new certificate is made, and must be pinned anew",
            });
        }

        if (!File.Exists(certificate))
        {
            Make(certificate, key, time.GetUtcNow());
        }

        return Load(certificate, key);
    }

    /// <summary>What clients pin.</summary>
    internal static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    private static void Make(string certificate, string key, DateTimeOffset now)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var host = Dns.GetHostName();
        var request = new CertificateRequest($"CN={host}", made, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddDnsName("localhost");
        foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(own => own.Address).Append(IPAddress.Loopback).Distinct())
        {
            names.AddIpAddress(new IPAddress(address.GetAddressBytes()));
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var signed = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(YearsValid));
        SecretFile.Write(key, made.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(certificate, signed.ExportCertificatePem() + "\n");
    }
}
