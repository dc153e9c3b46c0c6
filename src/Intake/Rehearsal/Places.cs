namespace AslRescue.Intake.Rehearsal;

/// <summary>The parts of a plan in which a fault can happen, told from the path of the file at hand.</summary>
public static class Places
{
    private const string Journal = "journal";
    private const string State = "state files";
    private const string Store = "store, format";
    private const string Run = "journal, store";
    private const string Seal = "seal";

    private static readonly (string Folder, string Place)[] InStore = [("blocks", "blocks"), ("segments", "segments"), ("snapshots", "snapshot")];

    /// <summary>All, in the order of the table.</summary>
    public static IReadOnlyList<string> All { get; } = [Journal, State, Store, "blocks", "segments", Run, "snapshot", Seal];

    /// <summary>The part to which an object of the store, or a folder there, belongs.</summary>
    internal static string OfObject(string path) =>
        InStore.FirstOrDefault(one => path == one.Folder || path.StartsWith(one.Folder + "/", StringComparison.Ordinal)).Place
        ?? (path.Contains("/seals", StringComparison.Ordinal) ? Seal : path.StartsWith("logs", StringComparison.Ordinal) ? Run : Store);

    /// <summary>The part to which a file of the machine belongs.</summary>
    internal static string OfFile(RehearsedMachine machine, string path) =>
        Path.GetRelativePath(machine.StoreFolder, path) is var inStore && !inStore.StartsWith("..", StringComparison.Ordinal) ? OfObject(inStore)
        : Path.GetFileName(path).StartsWith(Journal, StringComparison.Ordinal) ? Journal : State;
}
