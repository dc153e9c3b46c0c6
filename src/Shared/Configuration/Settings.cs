namespace AslRescue.Shared.Configuration;

/// <summary>Where a rescued disk goes.</summary>
public enum IntakeMode
{
    /// <summary>Preflight decides.</summary>
    Auto,

    /// <summary>The backend below local.mount.</summary>
    Local,

    /// <summary>The endpoint remote.endpoint.</summary>
    Remote,
}

/// <summary>What lies below local.mount.</summary>
public enum LocalKind
{
    /// <summary>A dataset of a pool, imported and mounted on approval.</summary>
    Zfs,

    /// <summary>Any directory: for machines without ZFS.</summary>
    Directory,
}

/// <summary>How intake goes on after a failure that may pass.</summary>
/// <param name="Attempts">How often one step is tried, the first time included.</param>
/// <param name="DelayMin">The pause before the second attempt; each further one is about twice as long.</param>
/// <param name="DelayMax">No pause is longer.</param>
/// <param name="Budget">All pauses and attempts of one step together; then the operator is asked.</param>
public sealed record RetrySettings(int Attempts, TimeSpan DelayMin, TimeSpan DelayMax, TimeSpan Budget);
