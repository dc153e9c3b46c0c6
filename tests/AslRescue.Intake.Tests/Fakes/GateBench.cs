using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Journal;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A gate with a journal in which every piece of evidence stands, put into any state.</summary>
internal sealed class GateBench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("asl-gate-").FullName;

    public GateBench(Contract contract, IntakeState state, string kind = BackendKinds.LocalDirectory)
    {
        Journal = MachineJournal.Begin(Path.Combine(_folder, "run"), "run", "boot-1", Time);
        Request = NewRequest(kind);
        Evidence = Record();
        Put(IntakeState.AwaitingApproval, Evidence[EvidenceNames.Request]);
        Put(state);
        Gate = new TransitionGate(contract, Journal, new GateContext("boot-1", Time, TimeSpan.FromHours(1)));
    }

    public ManualTime Time { get; } = new();

    public MachineJournal Journal { get; }

    public ApprovalRequest Request { get; }

    public Dictionary<string, EvidenceReference> Evidence { get; }

    public TransitionGate Gate { get; }

    public IReadOnlyList<EvidenceReference> All => [.. Evidence.Values];

    public JournalRecord Last() => Records()[^1];

    public IReadOnlyList<JournalRecord> Records()
    {
        var path = Path.Combine(_folder, "run", "journal");
        return new JournalReader("run").Read(path, File.ReadAllBytes(path));
    }

    public EvidenceReference Approve(string request, string boot = "boot-1") => Journal.Record(EvidenceNames.Approval, new Approval
    {
        Request = request,
        By = Approvers.Operator,
        Uid = 0,
        Boot = boot,
        Monotonic = Time.Now.Ticks * 100,
        Wall = Time.GetUtcNow(),
    }.Bytes());

    public void Dispose()
    {
        Journal.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static ApprovalRequest NewRequest(string kind = BackendKinds.LocalDirectory, string nonce = "00") => new()
    {
        Run = "run",
        Nonce = nonce,
        Kind = kind,
        Directory = kind == BackendKinds.LocalDirectory ? "/backend" : null,
        Endpoint = kind == BackendKinds.Remote ? "https://asl-backend.example/" : null,
        Sources = [new RequestSource("/mnt/crashed", SourceOrigins.Trusted)],
        IsTrusted = true,
        Decision = "",
    };

    private void Put(IntakeState state, params EvidenceReference[] evidence) => Journal.Append(new JournalEntry(RecordKinds.Transition)
    {
        Fields =
        [
            new("from", "Detecting"), new("trigger", "decided"), new("to", state.ToString()), new("clause", "test"),
            new("evidence", evidence.Select(one => one.ToString())), new("reason", "put here by the test"),
        ],
    });

    private Dictionary<string, EvidenceReference> Record()
    {
        var failure = new FailureDocument("ASL2004", "failed", null, null, "wait", false, false);
        var source = JsonSerializer.SerializeToUtf8Bytes(new AddedSource("/mnt/more", 0, null, Time.GetUtcNow()), IntakeJson.Default.AddedSource);
        var evidence = EvidenceNames.All.ToDictionary(name => name, name => name switch
        {
            EvidenceNames.Request => Journal.Record(name, Request.Bytes()),
            EvidenceNames.Approval => Approve(Request.Id().ToString()),
            EvidenceNames.Failure => Journal.Record(name, failure.Bytes()),
            EvidenceNames.Source => Journal.Record(name, source),
            _ => Journal.Record(name, System.Text.Encoding.UTF8.GetBytes($"\"{name}\"")),
        });
        return evidence;
    }
}
