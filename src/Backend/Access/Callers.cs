using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AslRescue.Shared.Configuration;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Access;

/// <summary>Why a caller is not known.</summary>
/// <param name="Why">For the answer and the log.</param>
internal sealed record Stranger(string Why);

/// <summary>
/// Tells who asks: by bearer token, by the token in a browser's cookie, or by client certificate. Tokens are compared by their SHA-256, so neither the file
/// nor the time of a comparison says anything about them.
/// </summary>
/// <param name="clients">Everybody who may ask.</param>
/// <param name="authorities">Who may sign certificates of clients, which are then known by their common name; null for nobody.</param>
/// <param name="time">The clock.</param>
internal sealed class Callers(IReadOnlyList<Client> clients, X509Certificate2Collection? authorities, TimeProvider time)
{
    /// <summary>A browser keeps its token in this cookie.</summary>
    internal const string Cookie = "__Host-asl";

    private const string Bearer = "Bearer ";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The client behind a request, or why it is none.</summary>
    internal (Client? Client, Stranger? Stranger) Find(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return ByToken(header[Bearer.Length..].Trim()) is { } known ? (known, null) : (null, new("the token is of no client"));
        }

        if (header.Length > 0)
        {
            return (null, new("only bearer tokens and client certificates are known here"));
        }

        if (context.Connection.ClientCertificate is { } certificate)
        {
            return ByCertificate(certificate);
        }

        return context.Request.Cookies[Cookie] is { Length: > 0 } token && ByToken(token) is { } browser ? (browser, null)
            : (null, new("neither a token nor a certificate came with the request"));
    }

    /// <summary>The client that a token belongs to.</summary>
    internal Client? ByToken(string token)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        return clients.FirstOrDefault(client => client.TokenSha256 == digest);
    }

    private (Client?, Stranger?) ByCertificate(X509Certificate2 certificate)
    {
        var now = time.GetUtcNow();
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
        {
            return (null, new($"the client's certificate is valid from {certificate.NotBefore:yyyy-MM-dd} to {certificate.NotAfter:yyyy-MM-dd}"));
        }

        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
        if (clients.FirstOrDefault(client => client.CertificateSha256 == fingerprint) is { } known)
        {
            return (known, null);
        }

        return CommonName(certificate) is { } name && IsSigned(certificate) && clients.FirstOrDefault(client => client.Name == name) is { } named
            ? (named, null)
            : (null, new("the client's certificate is of no client: neither its fingerprint is listed, nor did an authority sign it for a client's name"));
    }

    /// <summary>The one common name of a certificate; null when it has none, or several: then it does not say which client it is of.</summary>
    private static string? CommonName(X509Certificate2 certificate)
    {
        const string commonName = "2.5.4.3";
        List<X500RelativeDistinguishedName> parts = [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()];
        return parts.All(part => !part.HasMultipleElements) && parts.Where(part => part.GetSingleElementType().Value == commonName).ToList() is [var only]
            ? only.GetSingleElementValue()
            : null;
    }

    private bool IsSigned(X509Certificate2 certificate)
    {
        if (authorities is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication)); // A server's certificate does not make a client.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }
}
