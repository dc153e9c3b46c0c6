using System.Text.RegularExpressions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// A version of ZFS, of the tools or of the module. Within a branch (2.1.x) tools and module fit each other; between branches
/// the calls into the kernel differ, and an import may fail half way. `zpool --version` and `modinfo` load nothing.
/// </summary>
/// <param name="Text">As it was printed, "2.1.11-1"; null when it could not be established.</param>
/// <param name="Cause">Why not.</param>
/// <param name="Evidence">What was run or read.</param>
internal sealed partial record ZfsRelease(string? Text, string? Cause, Evidence Evidence)
{
    private static readonly TimeSpan ToolBudget = TimeSpan.FromSeconds(2);

    /// <summary>"2.1"; null when the version is not known.</summary>
    public string? Branch => Text is null ? null : Numbers().Match(Text).Groups[1].Value;

    /// <summary>The tools' version: the first line, "zfs-2.1.11-1". Without a loaded module the second fails, and the exit is 1.</summary>
    public static Task<ZfsRelease> OfToolsAsync(Machine machine, CancellationToken cancellationToken) =>
        AskAsync(machine, new ToolCommand("zpool", ["--version"], ToolBudget), cancellationToken);

    /// <summary>The version of the module that would be loaded for this kernel.</summary>
    public static Task<ZfsRelease> OfInstalledModuleAsync(Machine machine, CancellationToken cancellationToken) =>
        AskAsync(machine, new ToolCommand("modinfo", ["--field=version", "zfs"], ToolBudget), cancellationToken);

    /// <summary>The version of the module that is loaded.</summary>
    public static ZfsRelease OfLoadedModule(Machine machine)
    {
        var file = machine.ReadHost("/sys/module/zfs/version");
        return Read(file.Text ?? "", file.Cause ?? "the loaded module does not say its version", file.Evidence);
    }

    private static async Task<ZfsRelease> AskAsync(Machine machine, ToolCommand command, CancellationToken cancellationToken)
    {
        var outcome = await machine.Tools.RunAsync(command, cancellationToken);
        var cause = ToolEvidence.NoAnswer(command, outcome);
        return Read(
            cause is null ? ((ToolOutcome.Ran)outcome).Stdout : "", cause ?? $"{command.Line} printed no version",
            ToolEvidence.Of(command, outcome));
    }

    private static ZfsRelease Read(string text, string cause, Evidence evidence)
    {
        var line = text.Split('\n')[0].Trim();
        var version = line.StartsWith("zfs-", StringComparison.Ordinal) ? line["zfs-".Length..] : line;
        return Numbers().IsMatch(version) ? new(version, null, evidence) : new(null, cause, evidence);
    }

    [GeneratedRegex(@"\A([0-9]+\.[0-9]+)\.[0-9]")]
    private static partial Regex Numbers();
}
