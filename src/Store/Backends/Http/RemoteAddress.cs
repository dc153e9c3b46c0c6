namespace AslRescue.Store.Backends.Http;

/// <summary>What people type where a store is meant: a directory, or the address of a server.</summary>
public static class RemoteAddress
{
    /// <summary>The address of a server; null for anything else. No user stands in it: a secret on a command line is none.</summary>
    public static Uri? TryParse(string location) =>
        Uri.TryCreate(location, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0 ? uri : null;

    /// <summary>Whether it is an address of any kind, and so no directory.</summary>
    public static bool LooksLikeOne(string location) => location.Contains("://", StringComparison.Ordinal);

    /// <summary>A certificate's fingerprint as it is compared: without colons, in lower case.</summary>
    public static string NormalPin(string pin) => pin.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
}
