using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Network;
using AslRescue.Store;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Backends.Http;

namespace AslRescue.LibAsl.Reading;

/// <summary>A store that is open. Any number of threads.</summary>
internal sealed class OpenedStore : Resource
{
    private readonly RemoteOptions? _remote;

    internal OpenedStore(ArtifactStore store, RemoteOptions? remote)
        : base(HandleKind.Store) => (Store, _remote) = (store, remote);

    internal ArtifactStore Store { get; }

    /// <summary>Opens the store in a directory or behind a URL.</summary>
    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid; there is no store, or it cannot be reached.</exception>
    internal static unsafe OpenedStore Open(string location, OpenOptions* options)
    {
        OpenSsl.MustBeThere();
        if (RemoteAddress.TryParse(location) is { } endpoint)
        {
            return Open(Remote(endpoint, options));
        }

        return !RemoteAddress.LooksLikeOne(location) && location.Length > 0 && !location.Contains('\0', StringComparison.Ordinal)
            ? new OpenedStore(ArtifactStore.Open(new DirectoryBackend(location)), null)
            : throw LibraryErrors.Argument("location", "it is neither a directory nor an https URL without a user in it");
    }

    protected override void Free()
    {
        Store.Dispose();
        _remote?.Certificate?.Dispose();
    }

    private static OpenedStore Open(RemoteOptions options)
    {
        HttpBackend? backend = null;
        try
        {
            backend = new HttpBackend(options, TimeProvider.System);
            return new OpenedStore(ArtifactStore.Open(backend), options);
        }
        catch
        {
            backend?.Dispose();
            options.Certificate?.Dispose();
            throw;
        }
    }

    private static unsafe RemoteOptions Remote(Uri endpoint, OpenOptions* options)
    {
        if (options is null)
        {
            return new() { Endpoint = endpoint };
        }

        _ = Results.CheckSize(options);
        var identity = new RemoteIdentity
        {
            TokenFile = Arguments.OptionalText(options->TokenFile, "token_file"),
            CertificateFile = Arguments.OptionalText(options->CertificateFile, "certificate_file"),
            KeyFile = Arguments.OptionalText(options->KeyFile, "key_file"),
        };
        var remote = new RemoteOptions
        {
            Endpoint = endpoint,
            Trust = new EndpointTrust(Arguments.OptionalText(options->CaFile, "ca_file"), Pin(Arguments.OptionalText(options->Pin, "pin"))),
            Proxy = Proxy(Arguments.OptionalText(options->Proxy, "proxy")),
            Token = identity.ReadToken(),
            Certificate = identity.ReadCertificate(),
        };
        if (options->TimeoutSeconds == 0)
        {
            return remote;
        }

        var timeout = TimeSpan.FromSeconds(Math.Min(options->TimeoutSeconds, 24 * 3600));
        return remote with { Patience = timeout, Retry = new() { Budget = timeout } };
    }

    private static string? Pin(string? text)
    {
        var pin = text is null ? null : RemoteAddress.NormalPin(text);
        return pin is null || (pin.Length == 64 && pin.All(char.IsAsciiHexDigitLower)) ? pin
            : throw LibraryErrors.Argument("pin", "it is not the 64 hexadecimal digits of a SHA-256");
    }

    private static Uri? Proxy(string? text) => text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5" ? proxy
        : throw LibraryErrors.Argument("proxy", "it is no URL that begins with http, https or socks5");
}
