using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AslRescue.Preflight.Tests.Network;

/// <summary>A real TLS server on loopback that answers every request with one status line.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public TestServer(X509Certificate2? certificate, string answer = "HTTP/1.1 200 OK\r\n\r\n")
    {
        _listener.Start();
        _serving = ServeAsync(certificate, answer);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stop.Dispose();
    }

    public static X509Certificate2 Certificate(string name, DateTimeOffset from, DateTimeOffset until, X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var made = issuer is null
            ? request.CreateSelfSigned(from, until)
            : request.Create(issuer, from, until, [1, 2, 3, 4]).CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private async Task ServeAsync(X509Certificate2? certificate, string answer)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var socket = await _listener.AcceptSocketAsync(_stop.Token);
                await using var stream = new NetworkStream(socket);
                await AnswerAsync(stream, certificate, answer);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException)
            {
                // The client turned away, as it should with a bad certificate; or the test is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream, X509Certificate2? certificate, string answer)
    {
        if (certificate is null)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
            return;
        }

        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, _stop.Token);
        await tls.ReadAtLeastAsync(new byte[16], 16, throwOnEndOfStream: false, _stop.Token);
        await tls.WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
        await tls.ShutdownAsync();
    }
}
