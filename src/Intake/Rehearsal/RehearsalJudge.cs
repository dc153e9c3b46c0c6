using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Checking;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// Looks at what a run left, with three eyes that share little with what wrote it: the store's verifier, which reads and hashes every byte; the
/// audit; and the root of the undisturbed run.
/// </summary>
internal static class RehearsalJudge
{
    /// <summary>What is lost, a line each, nothing when all is as it must be; and how many seals there are.</summary>
    /// <param name="machine">The machine, whose processes have all ended.</param>
    /// <param name="outcome">How the last one ended.</param>
    /// <param name="root">What the undisturbed run came to; null while that is the one.</param>
    /// <param name="sealsMax">
    /// 1; 2 after a power cut: when it comes between the seal and the machine's last word, the next boot knows of no unsealed run, and seals the same once more.
    /// </param>
    /// <param name="audit">See <see cref="RehearsalParts.Audit"/>.</param>
    internal static (IReadOnlyList<string> Losses, int Seals) Judge(RehearsedMachine machine, IntakeOutcome? outcome, string? root, int sealsMax, Func<string, string, IReadOnlyList<string>> audit)
    {
        var count = 0;
        List<string> losses = outcome?.State is IntakeState.Sealed or IntakeState.Halted ? [] : [$"it came to no end: {outcome?.State.ToString() ?? "no process could begin"}, {outcome?.Reason}"];
        losses.AddRange(audit(machine.StoreFolder, machine.Paths.Runtime).Select(finding => $"audit: {finding}"));

        // What was told to be durable is, also when the power goes right now.
        machine.Disk.CutPower();
        try
        {
            using var store = machine.OpenStore();
            losses.AddRange(new StoreVerifier(store, withData: true).Run(1, CancellationToken.None).Errors.Select(error => $"verify: {error.What}: {error.Where}: {error.Why}"));
            List<Seal> seals = [.. store.Seals().Select(one => one.Seal)];
            count = seals.Count;
            losses.AddRange(outcome?.State == IntakeState.Sealed ? Seals(store, seals, outcome, root, sealsMax) : []);
        }
        catch (AslException failure) when (outcome?.State != IntakeState.Halted || failure.Error.Code != ErrorCode.StoreMissing)
        {
            losses.Add($"store: {failure.Error.What}: {failure.Error.Where}: {failure.Error.Why}");
        }
        catch (AslException)
        {
            // It halted before there was a store.
        }

        return (losses, count);
    }

    private static IEnumerable<string> Seals(ArtifactStore store, List<Seal> seals, IntakeOutcome outcome, string? root, int sealsMax)
    {
        if (seals.Count < 1 || seals.Count > sealsMax)
        {
            yield return $"there are {seals.Count} seals";
            yield break;
        }

        if (outcome.Snapshot?.Snapshot != seals[^1].Snapshot.ToString())
        {
            yield return $"the run says that it sealed {outcome.Snapshot?.Snapshot}, the last seal is of {seals[^1].Snapshot}";
        }

        foreach (var found in seals.Select(seal => SnapshotCodec.Load(store.Backend, seal.Snapshot).Root.ToString()).Where(found => root is not null && found != root))
        {
            yield return $"the root is {found}, undisturbed it is {root}";
        }
    }
}
