using System.CommandLine;
using AslRescue.Audit;
using AslRescue.Audit.Report;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin audit report --html FILE: the audit as one page.</summary>
internal static class AuditReportVerb
{
    private static readonly Option<string> Html = new("--html") { Description = "the page to write; it must not be there yet", HelpName = "FILE", Required = true };

    internal static Command Build()
    {
        var command = new Command("report", "Verifies and replays, and writes all of it as one page that needs nothing else.") { Html };
        AuditInput.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var result = AuditInput.Judge(parsed, AuditResult.Replay);
        var page = new HtmlReport(result, Maps(parsed, result), $"asl-admin {IngestVerb.ProgramVersion.Split(' ')[^1]}", TimeProvider.System.GetUtcNow()).Write();
        WriteNew(Path.GetFullPath(parsed.GetValue(Html)!), page);
        Console.WriteLine($"{AuditOutput.Word(result.Standing)}: {parsed.GetValue(Html)}");
        return AuditVerb.ExitCodeOf(result);
    }

    /// <summary>What could not be read, by run: out of every store that is at hand. A store that is damaged itself only lacks its drawing.</summary>
    private static Dictionary<string, IReadOnlyList<DamageMap>> Maps(ParseResult parsed, AuditResult result)
    {
        Dictionary<string, IReadOnlyList<DamageMap>> maps = new(StringComparer.Ordinal);
        foreach (var store in Stores(parsed))
        {
            using (store)
            {
                foreach (var run in result.Runs.Where(run => run.Seal?.Content is not null))
                {
                    try
                    {
                        maps[run.Run] = DamageMaps.Read(store, Digest.Parse(run.Seal!.Snapshot));
                    }
                    catch (AslException failure)
                    {
                        Console.Error.WriteLine(Printable.Text($"note: the damage map of run {run.Run} is not drawn: {failure.Error.What}"));
                    }
                }
            }
        }

        return maps;
    }

    private static IEnumerable<ArtifactStore> Stores(ParseResult parsed)
    {
        var paths = parsed.GetValue(AuditInput.Paths) ?? [];
        if (paths.Length == 0 || parsed.GetValue(CommonOptions.Store) is not null)
        {
            yield return CommonOptions.OpenStore(parsed);
        }

        foreach (var path in paths.Where(path => File.Exists(Path.Combine(path, "format.toml"))))
        {
            if (Opened(parsed, path) is { } store)
            {
                yield return store;
            }
        }
    }

    private static ArtifactStore? Opened(ParseResult parsed, string path)
    {
        try
        {
            return CommonOptions.OpenStore(parsed, path);
        }
        catch (AslException failure)
        {
            Console.Error.WriteLine(Printable.Text($"note: no damage map is drawn from {path}: {failure.Error.What}"));
            return null;
        }
    }

    private static void WriteNew(string path, string page)
    {
        try
        {
            using var file = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write));
            file.Write(page);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.TargetIo, "the report cannot be written")
            {
                Where = path,
                Why = failure.Message,
                Fix = "name a file that is not there yet, in a folder that can be written to",
            }, failure);
        }
    }
}
