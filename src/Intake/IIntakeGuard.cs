using AslRescue.Shared.Devices;
using AslRescue.Shared.Guard;

namespace AslRescue.Intake;

/// <summary>What stands between intake and a write to the wrong disk: asked before the first write, and before each attach.</summary>
public interface IIntakeGuard
{
    /// <summary>Checks where intake's own state would lie. Called before anything is written.</summary>
    /// <param name="sources">What is to be read, as far as it is known by now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Shared.Errors.AslException">WriteRefused, SourceRefused.</exception>
    Task CheckWritesAsync(IReadOnlyList<string> sources, CancellationToken cancellationToken);

    /// <summary>Judges every source against a backend that is about to be attached. Nothing was imported, mounted or written yet.</summary>
    /// <param name="backend">Where the backend's bytes will lie; empty for one on another machine.</param>
    /// <param name="sources">What will be read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Shared.Errors.AslException">SourceRefused, SourceInUse, WriteRefused.</exception>
    Task<GuardReport> CheckSourcesAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken);

    /// <summary>The write counters of the machine's disks now, each with what it is there for. Refuses nothing. Empty where no disk can be seen.</summary>
    /// <param name="backend">Where the backend's bytes lie; empty before one is approved, and for one on another machine.</param>
    /// <param name="sources">What is read, as far as it is known by now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<DiskCount>> CountDisksAsync(IReadOnlyList<ProtectedPlace> backend, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DiskCount>>([]);
}
