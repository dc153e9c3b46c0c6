using AslRescue.Shared.Errors;

namespace AslRescue.Shared;

/// <summary>
/// Reads what nobody else may see: files that are named in the configuration, of mode 0600, or the service manager's credentials. Read when needed, kept nowhere.
/// </summary>
public static class Secrets
{
    private const int BytesMax = 64 << 10;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The text of a file that is named, or of a credential if there is one; null for neither.</summary>
    /// <param name="named">The file; null: none is named.</param>
    /// <param name="credentials">Where the service manager puts credentials; null: nowhere.</param>
    /// <param name="credential">The credential's name.</param>
    /// <param name="isPublic">Others may read it: a certificate.</param>
    /// <exception cref="AslException">RemoteUnauthenticated: it cannot be read, or others may read it.</exception>
    public static string? Read(string? named, string? credentials, string credential, bool isPublic = false)
    {
        var path = named ?? (credentials is null ? null : Path.Combine(credentials, credential));
        if (path is null || (named is null && !File.Exists(path)))
        {
            return null;
        }

        try
        {
            if (named is not null && !isPublic && (File.GetUnixFileMode(path) & Others) != 0)
            {
                throw Unusable(path, "others may read it: chmod 0600");
            }

            return new FileInfo(path).Length <= BytesMax ? File.ReadAllText(path) : throw Unusable(path, "it is larger than 64 KiB, which no token, certificate or key is");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, failure.Message);
        }
    }

    /// <summary>A token, certificate or key that will not do.</summary>
    public static AslException Unusable(string where, string why) => new(new AslError(ErrorCode.RemoteUnauthenticated, "a token, certificate or key cannot be used")
    {
        Where = where,
        Why = why,
        Fix = "put it into a file of mode 0600 and name that: remote.token, remote.key, domain.key, or --token-file",
        IsPermanent = false,
    });
}
