using AslRescue.Shared.Guard;

namespace AslRescue.Intake.Rehearsal;

/// <summary>The guard has judged the real sources before the rehearsal; a synthetic one lies on no disk.</summary>
internal sealed class RehearsedGuard : IIntakeGuard
{
    /// <inheritdoc/>
    public Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<GuardReport> CheckSourcesAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        Task.FromResult(new GuardReport([.. sources.Select(source => new GuardedSource(source, [], ["rehearsed"]))]));
}
