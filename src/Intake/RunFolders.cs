using System.Globalization;
using System.Security.Cryptography;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake;

/// <summary>The runs of this machine: a folder each below ROOT/var/lib/asl/runtime. A run that is over has a file named "ended" in it.</summary>
public sealed class RunFolders(IntakePaths paths)
{
    private const string EndedName = "ended";

    /// <summary>A new run's name: when, for people, and enough chance that two machines never share one.</summary>
    public static string NewName(TimeProvider time) => string.Create(CultureInfo.InvariantCulture,
        $"{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");

    /// <summary>Runs that have begun here and not ended, oldest first.</summary>
    public IReadOnlyList<string> Unfinished() => !Directory.Exists(paths.Runtime)
        ? []
        : [.. Directory.GetDirectories(paths.Runtime).Where(IsUnfinished).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    /// <summary>The run that a choice means; the second value tells whether it is there already.</summary>
    /// <exception cref="AslException">RunMissing.</exception>
    public (string Run, bool Exists) Choose(RunChoice choice, string? name, TimeProvider time)
    {
        var unfinished = choice == RunChoice.Begin ? [] : Unfinished();
        var found = unfinished.LastOrDefault(run => name is null || run == name);
        if (found is not null)
        {
            return (found, true);
        }

        return choice != RunChoice.Resume
            ? (NewName(time), false)
            : throw new AslException(new AslError(ErrorCode.RunMissing, "there is no run here to resume")
            {
                Where = name is null ? paths.Runtime : paths.Run(name),
                Why = "it has ended, or began on a machine or in a boot whose memory is gone",
                Fix = "asl-intake ingest SOURCE…   (attaches the backend; an unsealed run of these sources in it goes on)",
            });
    }

    /// <summary>What the journal of a run on this machine says.</summary>
    /// <exception cref="AslException">RuntimeUnwritable, LogCorrupt.</exception>
    public RunHistory Read(string run)
    {
        var (journal, records) = LocalJournal.Open(paths.Run(run), run);
        journal.Dispose();
        return RunHistory.Of(records);
    }

    /// <summary>Marks a run as over. Durable on return.</summary>
    public void End(string run, IntakeState state)
    {
        var folder = paths.Run(run);
        var fresh = Path.Combine(folder, EndedName + ".unsealed");
        File.WriteAllText(fresh, state + "\n");
        File.Move(fresh, Path.Combine(folder, EndedName), overwrite: true);
        LocalJournal.FlushFolder(folder);
    }

    private static bool IsUnfinished(string folder) =>
        File.Exists(Path.Combine(folder, "journal")) && !File.Exists(Path.Combine(folder, EndedName));
}
