using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake resume [RUN]: goes on with runs that were interrupted.</summary>
internal static class ResumeVerb
{
    private static readonly Argument<string?> Run = new("RUN")
    {
        Description = "the run; without it, every run in the store that began and has no seal",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> WithoutSource = new("--without-source")
    {
        Description = "the disks of RUN's images are lost: seals what was read of them, and opens none",
    };

    internal static Command Build()
    {
        var command = new Command("resume", "Goes on with runs that were interrupted, and seals them.") { Run, CommonOptions.Store, CommonOptions.Workers, WithoutSource };
        command.SetAction((parsed, _) => ExecuteAsync(parsed));
        return command;
    }

    private static async Task<int> ExecuteAsync(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        if (parsed.GetValue(WithoutSource) && parsed.GetValue(Run) is null)
        {
            throw CommonOptions.Usage("--without-source is for one run", "name it: asl-intake resume RUN --without-source");
        }

        if (parsed.GetValue(CommonOptions.Store) is not null || CommonOptions.IsAttached(configuration))
        {
            return await InStoreAsync(parsed, configuration, CommonOptions.StoreLocation(parsed));
        }

        // No store is in sight: intake had imported the pool, and exported it when the run was interrupted. This machine's journal knows.
        var (name, request) = Here(parsed);
        return (request?.Directory ?? request?.Endpoint) is { } location
            ? await InStoreAsync(parsed, configuration, location)
            : await IngestVerb.RunAsync(
                parsed, configuration, IngestVerb.Template(configuration, parsed) with { WithoutSource = parsed.GetValue(WithoutSource) }, null,
                request?.Sources.Select(source => source.Path).ToArray() ?? configuration.IntakeSources, name, name);
    }

    /// <summary>The unfinished run of this machine that is meant, with what was last asked about in it.</summary>
    private static (string Name, ApprovalRequest? Request) Here(ParseResult parsed)
    {
        var folders = new RunFolders(IntakeComposition.Paths(parsed));
        var (name, _) = folders.Choose(RunChoice.Resume, parsed.GetValue(Run), TimeProvider.System);
        return (name, folders.Read(name).Request);
    }

    private static async Task<int> InStoreAsync(ParseResult parsed, AslConfiguration configuration, string location)
    {
        var waiting = Waiting(parsed, location, configuration.DomainId, parsed.GetValue(Run));
        if (waiting.Count == 0)
        {
            Console.Error.WriteLine("nothing to resume: every run is sealed");
        }

        // A run whose folder is gone from this machine, after a reboot for instance, is taken up from what the backend has.
        var here = new RunFolders(IntakeComposition.Paths(parsed)).Unfinished();
        var exitCode = ExitCodes.Done;
        foreach (var (name, options) in waiting)
        {
            exitCode = Worse(exitCode, await IngestVerb.RunAsync(
                parsed, configuration, options with { Workers = IngestVerb.Template(configuration, parsed).Workers, WithoutSource = parsed.GetValue(WithoutSource) }, location, options.Sources,
                here.Contains(name) ? name : null, name));
        }

        return exitCode;
    }

    /// <summary>Of several runs the outcome that somebody must look at first: what is not sealed, then what is sealed with doubts.</summary>
    private static int Worse(int one, int other)
    {
        int[] sealedCodes = [ExitCodes.Done, ExitCodes.DoneWithProblems, ExitCodes.SourceWritten];
        int Rank(int code) => Array.IndexOf(sealedCodes, code) is var rank and >= 0 ? rank : sealedCodes.Length;
        return Rank(other) > Rank(one) ? other : one;
    }

    private static List<(string Name, IngestOptions Options)> Waiting(ParseResult parsed, string location, string domain, string? named)
    {
        using var store = CommonOptions.OpenStore(parsed, location);
        IReadOnlyList<string> unsealed = named is not null && IngestRun.IsUnsealed(store, domain, named) ? [named] : IngestRun.ListUnsealed(store, domain);
        if (named is not null && !unsealed.Contains(named))
        {
            throw new AslException(new AslError(ErrorCode.RunMissing, $"run {named} is not waiting to be resumed")
            {
                Where = store.Backend.Location,
                Why = unsealed.Count == 0 ? "every run of the domain is sealed" : "waiting are " + string.Join(", ", unsealed),
                Fix = "asl-admin snapshots   (lists what is sealed)",
            });
        }

        if (named is not null && parsed.GetValue(WithoutSource) && !IngestRun.HasImages(store, domain, named))
        {
            throw CommonOptions.Usage($"run {named} has read no image, and only what was read of one can be sealed without its source", $"mount its source again: asl-intake resume {named}");
        }

        return [.. unsealed.Where(name => named is null || name == named).Select(name => (name, IngestRun.OptionsOf(store, domain, name) ?? Damaged(store, name)))];
    }

    private static IngestOptions Damaged(ArtifactStore store, string name) => throw new AslException(new AslError(ErrorCode.RunMissing, $"run {name} never began")
    {
        Where = store.Backend.Location,
        Fix = "ingest the sources again: nothing of them was stored",
    });
}
