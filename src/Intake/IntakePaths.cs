namespace AslRescue.Intake;

/// <summary>Where things lie below the root: the overlay's contract, as far as intake uses it.</summary>
/// <param name="Root">"/" on a rescue system.</param>
public sealed record IntakePaths(string Root)
{
    /// <summary>Preflight's word.</summary>
    public string Mode => At("run/asl/mode");

    /// <summary>Preflight's record.</summary>
    public string Record => At("run/asl/preflight.json");

    /// <summary>The folder of the control socket.</summary>
    public string Sockets => At("run/asl/sockets");

    /// <summary>The control socket.</summary>
    public string Socket => Path.Combine(Sockets, "intake.sock");

    /// <summary>A folder for each run: its journal until, and beside, the backend's.</summary>
    public string Runtime => At("var/lib/asl/runtime");

    /// <summary>Held by the one intake of this machine.</summary>
    public string Lock => At("var/lib/asl/locks/intake.lock");

    /// <summary>The machine's contract.</summary>
    public string Contract => At("etc/asl/rules/intake.toml");

    /// <summary>Preflight's decision table, sealed as evidence.</summary>
    public string Table => At("etc/asl/rules/preflight.toml");

    /// <summary>Where an import would mount what it is told not to mount.</summary>
    public string AltRoot => At("run/asl/altroot");

    /// <summary>The folder of a run.</summary>
    public string Run(string run) => Path.Combine(Runtime, run);

    private string At(string path) => Path.Combine(Root, path);
}
