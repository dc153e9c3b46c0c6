using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.ServiceManager;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake serve: the machine as a service, from preflight's decision to the seal; operators talk to it over the socket.</summary>
internal static class ServeVerb
{
    internal static Command Build()
    {
        var command = new Command("serve", "Runs as the service: waits for decision and approval, attaches, ingests, seals.") { CommonOptions.Workers };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        var bounds = IntakeComposition.Bounds(parsed);
        using var ingest = new StoreIngest(IngestVerb.Template(configuration, parsed), TimeProvider.System, open: IntakeComposition.Opener(parsed, configuration, bounds), signer: () => IntakeComposition.Signer(configuration));
        var parts = IntakeComposition.Parts(parsed, configuration, ingest, bounds) with
        {
            Notifier = ServiceNotifier.FromEnvironment(),
            Describe = status => StatusWatch.Summary(Hints.Of(parsed).In(status)),
            Guard = IntakeComposition.Guard(IntakeComposition.Paths(parsed), GuardCaller.Service),
        };
        using var log = Shared.Logging.LoggerSetup.Create(configuration.Logging);
        var last = "";
        parts = parts with
        {
            OnStatus = status =>
            {
                var line = $"{status.State}: {status.Reason}";
                if (Interlocked.Exchange(ref last, line) != line)
                {
                    log.Information("{State}: {Reason}", status.State, status.Reason);
                }
            },
        };
        var outcome = await IntakeRun.RunAsync(parts, Edge.Stopped);
        if (parsed.GetValue(CommonOptions.Json))
        {
            WriteJson(outcome);
        }
        else
        {
            Console.WriteLine(outcome.Snapshot is { } snapshot ? $"run {outcome.Run} sealed snapshot {snapshot.Snapshot}" : $"run {outcome.Run} is {outcome.State}");
        }

        if ((outcome.Error ?? outcome.Leftover) is { } error)
        {
            Console.Error.WriteLine(Hints.Of(parsed).In(error));
        }

        return outcome.ExitCode;
    }

    private static void WriteJson(IntakeOutcome outcome) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("run", outcome.Run);
        writer.WriteString("state", outcome.State.ToString());
        writer.WriteString("reason", outcome.Reason);
        writer.WriteString("snapshot", outcome.Snapshot?.Snapshot);
        writer.WriteNumber("exitCode", outcome.ExitCode);
        writer.WriteEndObject();
    });
}
