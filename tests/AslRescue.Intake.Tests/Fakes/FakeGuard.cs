using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Lets everything pass, or refuses what a test says.</summary>
internal sealed class FakeGuard : IIntakeGuard
{
    public AslError? RefusesWrites { get; set; }

    public AslError? RefusesSources { get; set; }

    /// <summary>The machine's disks, each time that they are counted; none at first.</summary>
    public Func<IReadOnlyList<DiskCount>> Disks { get; set; } = () => [];

    public Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        RefusesWrites is { } error ? throw new AslException(error) : Task.CompletedTask;

    public Task<GuardReport> CheckSourcesAsync(
        IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        RefusesSources is { } error
            ? throw new AslException(error)
            : Task.FromResult(new GuardReport([.. sources.Select(source => new GuardedSource(source, ["/dev/sda"], []))]));

    public Task<IReadOnlyList<DiskCount>> CountDisksAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        Task.FromResult(Disks());
}
