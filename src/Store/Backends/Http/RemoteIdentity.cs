using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Backends.Http;

/// <summary>
/// As whom a server knows us: where token, certificate and key lie. They are read when they are asked for, from files that nobody else may read
/// or from the service manager's credentials, and stand in no other place.
/// </summary>
public sealed record RemoteIdentity
{
    private const string CertificateCredential = "asl.remote.certificate";
    private const string KeyCredential = "asl.remote.key";

    /// <summary>A file of mode 0600 with the token; null for the credential, if there is one.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The credential with the token, where no file is named.</summary>
    public string TokenCredential { get; init; } = "asl.remote.token";

    /// <summary>A PEM file; null for the credential, if there is one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>A PEM file of mode 0600; null for the credential, if there is one.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Where the service manager puts credentials; null for nowhere.</summary>
    public string? CredentialsFolder { get; init; }

    /// <summary>The token; null where there is none.</summary>
    /// <exception cref="AslException">RemoteUnauthenticated: it cannot be used.</exception>
    public string? ReadToken() => Secrets.Read(TokenFile, CredentialsFolder, TokenCredential)?.Trim();

    /// <summary>The certificate with its key; null where there is none.</summary>
    /// <exception cref="AslException">RemoteUnauthenticated: one of them cannot be used, or lacks the other.</exception>
    public X509Certificate2? ReadCertificate()
    {
        var certificate = Secrets.Read(CertificateFile, CredentialsFolder, CertificateCredential, isPublic: true);
        var key = Secrets.Read(KeyFile, CredentialsFolder, KeyCredential);
        if (certificate is null || key is null)
        {
            return certificate is null && key is null ? null
                : throw Secrets.Unusable(CertificateFile ?? KeyFile ?? CertificateCredential, "a certificate needs its key, and a key its certificate");
        }

        try
        {
            using var parts = X509Certificate2.CreateFromPem(certificate, key);
            return X509CertificateLoader.LoadPkcs12(parts.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw Secrets.Unusable(CertificateFile ?? CertificateCredential, failure.Message);
        }
    }
}
