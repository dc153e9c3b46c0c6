using System.CommandLine;
using System.Globalization;
using System.Reflection;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>
/// asl-intake ingest SOURCE…: the machine in the foreground. Whoever types the command has decided and approved: with --store for that
/// directory, without it for the backend that preflight decided on.
/// </summary>
internal static class IngestVerb
{
    private static readonly Argument<string[]> Sources = new("SOURCE")
    {
        Description = "directories, files, block devices; read only, never written to",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Case = new("--case") { Description = "the case this belongs to; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<string?> Examiner = new("--examiner") { Description = "who does this; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<string?> Note = new("--note") { Description = "a remark; kept in the snapshot", HelpName = "TEXT" };
    private static readonly Option<bool> OneFileSystem = new("--one-file-system") { Description = "do not enter file systems mounted below a source" };
    private static readonly Option<bool> Image = new("--image") { Description = "a file that is named is the image of a disk; block devices always are" };
    private static readonly Option<string?> Mapfile = new("--mapfile") { Description = "what GNU ddrescue knows of the image; not read where it is bad", HelpName = "FILE" };
    private static readonly Option<int?> Retries = new("--retries") { Description = "try bad sectors of images again N times", HelpName = "N" };
    private static readonly Option<bool> NoScrape = new("--no-scrape") { Description = "do not try every sector between bad ones" };
    private static readonly Option<bool> Reverse = new("--reverse") { Description = "read images from their end" };
    private static readonly Option<string?> TimeBudget = new("--time-budget") { Description = "stop reading an image after this long, such as 90s or 8h, and seal what there is", HelpName = "TIME" };
    private static readonly Option<bool> NoImageHash = new("--no-image-hash") { Description = "do not compute the SHA-256 of whole images" };
    private static readonly Option<bool> Rehash = new("--rehash") { Description = "read every file, also those that look unchanged" };

    /// <summary>"asl-intake 0.1.0".</summary>
    internal static string ProgramVersion { get; } =
        $"asl-intake {typeof(IngestVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    internal static Command Build()
    {
        var command = new Command("ingest", "Reads sources into a store and seals a snapshot.")
        {
            Sources, CommonOptions.Store, Case, Examiner, Note, OneFileSystem, Rehash, CommonOptions.Workers,
            Image, Mapfile, Retries, NoScrape, Reverse, TimeBudget, NoImageHash,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        var template = Template(configuration, parsed) with
        {
            Case = new(parsed.GetValue(Case), parsed.GetValue(Examiner), parsed.GetValue(Note)),
            OneFileSystem = parsed.GetValue(OneFileSystem),
            Rehash = parsed.GetValue(Rehash),
        };
        template = template with { Image = ReadImageOptions(parsed, template.Image) };
        var hasDecision = File.Exists(IntakeComposition.Paths(parsed).Mode);
        var named = parsed.GetValue(CommonOptions.Store) is null && hasDecision ? null : CommonOptions.StoreLocation(parsed);
        var sources = IngestRun.CheckSources(parsed.GetValue(Sources)!, named ?? configuration.Paths.OnRoot(configuration.LocalMount));
        return await RunAsync(parsed, configuration, template, named, sources, null, null);
    }

    private static ImageOptions ReadImageOptions(ParseResult parsed, ImageOptions configured) => configured with
    {
        FilesAreImages = parsed.GetValue(Image),
        Retries = parsed.GetValue(Retries) is { } retries
            ? retries is >= 0 and <= ConfigurationKeys.ImageRetriesMax ? retries : throw CommonOptions.Usage($"--retries takes 0 to {ConfigurationKeys.ImageRetriesMax}", "--retries 3")
            : configured.Retries,
        Scrape = configured.Scrape && !parsed.GetValue(NoScrape),
        Reverse = parsed.GetValue(Reverse),
        Budget = parsed.GetValue(TimeBudget) is not { } text ? configured.Budget
            : ConfigurationKeys.ImageTimeBudget.TryParse(text, out var budget) ? budget > TimeSpan.Zero ? budget : null
            : throw CommonOptions.Usage($"--time-budget takes a time, not '{text}'", "--time-budget 8h"),
        Hash = !parsed.GetValue(NoImageHash),
        Mapfile = parsed.GetValue(Mapfile) is { } path ? ReadMapfile(path, parsed.GetValue(Sources)!.Length) : null,
    };

    private static byte[] ReadMapfile(string path, int sources)
    {
        if (sources != 1)
        {
            throw CommonOptions.Usage("--mapfile is of one image", "ingest the others by themselves");
        }

        try
        {
            var content = File.ReadAllBytes(path);
            _ = Intake.Imaging.Mapfile.Parse(path, content);
            return content;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.MapfileInvalid, "a mapfile cannot be read")
            {
                Where = path,
                Why = exception.Message,
                Fix = "name a file that can be read",
            });
        }
    }

    /// <summary>How to ingest, as far as no command line says.</summary>
    internal static IngestOptions Template(AslConfiguration configuration, ParseResult parsed) => new()
    {
        Sources = [],
        Domain = configuration.DomainId,
        Workers = Math.Clamp(parsed.GetValue(CommonOptions.Workers), 1, 64),
        Program = ProgramVersion,
        Image = new() { Retries = configuration.ImageRetries, Scrape = configuration.ImageScrape, Budget = configuration.ImageTimeBudget },
    };

    /// <summary>Runs the machine in the foreground and tells what came of it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="template">How to ingest.</param>
    /// <param name="store">The directory named by --store; null for the backend that preflight decided on.</param>
    /// <param name="sources">What to read.</param>
    /// <param name="resume">The run of this machine to go on with; null for a new one.</param>
    /// <param name="wanted">The run of the backend to go on with; null for whichever fits.</param>
    internal static async Task<int> RunAsync(
        ParseResult parsed, AslConfiguration configuration, IngestOptions template, string? store, IReadOnlyList<string> sources, string? resume, string? wanted)
    {
        var bounds = IntakeComposition.Bounds(parsed);
        using var ingest = new StoreIngest(template, TimeProvider.System, wanted, IntakeComposition.Opener(parsed, configuration, bounds), () => IntakeComposition.Signer(configuration));
        var parts = IntakeComposition.Parts(parsed, configuration, ingest, bounds);
        var peer = new Intake.Approvals.Peer(Posix.EffectiveUser(), PeerCredentials.TerminalOf(Environment.ProcessId));
        parts = parts with
        {
            Commander = peer,
            LeavesWhenAsked = true,
            Choice = resume is null ? RunChoice.Begin : RunChoice.Resume,
            Run = resume,
            Settings = parts.Settings with { Sources = [.. sources.Select(path => new IntakeSource(path, IsTrusted: true))] },
        };
        if (store is not null && CommonOptions.Endpoint(store) is { } endpoint)
        {
            // Whoever typed the command is there: what would be tried again and again by a service is told at once.
            using (var backend = RemoteAccess.Open(parts.Settings.Remote, endpoint, TimeProvider.System))
            {
                RemoteAttach.Check(backend, configuration.DomainId);
            }

            parts = parts with
            {
                Decisions = CommandDecision.Remote(parts.Boot, peer, Environment.GetCommandLineArgs()),
                Settings = parts.Settings with { Remote = parts.Settings.Remote with { Endpoint = endpoint, IsTrusted = true } },
            };
        }
        else if (store is not null)
        {
            await GuardAsync(parts.Guard, store, sources);
            ArtifactStore.OpenOrCreate(store).Dispose();
            parts = parts with
            {
                Decisions = CommandDecision.Local(parts.Boot, peer, Environment.GetCommandLineArgs()),
                Settings = parts.Settings with { Local = new() { Kind = Intake.LocalKind.Directory, Mount = Path.GetFullPath(store), IsTrusted = true } },
            };
        }

        var start = TimeProvider.System.GetTimestamp();
        IntakeOutcome outcome;
        using (new ProgressLine(() => Describe(ingest.Progress, TimeProvider.System.GetElapsedTime(start))))
        {
            outcome = await IntakeRun.RunAsync(parts, Edge.Stopped);
        }

        if (store is not null && outcome.Error is { IsPermanent: false } error)
        {
            outcome = outcome with { Error = error with { Fix = $"asl-intake resume --store {store}   (goes on with run {outcome.Run})" } };
        }

        return Report(parsed, outcome, ingest, TimeProvider.System.GetElapsedTime(start));
    }

    /// <summary>Asks the guard before the store is made, and tells what it doubts.</summary>
    private static async Task GuardAsync(IIntakeGuard guard, string store, IReadOnlyList<string> sources)
    {
        await guard.CheckWritesAsync(sources, Edge.Stopped);
        var report = await guard.CheckSourcesAsync([ProtectedPlace.Written("the store", Path.GetFullPath(store))], sources, Edge.Stopped);
        foreach (var (path, _, warnings) in report.Sources)
        {
            foreach (var warning in warnings)
            {
                Console.Error.WriteLine(Printable.Text($"warning: {path}: {warning}"));
            }
        }
    }

    private static int Report(ParseResult parsed, IntakeOutcome outcome, StoreIngest ingest, TimeSpan elapsed)
    {
        var hints = Hints.Of(parsed);
        if (outcome.State != IntakeState.Sealed || ingest.Sealed is not { } result)
        {
            Console.Error.WriteLine(outcome.Error is { } error ? hints.In(error) : null);
            return outcome.ExitCode;
        }

        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.Write(writer => SnapshotOutput.WriteJson(writer, result.Name, result.Snapshot));
        }
        else
        {
            WriteText(result, elapsed);
        }

        WriteProblems(result, ingest);
        if (outcome.Leftover is { } leftover)
        {
            Console.Error.WriteLine(hints.In(leftover));
        }

        return outcome.ExitCode;
    }

    private static string Describe(IngestProgress? progress, TimeSpan elapsed)
    {
        if (progress is null)
        {
            return "starting";
        }

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

    private static void WriteProblems(SealedSnapshot result, StoreIngest ingest)
    {
        foreach (var problem in ingest.ProblemsShown)
        {
            Console.Error.WriteLine($"problem: {Printable.Bytes(result.Snapshot.Sources[problem.Source].Path)}/{Printable.Bytes(problem.Path)}: {Printable.Text(problem.Text)}");
        }

        var more = result.Snapshot.ProblemCount - ingest.ProblemsShown.Count;
        if (more > 0)
        {
            Console.Error.WriteLine($"problem: and {more} more: asl-admin show {result.Name.Short} --problems");
        }
    }
}
