using System.Text.Json;
using AslRescue.Intake.Approvals;

namespace AslRescue.Intake.Steps;

/// <summary>The backend as it was found once attached. Its bytes are the evidence for it, so it holds no times and no process ids.</summary>
public sealed record AttachedBackend
{
    /// <summary>See <see cref="BackendKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The folder of the store, or the endpoint.</summary>
    public required string Location { get; init; }

    /// <summary>"zfs", "0xef53": what holds it.</summary>
    public string? FileSystem { get; init; }

    /// <summary>remote: SHA-256 of the certificate that the endpoint showed.</summary>
    public string? Certificate { get; init; }

    /// <summary>remote: the server's program, and as whom it sees us: "asl-backend 0.1.0, client rescue-1, role intake".</summary>
    public string? Server { get; init; }

    /// <summary>local-zfs: the pool's guid.</summary>
    public string? PoolGuid { get; init; }

    /// <summary>local-zfs: the pool's name as it is imported.</summary>
    public string? PoolName { get; init; }

    /// <summary>local-zfs: the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>local-zfs: whether this run imported the pool, and must export it.</summary>
    public bool IsImportedByUs { get; init; }

    /// <summary>local-zfs: whether this run mounted the dataset, and must unmount it.</summary>
    public bool IsMountedByUs { get; init; }

    /// <summary>Whether this is the backend that a request names.</summary>
    public bool IsOf(ApprovalRequest request) => Kind == request.Kind && Kind switch
    {
        BackendKinds.LocalDirectory => Location == request.Directory,
        BackendKinds.LocalZfs => Location == request.Mount && PoolGuid == request.Pool?.Guid && Dataset == request.Dataset,
        BackendKinds.Remote => Location == request.Endpoint,
        _ => false,
    };

    /// <summary>The evidence.</summary>
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, IntakeJson.Default.AttachedBackend);

    /// <summary>Reads it back.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static AttachedBackend Parse(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, IntakeJson.Default.AttachedBackend) ?? throw new JsonException("the evidence is null");
}

/// <summary>What an attach step may know and do beside its work.</summary>
/// <param name="Request">What was approved, and nothing else may be done.</param>
/// <param name="Held">What this run imported or mounted already, in this boot.</param>
/// <param name="Hold">Journals that something is about to be imported or mounted. Must be called before that is done.</param>
public sealed record AttachContext(ApprovalRequest Request, IReadOnlySet<string> Held, Action<string> Hold)
{
    /// <summary>The key of an encrypted dataset that an operator gave, once; null when nobody did. Whoever takes it wipes it.</summary>
    public Func<byte[]?> TakeKey { get; init; } = () => null;

    /// <summary>How long any one command that changes something may take: it is not cut off half-way by a cancellation.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>Attaching a backend of one kind. Both methods may be repeated at any time: they find out what is done already.</summary>
public interface IAttachStep
{
    /// <summary>Attaches, and checks that it is what was approved. Failures are AslException; what was done by then stays, and is held.</summary>
    Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken);

    /// <summary>Gives back what is held, and nothing else.</summary>
    Task DetachAsync(AttachContext context, CancellationToken cancellationToken);
}
