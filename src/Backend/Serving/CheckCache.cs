using AslRescue.Backend.Storage;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Serving;

/// <summary>The copies of a bucket's segments: in a folder that was named, and stays; or in one below the temporary folder, which goes with the server.</summary>
internal sealed class CheckCache : IDisposable
{
    private const long BytesMax = 16L << 30;
    private const long TemporaryBytesMax = 1L << 30; // It may lie in memory.
    private readonly string? _temporary;

    private CheckCache(string folder, bool isTemporary)
    {
        Objects = new ObjectCache(folder, isTemporary ? TemporaryBytesMax : BytesMax);
        _temporary = isTemporary ? folder : null;
    }

    internal ObjectCache Objects { get; }

    /// <summary>Null for a storage that is read as fast as a copy of it would be.</summary>
    /// <exception cref="AslException">Usage: the folder cannot be made.</exception>
    internal static CheckCache? For(IBackend storage, string? named)
    {
        if (storage is not S3Backend)
        {
            return null;
        }

        try
        {
            return named is null ? new(Directory.CreateTempSubdirectory("asl-backend-").FullName, isTemporary: true)
                : new(Directory.CreateDirectory(named).FullName, isTemporary: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.Usage, "the folder for copies cannot be used") { Where = named, Why = failure.Message, Fix = "name another: --cache DIR" }, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Objects.Dispose();
        try
        {
            if (_temporary is not null)
            {
                Directory.Delete(_temporary, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Copies only: whoever cleans the temporary folder takes them away.
        }
    }
}
