using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Guard;

namespace AslRescue.Intake.Approvals;

/// <summary>The kinds of backend that can be approved.</summary>
public static class BackendKinds
{
    public const string LocalZfs = "local-zfs";
    public const string LocalDirectory = "local-directory";
    public const string Remote = "remote";
}

/// <summary>Where a request's source comes from.</summary>
public static class SourceOrigins
{
    /// <summary>Configured in /etc/asl or on the kernel command line.</summary>
    public const string Trusted = "trusted";

    /// <summary>Configured elsewhere.</summary>
    public const string Untrusted = "untrusted";

    /// <summary>Named by the operator.</summary>
    public const string Operator = "operator";
}

/// <summary>A source as a request names it.</summary>
public sealed record RequestSource(string Path, string Origin);

/// <summary>
/// Everything that an approval approves, and nothing else. Its bytes are JSON with the fields in the order below, no white space and
/// those that do not apply left out; their SHA-256 is the request's id. The nonce makes each id good for one asking.
/// </summary>
public sealed record ApprovalRequest
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>16 random bytes as hex.</summary>
    public required string Nonce { get; init; }

    /// <summary>See <see cref="BackendKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>local-zfs: the pool, its last owner with it.</summary>
    public PoolIdentity? Pool { get; init; }

    /// <summary>local-zfs: the one dataset that is mounted.</summary>
    public string? Dataset { get; init; }

    /// <summary>local-zfs: where.</summary>
    public string? Mount { get; init; }

    /// <summary>local-zfs: whether the import is forced, because the last owner never exported the pool.</summary>
    public bool? Force { get; init; }

    /// <summary>A local backend that a person has to look at first: what there is to confirm.</summary>
    public string? Confirm { get; init; }

    /// <summary>local-directory: the backend.</summary>
    public string? Directory { get; init; }

    /// <summary>remote: the backend.</summary>
    public string? Endpoint { get; init; }

    /// <summary>What is read, in order.</summary>
    public required IReadOnlyList<RequestSource> Sources { get; init; }

    /// <summary>Whether backend and sources were all configured by trusted origins or named by the operator.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>SHA-256 of the decision that led here.</summary>
    public required string Decision { get; init; }

    /// <summary>The bytes that the id is made of.</summary>
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, IntakeJson.Default.ApprovalRequest);

    /// <summary>The id: what an approval must name.</summary>
    public Digest Id() => Digest.Of(Bytes());

    /// <summary>The same place to store in, however it was left by its last owner.</summary>
    public bool HasBackendOf(ApprovalRequest other) =>
        (Kind, Pool?.Guid, Dataset, Mount, Directory, Endpoint)
        == (other.Kind, other.Pool?.Guid, other.Dataset, other.Mount, other.Directory, other.Endpoint);

    /// <summary>The same backend, known to be in the same condition: a yes to the one is a yes to the other.</summary>
    public bool IsBackendOf(ApprovalRequest other) => HasBackendOf(other) && Pool == other.Pool && Force == other.Force && Confirm == other.Confirm;

    /// <summary>The backend in one line.</summary>
    public string Backend() => Kind switch
    {
        BackendKinds.LocalZfs => $"pool {Pool?.Name} (guid {Pool?.Guid}), dataset {Dataset}, mounted at {Mount}",
        BackendKinds.LocalDirectory => $"directory {Directory}",
        BackendKinds.Remote => $"endpoint {Endpoint}",
        _ => Kind,
    };

    /// <summary>Where the backend's bytes will lie on this machine; none for an endpoint. A pool is named, as it may not be imported yet.</summary>
    public IReadOnlyList<ProtectedPlace> BackendPlaces() => Kind switch
    {
        BackendKinds.LocalZfs when Pool is { } pool && Mount is { } mount => [ProtectedPlace.Pool(pool.Name, pool.Guid), ProtectedPlace.Written("the store", mount)],
        BackendKinds.LocalDirectory when Directory is { } directory => [ProtectedPlace.Written("the store", directory)],
        _ => [], // An endpoint; or a request that names no place, which no step attaches.
    };

    /// <summary>What the operator must know before a yes, beyond the backend; null when there is nothing.</summary>
    public string? Warning() => Force == true
        ? $"the pool was never exported by its last owner, {Pool?.OwnerHost ?? "unknown"}"
            + $" (hostid {Pool?.OwnerHostId ?? "unknown"}); it is imported by force: make sure that host does not use it"
        : Confirm;

    /// <summary>Reads one from its bytes.</summary>
    /// <exception cref="JsonException">They are not a request.</exception>
    public static ApprovalRequest Parse(ReadOnlySpan<byte> bytes)
    {
        var request = JsonSerializer.Deserialize(bytes, IntakeJson.Default.ApprovalRequest) ?? throw new JsonException("the request is null");

        // What the types cannot say: members of lists and fields of records may be missing all the same.
        return request.Sources.All(source => source is { Path: not null, Origin: not null }) && request.Pool is null or { Guid: not null, Name: not null }
            ? request
            : throw new JsonException("a source has no path or origin, or the pool no guid or name");
    }
}
