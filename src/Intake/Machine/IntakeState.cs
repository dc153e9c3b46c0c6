namespace AslRescue.Intake.Machine;

/// <summary>Where an intake stands. The names are written to journals and to rules/intake.toml.</summary>
public enum IntakeState
{
    /// <summary>Looking for a decision of preflight that can be acted on.</summary>
    Detecting,

    /// <summary>A backend is named; somebody must approve it.</summary>
    AwaitingApproval,

    /// <summary>Importing, mounting or opening the local backend.</summary>
    AttachingLocal,

    /// <summary>Reaching the remote endpoint.</summary>
    AttachingRemote,

    /// <summary>Reading the sources into the backend, then sealing.</summary>
    Ingesting,

    /// <summary>Something failed that may succeed later.</summary>
    Retrying,

    /// <summary>The snapshot is sealed. The end.</summary>
    Sealed,

    /// <summary>Denied, cancelled, expired or failed for good. The end; the reason says what to do next.</summary>
    Halted,
}

/// <summary>What is known about each state.</summary>
public static class IntakeStates
{
    /// <summary>Where every run begins.</summary>
    public const IntakeState Initial = IntakeState.Detecting;

    /// <summary>All states, in the order in which a run meets them.</summary>
    public static IReadOnlyList<IntakeState> All { get; } = Enum.GetValues<IntakeState>();

    /// <summary>Whether a run that is here is over.</summary>
    public static bool IsTerminal(this IntakeState state) => state is IntakeState.Sealed or IntakeState.Halted;

    /// <summary>Whether being here touches a backend that was not touched before.</summary>
    public static bool IsAttaching(this IntakeState state) => state is IntakeState.AttachingLocal or IntakeState.AttachingRemote;

    /// <summary>Reads a name exactly as it is written here.</summary>
    public static bool TryParse(string? text, out IntakeState state) =>
        Enum.TryParse(text, ignoreCase: false, out state) && state.ToString() == text;
}
