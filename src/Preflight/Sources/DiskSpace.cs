using System.Globalization;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Sources;

/// <summary>Used and free bytes of the local file systems that are mounted, as df tells them.</summary>
/// <param name="ByMount">By mount point.</param>
/// <param name="Cause">Why nothing is known; null when df answered.</param>
internal sealed record DiskSpace(IReadOnlyDictionary<string, (long Used, long Free)> ByMount, string? Cause)
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(5);

    /// <summary>File systems of a network are left out: one whose server is gone would hang df.</summary>
    public static ToolCommand Command { get; } = new("df", ["--local", "--all", "--block-size=1", "--output=used,avail,target"], Budget);

    public static async Task<DiskSpace> AskAsync(IToolRunner tools, CancellationToken cancellationToken) =>
        await tools.RunAsync(Command, cancellationToken) switch
        {
            // df ends with 1 when one file system of many could not be asked; the others' lines are right.
            ToolOutcome.Ran ran => new DiskSpace(Read(ran.Stdout), null),
            ToolOutcome.TimedOut => Unknown("df did not end: a disk does not answer"),
            ToolOutcome.Missing => Unknown("df is not installed"),
            var other => Unknown(other is ToolOutcome.Refused refused ? $"df could not be run: {refused.Reason}" : "df gave no answer"),
        };

    /// <summary>Lines of two numbers and a path, which may hold blanks; the head is skipped.</summary>
    internal static Dictionary<string, (long Used, long Free)> Read(string text)
    {
        var found = new Dictionary<string, (long Used, long Free)>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n').Skip(1))
        {
            var words = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 3 && TryNumber(words[0], out var used) && TryNumber(words[1], out var free))
            {
                found[words[2]] = (used, free);
            }
        }

        return found;
    }

    private static bool TryNumber(string word, out long number) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static DiskSpace Unknown(string cause) => new(new Dictionary<string, (long Used, long Free)>(), cause);
}
