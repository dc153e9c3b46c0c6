using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// In place of the backend: says that it is what was approved, holds what a real one would have to give back, and touches nothing. The
/// store is opened elsewhere.
/// </summary>
internal sealed class RehearsedAttach : IAttachStep
{
    private const string Absent = "0000000000000000000000000000000000000000000000000000000000000000";

    /// <inheritdoc/>
    public Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = context.Request;
        foreach (var mark in Marks(request).Where(mark => !context.Held.Contains(mark)))
        {
            context.Hold(mark);
        }

        return Task.FromResult(new AttachedBackend
        {
            Kind = request.Kind,
            Location = request.Directory ?? request.Mount ?? request.Endpoint!,
            FileSystem = request.Kind == BackendKinds.LocalZfs ? "zfs" : null,
            Certificate = request.Kind == BackendKinds.Remote ? Absent : null,
            Server = request.Kind == BackendKinds.Remote ? "a rehearsal" : null,
            PoolGuid = request.Pool?.Guid,
            PoolName = request.Pool?.Name,
            Dataset = request.Dataset,
            IsImportedByUs = request.Pool is not null,
            IsMountedByUs = request.Mount is not null,
        });
    }

    /// <inheritdoc/>
    public Task DetachAsync(AttachContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string[] Marks(ApprovalRequest request) => request.Pool is { } pool ? [$"import:{pool.Guid}", $"mount:{request.Mount}"] : [];
}
