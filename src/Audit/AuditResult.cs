using AslRescue.Audit.Replay;

namespace AslRescue.Audit;

/// <summary>The verdict on all evidence of a bundle, or on one run of it.</summary>
public sealed record AuditResult
{
    /// <summary>What could not be taken in, the seals, and what the auditor brought that is not there.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Each run.</summary>
    public required IReadOnlyList<RunAudit> Runs { get; init; }

    /// <summary>Each run gone through once more, in the same order; empty where that was not asked for.</summary>
    public IReadOnlyList<MachineReplay> Replays { get; init; } = [];

    /// <summary>The worst of all.</summary>
    public Standing Standing => Findings.Any(finding => finding.Kind != FindingKind.Unreadable) || Replays.Any(replay => replay.Findings.Count > 0) ? Standing.Broken
        : Findings.Count > 0 || Runs.Count == 0 ? Standing.Unanchored
        : Runs.Max(run => run.Standing);

    /// <summary>Verifies a bundle: chains, sequences, seals, checkpoints, forks.</summary>
    /// <param name="bundle">The evidence.</param>
    /// <param name="trust">What the auditor brought.</param>
    /// <param name="run">Only this one; null for all.</param>
    public static AuditResult Verify(EvidenceBundle bundle, AuditTrust trust, string? run = null)
    {
        var seals = bundle.Chains.SelectMany(chain => chain.Seals).Select(seal => seal.Hash).ToHashSet(StringComparer.Ordinal);
        return new AuditResult
        {
            Findings =
            [
                .. bundle.Findings,
                .. bundle.Chains.SelectMany(chain => chain.Findings),
                .. bundle.Notes.Where(note => note.IsBrought && run is not null && note.Run != run)
                    .Select(note => new Finding(FindingKind.Foreign, note.Note.Where, $"it is a checkpoint of run {note.Run}, and looked at is run {run}")),
                .. trust.Seals.Where(seal => !seals.Contains(seal))
                    .Select(seal => new Finding(FindingKind.Forked, "seals", $"no seal has the hash {Sha.Short(seal)} that was noted down")),
            ],
            Runs = [.. RunAudit.Of(bundle, trust).Where(one => run is null || one.Run == run)],
        };
    }

    /// <summary>Verifies, and goes through every run once more.</summary>
    /// <param name="bundle">The evidence.</param>
    /// <param name="trust">What the auditor brought.</param>
    /// <param name="run">Only this one; null for all.</param>
    public static AuditResult Replay(EvidenceBundle bundle, AuditTrust trust, string? run = null)
    {
        var verified = Verify(bundle, trust, run);
        return verified with { Replays = [.. verified.Runs.Select(MachineReplay.Of)] };
    }
}
