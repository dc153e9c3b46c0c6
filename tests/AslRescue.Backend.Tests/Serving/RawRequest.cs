using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>A connection on which a test writes whatever bytes it likes.</summary>
internal sealed class RawRequest : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly SslStream _tls;

    private RawRequest(Uri server, X509Certificate2? certificate)
    {
        _client.Connect(server.Host, server.Port);
        _client.ReceiveTimeout = 30_000;
        _tls = new SslStream(_client.GetStream());
        _tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            ClientCertificates = certificate is null ? null : [certificate],
        });
    }

    internal static RawRequest To(ServerBench bench, X509Certificate2? certificate = null) => new(bench.Endpoint, certificate);

    /// <summary>Sends a whole request and gives the answer, head and body.</summary>
    internal static string Answer(ServerBench bench, string head, byte[]? body = null, X509Certificate2? certificate = null)
    {
        using var raw = To(bench, certificate);
        raw.Write(head.ReplaceLineEndings("\r\n") + "\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        raw.Write(body ?? []);
        return raw.ReadAll();
    }

    internal void Write(string text) => Write(Encoding.Latin1.GetBytes(text));

    internal void Write(byte[] bytes)
    {
        _tls.Write(bytes);
        _tls.Flush();
    }

    /// <summary>What comes until the server closes; "" when it closes without a word.</summary>
    internal string ReadAll()
    {
        var all = new MemoryStream();
        try
        {
            var buffer = new byte[4096];
            for (int count; (count = _tls.Read(buffer)) > 0;)
            {
                all.Write(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            // Reset: what came before counts.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose()
    {
        _tls.Dispose();
        _client.Dispose();
    }
}
