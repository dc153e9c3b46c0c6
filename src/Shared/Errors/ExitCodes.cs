namespace AslRescue.Shared.Errors;

/// <summary>
/// What a process ends with. One table, in docs/exit-codes.md; a caller must take an unknown code as failure.
/// </summary>
public static class ExitCodes
{
    /// <summary>Done, and everything asked for is there.</summary>
    public const int Done = 0;

    /// <summary>A failure with no code of its own.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>Sealed or restored, but something could not be read or written exactly: the report names each.</summary>
    public const int DoneWithProblems = 3;

    /// <summary>The configuration is wrong; nothing was done.</summary>
    public const int Configuration = 4;

    /// <summary>The store holds damage.</summary>
    public const int StoreDamaged = 5;

    /// <summary>The store cannot be used: missing, unknown format, full, refused.</summary>
    public const int StoreUnusable = 6;

    /// <summary>A source cannot be used, or must not be.</summary>
    public const int SourceUnusable = 7;

    /// <summary>The restore target cannot be used.</summary>
    public const int TargetUnusable = 8;

    /// <summary>A rule file is missing, invalid or not proved.</summary>
    public const int RulesUnproved = 9;

    /// <summary>Another process holds what this one needs.</summary>
    public const int Busy = 10;

    /// <summary>The overlay is not what its contract says; the report names each difference.</summary>
    public const int ContractBroken = 11;

    /// <summary>The operator denied the approval; nothing was attached.</summary>
    public const int Denied = 12;

    /// <summary>An approval, a decision or room for the journal is still missing, or did not come in time.</summary>
    public const int Waiting = 13;

    /// <summary>The run has halted for good; the journal says at which clause and why.</summary>
    public const int Halted = 14;

    /// <summary>Sealed, but a source was written to while it was read; something may be unreadable besides.</summary>
    public const int SourceWritten = 15;

    /// <summary>A place to be written to is not where it should be; nothing was written.</summary>
    public const int WriteRefused = 16;

    /// <summary>A piece of evidence does not hold: edited, cut, forged, or against its own rules; the report names each.</summary>
    public const int EvidenceBroken = 17;

    /// <summary>The evidence holds together, but no seal or signed checkpoint vouches for all of it.</summary>
    public const int EvidenceUnanchored = 18;

    /// <summary>A rehearsal lost something at one of the points that it tried; nothing real was touched: do not approve, report it.</summary>
    public const int RehearsalLost = 19;

    /// <summary>Interrupted by a signal; what was written so far can be resumed.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code that belongs to an error.</summary>
    public static int For(ErrorCode code) => code switch
    {
        ErrorCode.RunBusy or ErrorCode.IntakeBusy => Busy,
        ErrorCode.ApprovalDenied => Denied,
        ErrorCode.ApprovalAwaited or ErrorCode.DecisionMissing or ErrorCode.DecisionStale => Waiting,
        ErrorCode.RunCancelled or ErrorCode.ContractViolated => Halted,
        ErrorCode.ContractUnproved => RulesUnproved,
        ErrorCode.AttachFailed or ErrorCode.EndpointUnreachable or ErrorCode.BackendUnsupported or ErrorCode.StorageUnfit => StoreUnusable,
        ErrorCode.WriteRefused => WriteRefused,
        ErrorCode.EvidenceMissing => StoreUnusable,
        ErrorCode.Usage or ErrorCode.HandleInvalid or ErrorCode.ArgumentInvalid or ErrorCode.BufferTooSmall => Usage,
        ErrorCode.RangeUnreadable => DoneWithProblems,
        ErrorCode.Interrupted => Interrupted,
        ErrorCode.OverlayContractUnreadable or ErrorCode.OverlayContractInvalid => RulesUnproved,
        >= ErrorCode.FormatCorrupt and <= ErrorCode.ObjectMissing => StoreDamaged,
        _ => ((int)code / 1000) switch
        {
            1 => Configuration,
            2 => StoreUnusable,
            3 => SourceUnusable,
            4 => TargetUnusable,
            5 => RulesUnproved,
            8 => StoreUnusable,
            _ => Failed,
        },
    };
}
