using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake;

/// <summary>The runs of this machine: a folder each below ROOT/var/lib/asl/runtime. A run that is over has a file named "ended" in it.</summary>
public sealed class RunFolders(IntakePaths paths, FileCalls? calls = null)
{
    private const string EndedName = "ended";
    private const uint EveryoneReads = 0x1a4;
    private readonly FileCalls _calls = calls ?? FileCalls.Kernel;

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
    public RunHistory Read(string run) => RunHistory.Of(LocalJournal.Read(paths.Run(run), run));

    /// <summary>Marks a run as over. Durable on return.</summary>
    /// <exception cref="AslException">RuntimeUnwritable: it is not marked, and would be taken up again, to end at once.</exception>
    public void End(string run, IntakeState state)
    {
        var folder = paths.Run(run);
        var result = Write(Encoding.UTF8.GetBytes(Path.Combine(folder, EndedName)), Encoding.UTF8.GetBytes(state + "\n"));
        result = result < 0 ? result : _calls.FlushFolder(Encoding.UTF8.GetBytes(folder));
        if (result < 0)
        {
            throw StateFiles.Unwritable("a run that is over cannot be marked as over", folder, result);
        }
    }

    /// <summary>Whether a run ended because another, which it found in the backend, went on in its place.</summary>
    /// <exception cref="IOException">That cannot be read.</exception>
    internal static bool GaveWay(string folder) =>
        Path.Combine(folder, EndedName) is var ended && File.Exists(ended)
        && Enum.TryParse<IntakeState>(File.ReadAllText(ended).TrimEnd('\n'), out var state) && !state.IsTerminal();

    private int Write(byte[] path, byte[] content)
    {
        byte[] fresh = [.. path, .. ".unsealed"u8];
        _ = _calls.Unlink(fresh);
        var file = _calls.Create(fresh, OpenFlags.WriteOnly, EveryoneReads);
        if (file < 0)
        {
            return file;
        }

        using var handle = Posix.Own(file);
        var result = _calls.Write(file, content, 0);
        result = result < 0 ? result : _calls.Flush(file);
        return result < 0 ? result : _calls.Rename(fresh, path);
    }

    /// <summary>A journal without a record is of a run that was killed before it began: nothing is known of it, nor needed.</summary>
    private static bool IsUnfinished(string folder) =>
        new FileInfo(Path.Combine(folder, "journal")) is { Exists: true, Length: > 0 } && !File.Exists(Path.Combine(folder, EndedName));
}
