using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Lets everything pass, or refuses what a test says.</summary>
internal sealed class FakeGuard : IIntakeGuard
{
    public AslError? RefusesWrites { get; set; }

    public AslError? RefusesSources { get; set; }

    public Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        RefusesWrites is { } error ? throw new AslException(error) : Task.CompletedTask;

    public Task<GuardReport> CheckSourcesAsync(
        IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        RefusesSources is { } error
            ? throw new AslException(error)
            : Task.FromResult(new GuardReport([.. sources.Select(source => new GuardedSource(source, ["/dev/sda"], []))]));
}
