using System.Security.Cryptography.X509Certificates;

namespace AslRescue.Backend.Storage;

/// <summary>
/// Which bucket of which engine. The keys come from the environment or from a file that only the server can read, never from a command line;
/// <see cref="ToString"/> leaves them out.
/// </summary>
public sealed record S3Options
{
    /// <summary>The engine, http or https, without a path: buckets are addressed by path (http://host:port/bucket/key).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>A bucket that exists, without versioning.</summary>
    public required string Bucket { get; init; }

    /// <summary>What the keys of all objects begin with, "" or "a/b": a store needs no bucket of its own.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What requests are signed for; engines outside of Amazon take any, or this one.</summary>
    public string Region { get; init; } = "us-east-1";

    public required string AccessKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>Who may have signed the engine's certificate; null: the authorities of the system.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>For how long a request is repeated that meets an engine out of order; after that it fails, and the caller may try again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The address of the store, for messages.</summary>
    public string Location => $"{Endpoint.ToString().TrimEnd('/')}/{Bucket}/{KeyOf("")}".TrimEnd('/');

    /// <summary>The key of a path below the store.</summary>
    internal string KeyOf(string path) => Prefix.Trim('/') is { Length: > 0 } prefix ? $"{prefix}/{path}" : path;

    /// <inheritdoc/>
    public override string ToString() => Location;
}
