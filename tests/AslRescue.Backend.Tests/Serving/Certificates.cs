using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>Certificates for clients.</summary>
internal static class Certificates
{
    internal static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return Durable(request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10)));
    }

    internal static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Durable(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)));
    }

    /// <param name="authority">Who signs.</param>
    /// <param name="name">The common name.</param>
    /// <param name="until">When it ends, from now; it may have ended.</param>
    internal static X509Certificate2 Signed(X509Certificate2 authority, string name, TimeSpan until) => SignedAs(authority, $"CN={name}", until);

    /// <param name="authority">Who signs.</param>
    /// <param name="subject">The whole subject.</param>
    internal static X509Certificate2 SignedAs(X509Certificate2 authority, string subject) => SignedAs(authority, subject, TimeSpan.FromDays(1));

    private static X509Certificate2 SignedAs(X509Certificate2 authority, string subject, TimeSpan until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        using var signed = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-5), DateTimeOffset.UtcNow + until, RandomNumberGenerator.GetBytes(8));
        return Durable(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 Durable(X509Certificate2 made)
    {
        using (made)
        {
            return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        }
    }
}
