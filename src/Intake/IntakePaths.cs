namespace AslRescue.Intake;

/// <summary>Where things lie below the root: the overlay's contract, as far as intake uses it.</summary>
/// <param name="Root">"/" on a rescue system.</param>
public sealed record IntakePaths(string Root)
{
    /// <summary>What exists while the system runs.</summary>
    public string Volatile { get; init; } = Path.Combine(Root, "run/asl");

    /// <summary>All mutable state.</summary>
    public string State { get; init; } = Path.Combine(Root, "var/lib/asl");

    /// <summary>Policy as data.</summary>
    public string Rules { get; init; } = Path.Combine(Root, "etc/asl/rules");

    /// <summary>Whether these are the running system's own, where the service manager starts intake.</summary>
    public bool IsSystem => Volatile == "/run/asl";

    /// <summary>Whether state lies where the overlay's contract says, and not in directories of a user.</summary>
    public bool IsContractual => State == Path.Combine(Root, "var/lib/asl") && Volatile == Path.Combine(Root, "run/asl");

    /// <summary>Preflight's word.</summary>
    public string Mode => Path.Combine(Volatile, "mode");

    /// <summary>Preflight's record.</summary>
    public string Record => Path.Combine(Volatile, "preflight.json");

    /// <summary>The folder of the control socket.</summary>
    public string Sockets => Path.Combine(Volatile, "sockets");

    /// <summary>The control socket.</summary>
    public string Socket => Path.Combine(Sockets, "intake.sock");

    /// <summary>A folder for each run: its journal until, and beside, the backend's.</summary>
    public string Runtime => Path.Combine(State, "runtime");

    /// <summary>Held by the one intake of this machine.</summary>
    public string Lock => Path.Combine(State, "locks/intake.lock");

    /// <summary>The machine's contract.</summary>
    public string Contract => Path.Combine(Rules, "intake.toml");

    /// <summary>Preflight's decision table, sealed as evidence.</summary>
    public string Table => Path.Combine(Rules, "preflight.toml");

    /// <summary>Where an import would mount what it is told not to mount.</summary>
    public string AltRoot => Path.Combine(Volatile, "altroot");

    /// <summary>The folder of a run.</summary>
    public string Run(string run) => Path.Combine(Runtime, run);
}
