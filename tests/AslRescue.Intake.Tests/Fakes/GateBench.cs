using System.Globalization;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Journal;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A gate with a journal in which every piece of evidence stands, put into any state.</summary>
internal sealed class GateBench
{
    public static readonly TimeSpan Expiry = TimeSpan.FromHours(1);
    private int _nonce;

    public GateBench(Contract contract, IntakeState state, string kind = BackendKinds.LocalDirectory)
        : this(contract, state, NewRequest(kind))
    {
    }

    public GateBench(Contract contract, IntakeState state, ApprovalRequest request)
    {
        Journal = new MemoryJournal("run", "boot-1", Time);
        Request = request;
        Evidence = Record();
        Put(IntakeState.AwaitingApproval, Evidence[EvidenceNames.Request]);
        Put(state);
        Gate = new TransitionGate(contract, Journal, new GateContext("boot-1", Time, Expiry));
    }

    public ManualTime Time { get; } = new();

    public MemoryJournal Journal { get; }

    public ApprovalRequest Request { get; }

    /// <summary>What stands in the journal; the request is the one that is asked about.</summary>
    public Dictionary<string, EvidenceReference> Evidence { get; }

    public TransitionGate Gate { get; }

    public JournalRecord Last() => Journal.Last!;

    /// <summary>The evidence of these names that fits a transition there: into AwaitingApproval leads a request that nobody has seen yet.</summary>
    public EvidenceReference[] Fitting(IntakeState to, IEnumerable<string> names) =>
        [.. names.Select(name => name == EvidenceNames.Request && to == IntakeState.AwaitingApproval ? Anew() : Evidence[name])];

    /// <summary>The same question, asked anew.</summary>
    public EvidenceReference Anew() => Journal.Record(
        EvidenceNames.Request, (Request with { Nonce = (++_nonce).ToString("x4", CultureInfo.InvariantCulture) }).Bytes());

    public static byte[] Decision { get; } = "{\"decision\":1}"u8.ToArray();

    public static ApprovalRequest NewRequest(string kind = BackendKinds.LocalDirectory, string nonce = "00") => new()
    {
        Run = "run",
        Nonce = nonce,
        Kind = kind,
        Pool = kind == BackendKinds.LocalZfs ? new PoolIdentity("1234567890", "rescuepool", false, "crashed", "007f0101") : null,
        Dataset = kind == BackendKinds.LocalZfs ? "rescuepool/asl" : null,
        Mount = kind == BackendKinds.LocalZfs ? "/mnt/asl/local" : null,
        Force = kind == BackendKinds.LocalZfs ? true : null,
        Directory = kind == BackendKinds.LocalDirectory ? "/backend" : null,
        Endpoint = kind == BackendKinds.Remote ? "https://asl-backend.example/" : null,
        Sources = [new RequestSource("/mnt/crashed", SourceOrigins.Trusted)],
        IsTrusted = true,
        Decision = Digest.Of(Decision).ToString(),
    };

    public static AttachedBackend NewAttached(ApprovalRequest request) => new()
    {
        Kind = request.Kind,
        Location = request.Directory ?? request.Mount ?? request.Endpoint ?? "",
        PoolGuid = request.Pool?.Guid,
        Dataset = request.Dataset,
    };

    private void Put(IntakeState state, params EvidenceReference[] evidence) => Journal.Append(new JournalEntry(RecordKinds.Transition)
    {
        Fields =
        [
            new("from", "Detecting"), new("trigger", "decided"), new("to", state.ToString()), new("clause", "test"),
            new("evidence", evidence.Select(one => one.ToString())), new("reason", "put here by the test"),
        ],
    });

    private Dictionary<string, EvidenceReference> Record() => EvidenceNames.All.ToDictionary(name => name, name => name == EvidenceNames.Approval
        ? Journal.Approve(Request.Id().ToString())
        : Journal.Record(name, Document(name, Request)));

    internal static byte[] Document(string name, ApprovalRequest request) => name switch
    {
        EvidenceNames.Request => request.Bytes(),
        EvidenceNames.Decision => Decision,
        EvidenceNames.Attach => NewAttached(request).Bytes(),
        EvidenceNames.Failure => new FailureDocument("ASL2004", "failed", null, null, "wait", false, false).Bytes(),
        EvidenceNames.Source => JsonSerializer.SerializeToUtf8Bytes(new AddedSource("/mnt/more", 0, null, default), IntakeJson.Default.AddedSource),
        EvidenceNames.Denial => JsonSerializer.SerializeToUtf8Bytes(
            new OperatorAct("denied", request.Id().ToString(), 0, null, default), IntakeJson.Default.OperatorAct),
        _ => System.Text.Encoding.UTF8.GetBytes($"\"{name}\""),
    };
}
