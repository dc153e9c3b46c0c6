using System.CommandLine;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Store;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake resume [RUN]: goes on with runs that were interrupted.</summary>
internal static class ResumeVerb
{
    private static readonly Argument<string?> Run = new("RUN")
    {
        Description = "the run; without it, every run of the domain that has no seal",
        Arity = ArgumentArity.ZeroOrOne,
    };

    internal static Command Build()
    {
        var command = new Command("resume", "Goes on with runs that were interrupted, and seals them.") { Run, CommonOptions.Store };
        command.SetAction(Execute);
        return command;
    }

    private static int Execute(ParseResult parsed)
    {
        var domain = CommonOptions.LoadConfiguration(parsed).DomainId;
        using var store = CommonOptions.OpenStore(parsed);
        var unsealed = IngestRun.ListUnsealed(store, domain);
        var named = parsed.GetValue(Run);
        if (named is not null && !unsealed.Contains(named))
        {
            throw new AslException(new AslError(ErrorCode.RunMissing, $"run {named} is not waiting to be resumed")
            {
                Where = store.Backend.Location,
                Why = unsealed.Count == 0 ? "every run of the domain is sealed" : "waiting are " + string.Join(", ", unsealed),
                Fix = "asl-admin snapshots   (lists what is sealed)",
            });
        }

        if (unsealed.Count == 0)
        {
            Console.Error.WriteLine("nothing to resume: every run is sealed");
        }

        var exitCode = ExitCodes.Done;
        foreach (var name in named is null ? unsealed : [named])
        {
            using var run = IngestRun.Resume(store, domain, name, TimeProvider.System);
            exitCode = Math.Max(exitCode, IngestVerb.Complete(run, store, parsed.GetValue(CommonOptions.Json)));
        }

        return exitCode;
    }
}
