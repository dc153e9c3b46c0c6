using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Backend.Storage;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>An engine behind TLS: bodies are signed there as well, and trust is never assumed.</summary>
public sealed class S3TlsTests : IDisposable
{
    private readonly X509Certificate2 _certificate = SelfSigned();
    private readonly FakeEngine _engine;

    public S3TlsTests() => _engine = new(_certificate);

    public void Dispose()
    {
        _engine.Dispose();
        _certificate.Dispose();
    }

    [Fact]
    public void An_engine_whose_authority_was_named_is_used_and_checks_the_digest_of_bodies()
    {
        Assert.Equal("https", _engine.Options.Endpoint.Scheme);
        using var backend = new S3Backend(_engine.Options with { Authorities = [_certificate] });
        backend.Probe();
        Assert.True(backend.TryCreate(ObjectName.Format, "x"u8));
        Assert.Equal("x"u8.ToArray(), backend.ReadAll(ObjectName.Format));
    }

    [Fact]
    public void An_engine_that_nobody_vouches_for_gets_nothing()
    {
        using var other = SelfSigned();
        foreach (var authorities in new X509Certificate2Collection?[] { null, [other] })
        {
            using var backend = new S3Backend(_engine.Options with { Authorities = authorities }, new ManualTime { RunsByItself = true });
            var error = Assert.Throws<AslException>(() => backend.TryCreate(ObjectName.Format, "x"u8)).Error;
            Assert.Equal(ErrorCode.StoreIo, error.Code);
            Assert.True(error.IsPermanent);
            Assert.Contains("authority", error.Fix, StringComparison.Ordinal);
            Assert.Equal(0, _engine.Requests);
        }
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=engine", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
