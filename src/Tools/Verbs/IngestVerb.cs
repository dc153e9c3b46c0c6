using System.CommandLine;
using System.Globalization;
using System.Reflection;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake ingest SOURCE…: reads trees into a store, in the foreground, and seals a snapshot.</summary>
internal static class IngestVerb
{
    /// <summary>More problems than these are only counted on the terminal; the snapshot has them all.</summary>
    private const int ProblemsShownMax = 20;

    private static readonly Argument<string[]> Sources = new("SOURCE")
    {
        Description = "directories or files; read only, never written to",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Case = new("--case") { Description = "the case this belongs to; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<string?> Examiner = new("--examiner") { Description = "who does this; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<string?> Note = new("--note") { Description = "a remark; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<bool> OneFileSystem = new("--one-file-system") { Description = "do not enter file systems mounted below a source" };
    private static readonly Option<bool> Rehash = new("--rehash") { Description = "read every file, also those that look unchanged" };

    internal static Command Build()
    {
        var command = new Command("ingest", "Reads sources into a store and seals a snapshot.")
        {
            Sources, CommonOptions.Store, Case, Examiner, Note, OneFileSystem, Rehash, CommonOptions.Workers,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        var location = CommonOptions.StoreLocation(parsed);
        IngestRun.CheckSources(parsed.GetValue(Sources)!, location);
        using var store = ArtifactStore.OpenOrCreate(location);
        using var run = IngestRun.Begin(store, new IngestOptions
        {
            Sources = parsed.GetValue(Sources)!,
            Domain = configuration.DomainId,
            Case = new(parsed.GetValue(Case), parsed.GetValue(Examiner), parsed.GetValue(Note)),
            OneFileSystem = parsed.GetValue(OneFileSystem),
            Rehash = parsed.GetValue(Rehash),
            Workers = Math.Clamp(parsed.GetValue(CommonOptions.Workers), 1, 64),
            Program = ProgramVersion,
        }, TimeProvider.System);
        return Complete(run, store, parsed.GetValue(CommonOptions.Json));
    }

    /// <summary>"asl-intake 0.1.0".</summary>
    internal static string ProgramVersion { get; } =
        $"asl-intake {typeof(IngestVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    /// <summary>Ingests and seals a run that was begun or resumed, and tells what came of it.</summary>
    internal static int Complete(IngestRun run, ArtifactStore store, bool isJson)
    {
        Posix.RaiseOpenFileLimit();
        var start = TimeProvider.System.GetTimestamp();
        SealedSnapshot result;
        using (new ProgressLine(() => Describe(run.Progress, TimeProvider.System.GetElapsedTime(start))))
        {
            if (!run.IsSealing)
            {
                run.Ingest(Edge.Stopped);
            }

            result = run.Seal(new Dictionary<string, byte[]>());
        }

        var elapsed = TimeProvider.System.GetElapsedTime(start);
        if (isJson)
        {
            JsonOutput.Write(writer => SnapshotOutput.WriteJson(writer, result.Name, result.Snapshot));
        }
        else
        {
            WriteText(result, elapsed);
        }

        ReportProblems(store, result.Snapshot);
        return result.Snapshot.ProblemCount > 0 ? ExitCodes.DoneWithProblems : ExitCodes.Done;
    }

    private static string Describe(IngestProgress progress, TimeSpan elapsed)
    {
        var done = progress.ExpectedBytes is { } expected and > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{Quantity.Bytes(progress.DoneBytes)} of about {Quantity.Bytes(expected)}")
            : Quantity.Bytes(progress.DoneBytes);
        var rate = Quantity.Bytes(progress.DoneBytes / Math.Max(elapsed.TotalSeconds, 0.001));
        var problems = progress.Problems > 0 ? $", {Quantity.Count(progress.Problems, "problem", "problems")}" : "";
        return $"{progress.Phase}: {Quantity.Count(progress.Entries, "entry", "entries")}, {done}, {rate}/s, {Quantity.Bytes(progress.StoredBytes)} stored{problems}";
    }

    private static void WriteText(SealedSnapshot result, TimeSpan elapsed)
    {
        var counts = result.Snapshot.Counts;
        Console.WriteLine($"""
            snapshot {result.Name}
            root     {result.Snapshot.Root}
            entries  {Quantity.Count(counts.Entries, "entry", "entries")}, {Quantity.Count(counts.Files, "file", "files")} of {Quantity.Bytes(counts.SourceBytes)}
            read     {Quantity.Bytes(counts.ReadBytes)} in {Quantity.Duration(elapsed)}, {Quantity.Count(counts.UnchangedFiles, "file", "files")} unchanged
            added    {Quantity.Bytes(counts.AddedStoredBytes)} for {Quantity.Bytes(counts.AddedRawBytes)} of new data
            sealed   {(result.Snapshot.ProblemCount == 0 ? "complete" : $"with {Quantity.Count(result.Snapshot.ProblemCount, "problem", "problems")}")}, seal {result.Seal.Number} of {result.Snapshot.Domain}
            """);
    }

    private static void ReportProblems(ArtifactStore store, Snapshot snapshot)
    {
        if (snapshot.ProblemCount == 0)
        {
            return;
        }

        foreach (var problem in SnapshotOutput.ReadProblems(store, snapshot).Take(ProblemsShownMax))
        {
            Console.Error.WriteLine($"problem: {Printable.Bytes(snapshot.Sources[problem.Source].Path)}/{Printable.Bytes(problem.Path)}: {Printable.Text(problem.Text)}");
        }

        if (snapshot.ProblemCount > ProblemsShownMax)
        {
            Console.Error.WriteLine($"problem: and {snapshot.ProblemCount - ProblemsShownMax} more: asl-admin show latest --problems --store {store.Backend.Location}");
        }
    }
}
