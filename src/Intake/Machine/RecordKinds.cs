namespace AslRescue.Intake.Machine;

/// <summary>The kinds of record that the machine writes; docs/machine.md describes their fields.</summary>
public static class RecordKinds
{
    /// <summary>The first record: contract and proof, by digest, and who started it.</summary>
    public const string Began = "intake-began";

    /// <summary>A document, or a part of one, whose digest later records name.</summary>
    public const string Evidence = "evidence";

    /// <summary>The machine moved.</summary>
    public const string Transition = "transition";

    /// <summary>Something was asked for and not done; the state stayed.</summary>
    public const string Refused = "refused";

    /// <summary>There is no decision to act on, and why.</summary>
    public const string Waiting = "waiting";

    /// <summary>Intake is about to import or mount something, which it must give back.</summary>
    public const string Holding = "holding";

    /// <summary>What intake imported and mounted was given back.</summary>
    public const string Detached = "detached";

    /// <summary>An operator gave the key of the backend's dataset: who, and never what.</summary>
    public const string KeyGiven = "key-given";

    /// <summary>The process was asked to end; the run can be resumed.</summary>
    public const string Stopped = "stopped";

    /// <summary>A process took the run up again.</summary>
    public const string Resumed = "resumed";

    private static readonly HashSet<string> All =
        [Began, Evidence, Transition, Refused, Waiting, Holding, Detached, KeyGiven, Stopped, Resumed];

    /// <summary>Whether the machine, not the ingest, writes records of this kind.</summary>
    public static bool IsMachines(string kind) => All.Contains(kind);
}
