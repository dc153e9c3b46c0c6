using AslRescue.Shared.Errors;
using AslRescue.Shared.Network;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Intake;

/// <summary>Opens an endpoint as the settings say.</summary>
public static class RemoteAccess
{
    /// <summary>The endpoint as a backend; nothing is sent yet.</summary>
    /// <exception cref="AslException">RemoteUnauthenticated: a secret cannot be used. RemoteUntrusted: remote.ca cannot be.</exception>
    public static HttpBackend Open(RemoteSettings settings, Uri endpoint, TimeProvider time) => new(OptionsOf(settings, endpoint), time);

    private static RemoteOptions OptionsOf(RemoteSettings settings, Uri endpoint)
    {
        var identity = new RemoteIdentity
        {
            TokenFile = settings.TokenFile,
            TokenCredential = settings.TokenCredential,
            CertificateFile = settings.CertificateFile,
            KeyFile = settings.KeyFile,
            CredentialsFolder = settings.CredentialsFolder,
        };
        return new()
        {
            Endpoint = endpoint,
            Trust = new EndpointTrust(settings.Ca, settings.Pin),
            Proxy = settings.Proxy,
            Token = identity.ReadToken(),
            Certificate = identity.ReadCertificate(),
            Domain = settings.Domain.Length > 0 ? settings.Domain : null,
            Holder = settings.Holder,
            BytesPerSecondMax = settings.BytesPerSecondMax,
            Cache = settings.Cache,
        };
    }
}
