using System.CommandLine;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug rebuild-index: segments again from the blocks.</summary>
internal static class RebuildIndexVerb
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "only say what would be written" };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "make all segments in this new directory and leave the store as it is; what is damaged is left out",
        HelpName = "DIR",
    };

    internal static Command Build()
    {
        var command = new Command("rebuild-index", "Makes the segments of all snapshots again from the blocks, and writes those that are missing.")
        {
            CommonOptions.Store, DryRun, To,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var (isDryRun, to) = (parsed.GetValue(DryRun), parsed.GetValue(To));
        if (isDryRun && to is not null)
        {
            throw CommonOptions.Usage("--dry-run writes nothing, and --to says where to write", "leave one of them away");
        }

        using var store = CommonOptions.OpenStore(parsed);
        var rebuild = new IndexRebuild(store.Backend, store.Format);
        var report = to is null ? rebuild.InPlace(isDryRun) : Into(rebuild, store.Backend.Location, to);
        if (parsed.GetValue(CommonOptions.Json))
        {
            WriteJson(report, isDryRun ? "missing" : "written");
        }
        else
        {
            WriteText(report, isDryRun ? "missing" : "written", to);
        }

        return report.Differing.Count + report.Errors.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    private static RebuildReport Into(IndexRebuild rebuild, string store, string to)
    {
        var folder = Path.GetFullPath(to);
        if ((folder + "/").StartsWith(store.TrimEnd('/') + "/", StringComparison.Ordinal) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new AslException(new AslError(ErrorCode.TargetOccupied, "the directory for the segments is not a new one")
            {
                Where = folder,
                Why = Directory.Exists(folder) ? "it is in the store, or not empty" : "it is in the store",
                Fix = "name a directory that does not exist, outside of the store",
            });
        }

        DirectoryBackend.MakeFolders(folder);
        using var target = new DirectoryBackend(folder);
        return rebuild.To(target);
    }

    private static void WriteText(RebuildReport report, string word, string? to)
    {
        report.Errors.ForEach(Console.Error.WriteLine);
        report.Differing.ForEach(pair => Console.Error.WriteLine($"segment {pair.Made} was made where the snapshot names {pair.Named}"));
        report.Made.ForEach(name => Console.WriteLine($"{word} {(to is null ? "" : to.TrimEnd('/') + "/")}{name}"));
        Console.WriteLine($"{report.Present} present under the name that the blocks give, {report.Made.Count} {word}, {report.Differing.Count} differing"
            + (report.Errors.Count > 0 ? $", {Quantity.Count(report.Errors.Count, "damage", "damages")} left out" : ""));
    }

    private static void WriteJson(RebuildReport report, string word) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("present", report.Present);
        writer.WriteTexts(word, report.Made.Select(name => name.Path));
        writer.WriteTexts("differing", report.Differing.Select(pair => pair.Made.ToString()));
        writer.WriteTexts("errors", report.Errors.Select(error => $"{error.CodeText}: {error.What}: {error.Where}: {error.Why}"));
        writer.WriteEndObject();
    });
}
