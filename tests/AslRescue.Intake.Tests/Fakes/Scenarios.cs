using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Runs of every kind, which between them stand in every state.</summary>
internal static class Scenarios
{
    public static Bench New(string kind)
    {
        var bench = new Bench(kind is "operator" ? "nobody" : "directory") { Attach = new FakeAttach { Holds = "import:42" } };
        bench.Settings = bench.Settings with { Retry = new RetrySettings { AttemptsMax = 2 } };
        switch (kind)
        {
            case "remote":
                bench.Decisions.Reading = new DecisionReading(FakeDecisions.Remote("boot-1"), "");
                bench.Attach.Faults.Enqueue(Failures.Passing());
                break;
            case "retries":
                bench.Attach.Faults.Enqueue(Failures.Passing());
                bench.Backend.Faults.Enqueue(("seal", Failures.Passing()));
                bench.Settings = bench.Settings with { Retry = new RetrySettings { AttemptsMax = 6 } };
                break;
            case "exhausted":
                bench.Attach.Faults.Enqueue(Failures.Passing());
                bench.Attach.Faults.Enqueue(Failures.Passing());
                break;
            case "no decision":
                bench.Decisions.Reading = DecisionReading.Waiting("nothing is decided");
                break;
            default:
                break;
        }

        return bench;
    }

    /// <summary>The operator who approves what is asked of people: what the configuration approves is not.</summary>
    public static void Script(Bench bench, string kind, Channel<OperatorCommand> commands)
    {
        if (kind is "operator" or "exhausted")
        {
            bench.OnRequest = id =>
            {
                if (kind == "operator" || bench.Statuses.Any(status => status.Failures > 0))
                {
                    commands.Writer.TryWrite(new OperatorCommand(OperatorVerb.Approve, id, new Peer(0, "tty1")));
                }
            };
        }
    }

    /// <summary>Where a run of this kind may be found.</summary>
    public static IReadOnlyList<string> StatesOf(string kind) => kind switch
    {
        "no decision" => ["Detecting"],
        "remote" => ["Detecting", "AwaitingApproval", "AttachingRemote", "Retrying", "Ingesting"],
        "retries" or "exhausted" => ["Detecting", "AwaitingApproval", "AttachingLocal", "Retrying", "Ingesting"],
        _ => ["Detecting", "AwaitingApproval", "AttachingLocal", "Ingesting"],
    };

    /// <summary>The state that a journal leads to.</summary>
    public static string StateOf(IEnumerable<JournalRecord> records) => records.LastOrDefault(record => record.Kind == "transition")?.Text("to") ?? "Detecting";
}
