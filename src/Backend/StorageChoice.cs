using AslRescue.Backend.Storage;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Backend;

/// <summary>Opens the storage that was named. An engine's address and keys come from the environment, as its other clients have them.</summary>
internal static class StorageChoice
{
    private const string Scheme = "s3://";
    private const int KeyBytesMax = 4 << 10;

    /// <summary>A directory, or a bucket as s3://BUCKET[/PREFIX]; an empty one becomes a store.</summary>
    /// <exception cref="AslException">It cannot be used.</exception>
    internal static ArtifactStore Open(string named) => named.StartsWith(Scheme, StringComparison.Ordinal) ? OpenBucket(named[Scheme.Length..])
        : named.Contains("://", StringComparison.Ordinal) ? throw ServerProgram.Usage($"'{named}' is no storage", "name a directory, or s3://BUCKET[/PREFIX]")
        : ArtifactStore.OpenOrCreate(named);

    private static ArtifactStore OpenBucket(string path)
    {
        var parts = path.Split('/', 2);
        if (parts[0].Length == 0)
        {
            throw ServerProgram.Usage("s3:// without a bucket", "name it: s3://BUCKET[/PREFIX]");
        }

        var backend = new S3Backend(new S3Options
        {
            Endpoint = Uri.TryCreate(Needed("S3_ENDPOINT"), UriKind.Absolute, out var endpoint) ? endpoint : throw ServerProgram.Usage("S3_ENDPOINT is no URL", "S3_ENDPOINT=https://s3.example"),
            Bucket = parts[0],
            Prefix = parts.Length > 1 ? parts[1] : "",
            Region = Variable("S3_REGION") ?? "us-east-1",
            AccessKey = Needed("S3_ACCESS_KEY"),
            SecretKey = Needed("S3_SECRET_KEY"),
        });
        try
        {
            backend.Probe();
            backend.CreateSealed(ObjectName.Format, FormatOf(backend));
            return ArtifactStore.Open(backend);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <summary>The format that the bucket has, or the usual one for a bucket that is no store yet: of two servers that start at once both then say the same.</summary>
    internal static byte[] FormatOf(S3Backend backend)
    {
        if (Has())
        {
            return backend.ReadAll(ObjectName.Format);
        }

        // What is there may be another server's, which has made the store since.
        return backend.List("").FirstOrDefault(item => item.Name != "probe") is not { Name: { } other } ? new StoreFormat().ToBytes()
            : Has() ? backend.ReadAll(ObjectName.Format)
            : throw new AslException(new AslError(ErrorCode.StoreOccupied, "the bucket is not empty and no store")
            {
                Where = backend.Location,
                Why = $"it holds {Printable.Text(other)}, and no format.toml",
                Fix = "name an empty prefix: s3://BUCKET/PREFIX; or put back the format.toml that the store was made with",
            });

        bool Has()
        {
            using var found = backend.Open(ObjectName.Format);
            return found is not null;
        }
    }

    private static string Needed(string name) => Variable(name)
        ?? throw ServerProgram.Usage($"{name} is not set", $"set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY; {name}_FILE names a file instead");

    /// <summary>A variable, or the first line of the file that the variable NAME_FILE names: so a service manager's credential serves.</summary>
    private static string? Variable(string name)
    {
        if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
        {
            return value;
        }

        if (Environment.GetEnvironmentVariable($"{name}_FILE") is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            return new FileInfo(path).Length <= KeyBytesMax ? File.ReadLines(path).FirstOrDefault() : throw ServerProgram.Usage($"{path} is no key", $"{name}_FILE names a file with one line");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ServerProgram.Usage($"{name}_FILE: {failure.Message}", "name a file that can be read");
        }
    }
}
