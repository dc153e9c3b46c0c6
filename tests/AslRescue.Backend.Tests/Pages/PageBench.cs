using System.Net;
using System.Security.Cryptography;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Configuration;
using AslRescue.Store;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>A server with something to look at, and browsers without a screen.</summary>
internal sealed class PageBench : IDisposable
{
    private readonly List<HttpClient> _clients = [];
    private readonly ArtifactStore _store;

    internal PageBench() => _store = ArtifactStore.Open(Server.StoreFolder);

    internal ServerBench Server { get; } = new(options => options with
    {
        Clients = [.. options.Clients, ServerBench.NewClient("whoever <b>", PeerRole.Read, ServerBench.Domain)],
    });

    internal TemporaryFolder Folder { get; } = new();

    internal string Url(string path) => new Uri(Server.Endpoint, path).ToString();

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _store.Dispose();
        Server.Dispose();
        Folder.Dispose();
    }

    /// <summary>Somebody who follows no redirects and has a token in the cookie, or none.</summary>
    internal HttpClient Browser(string? token)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => Convert.ToHexStringLower(SHA256.HashData(certificate!.GetRawCertData())) == Server.Pin;
        var client = new HttpClient(handler) { BaseAddress = Server.Endpoint, DefaultRequestVersion = HttpVersion.Version11 };
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        if (token is not null)
        {
            client.DefaultRequestHeaders.Add("Cookie", $"__Host-asl={Uri.EscapeDataString(token)}");
        }

        _clients.Add(client);
        return client;
    }

    internal Task<HttpResponseMessage> GetAsync(string? token, string path) => Browser(token).GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    internal Task<byte[]> BytesAsync(string token, string path) => Browser(token).GetByteArrayAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    internal Task<string> PageAsync(string token, string path) => Browser(token).GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    internal HandMade Make() => new(_store);

    /// <summary>Takes a tree in; gives the address of its snapshot.</summary>
    internal string Ingest(string source, string domain = ServerBench.Domain)
    {
        using var run = IngestRun.Begin(_store, new IngestOptions { Sources = [source], Domain = domain, Workers = 2, Program = "test" }, TimeProvider.System);
        run.Ingest(TestContext.Current.CancellationToken);
        return $"/ui/{domain}/{run.Seal(new Dictionary<string, byte[]>()).Name}";
    }

    internal static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    internal static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, params (string Key, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
        return await client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }
}
