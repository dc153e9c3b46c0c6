namespace AslRescue.Intake.Machine;

/// <summary>What makes the machine move. Written to journals and to rules/intake.toml as the words of <see cref="IntakeTriggers"/>.</summary>
public enum IntakeTrigger
{
    /// <summary>Preflight's decision names a backend, and the request for it is made.</summary>
    Decided,

    /// <summary>The operator added a source.</summary>
    SourceAdded,

    /// <summary>Preflight decided anew while an approval was awaited.</summary>
    Redecided,

    /// <summary>Exactly the requested local backend was approved.</summary>
    ApprovedLocal,

    /// <summary>Exactly the requested remote endpoint was approved.</summary>
    ApprovedRemote,

    /// <summary>The operator said no.</summary>
    Denied,

    /// <summary>Nobody answered in time.</summary>
    Expired,

    /// <summary>The operator stopped the run for good.</summary>
    Cancelled,

    /// <summary>The backend is there, and is what was approved.</summary>
    Attached,

    /// <summary>The step failed; trying again may help.</summary>
    Failed,

    /// <summary>The step failed; trying again cannot help.</summary>
    GaveUp,

    /// <summary>The approval no longer covers what would be done: another boot, other sources, another backend.</summary>
    Unapproved,

    /// <summary>The delay is over: attach the approved local backend again.</summary>
    RetryLocal,

    /// <summary>The delay is over: reach the approved endpoint again.</summary>
    RetryRemote,

    /// <summary>Attempts or time are used up.</summary>
    Exhausted,

    /// <summary>The snapshot is sealed and was read back.</summary>
    Sealed,

    /// <summary>The machine itself was about to leave its contract.</summary>
    Violated,
}

/// <summary>The triggers' words.</summary>
public static class IntakeTriggers
{
    /// <summary>All triggers.</summary>
    public static IReadOnlyList<IntakeTrigger> All { get; } = Enum.GetValues<IntakeTrigger>();

    private static readonly Dictionary<string, IntakeTrigger> ByWord = All.ToDictionary(Word, StringComparer.Ordinal);

    /// <summary>"approved-local".</summary>
    public static string Word(this IntakeTrigger trigger) => trigger switch
    {
        IntakeTrigger.Decided => "decided",
        IntakeTrigger.SourceAdded => "source-added",
        IntakeTrigger.Redecided => "redecided",
        IntakeTrigger.ApprovedLocal => "approved-local",
        IntakeTrigger.ApprovedRemote => "approved-remote",
        IntakeTrigger.Denied => "denied",
        IntakeTrigger.Expired => "expired",
        IntakeTrigger.Cancelled => "cancelled",
        IntakeTrigger.Attached => "attached",
        IntakeTrigger.Failed => "failed",
        IntakeTrigger.GaveUp => "gave-up",
        IntakeTrigger.Unapproved => "unapproved",
        IntakeTrigger.RetryLocal => "retry-local",
        IntakeTrigger.RetryRemote => "retry-remote",
        IntakeTrigger.Exhausted => "exhausted",
        IntakeTrigger.Sealed => "sealed",
        IntakeTrigger.Violated => "violated",
        _ => throw new ArgumentOutOfRangeException(nameof(trigger), trigger, "no trigger of the machine"),
    };

    /// <summary>Reads a word.</summary>
    public static bool TryParse(string? word, out IntakeTrigger trigger) => ByWord.TryGetValue(word ?? "", out trigger);
}
