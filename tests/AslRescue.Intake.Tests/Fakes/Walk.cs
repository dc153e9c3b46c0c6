using System.Globalization;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Shared;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>
/// One walk: triggers and evidence at random, right ones more often than wrong ones, or nothing would ever get past the approval; time
/// passes, the process is killed and comes back, in the same boot or in another one.
/// </summary>
internal sealed class Walk
{
    private const string Run = "run";
    private static readonly (IntakeTrigger Trigger, ContractRow Row)[] Rows =
        [.. ContractText.Rows.Select(row => (IntakeTriggers.All.Single(trigger => trigger.Word() == row.Trigger), row))];

    private static readonly byte[] Foreign = GateBench.Document(EvidenceNames.Denial, GateBench.NewRequest(nonce: "ff"));
    private readonly Contract _contract;
    private readonly Random _random;
    private readonly ManualTime _time = new();
    private readonly List<EvidenceReference> _made = [];
    private MemoryJournal _journal;
    private TransitionGate _gate;
    private int _boot = 1;
    private int _nonce;

    public Walk(Contract contract, int seed)
    {
        (_contract, _random) = (contract, new Random(seed));
        _journal = new MemoryJournal(Run, "boot-1", _time);
        _gate = NewGate();
    }

    /// <summary>What the gate said, counted while it was said.</summary>
    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    public int Halts { get; private set; }

    public IReadOnlyList<byte[]> Lines => _journal.Lines;

    public IntakeState State => _gate.State;

    /// <summary>The records replayed: from memory, since the audit reads every line and each restart reads the journal back.</summary>
    public RunHistory Replayed() => RunHistory.Of(_journal.Written);

    public void Go()
    {
        var left = _random.Next(12) == 0 ? _random.Next(9, 30) : _random.Next(3, 9);
        for (var afterEnd = 0; left > 0 && afterEnd < 2; left--)
        {
            afterEnd += _gate.State.IsTerminal() ? 1 : 0;
            switch (_random.Next(40))
            {
                case 0:
                    _time.Advance(TimeSpan.FromMinutes(_random.Next(120)));
                    break;
                case 1 when _journal.Lines.Count > 0:
                    Restart();
                    break;
                default:
                    Step();
                    break;
            }
        }
    }

    private void Step()
    {
        var state = _gate.State.ToString();
        var goesOn = _random.Next(8) > 0; // Else most walks would be denied or cancelled before they get anywhere.
        var here = Array.FindAll(Rows, one => one.Row.From == state && (!goesOn || one.Row.To != "Halted"));
        var known = here.Length > 0 && _random.Next(10) < 8;
        var (trigger, row) = known ? here[_random.Next(here.Length)] : (IntakeTriggers.All[_random.Next(IntakeTriggers.All.Count)], null);
        EvidenceReference[] evidence = row is not null && _random.Next(10) < 8
            ? [.. row.Requires.Select(name => Make(name, row.To == "AwaitingApproval"))]
            : Anything();
        var lines = _journal.Lines.Count;
        var asks = _random.Next(8) > 0 || trigger == IntakeTrigger.Violated;
        var objection = asks ? _gate.Ask(trigger, evidence, "walk", "uid 0") : _gate.Take(trigger, evidence, "walk");
        Assert.Equal(lines + 1, _journal.Lines.Count);
        (Accepted, Refused, Halts) = (objection, asks || state is "Sealed" or "Halted") switch
        {
            (null, _) => (Accepted + 1, Refused, Halts),
            (_, true) => (Accepted, Refused + 1, Halts),
            _ => (Accepted, Refused, Halts + 1),
        };
    }

    /// <summary>Mostly what fits, sometimes what only looks like it.</summary>
    private EvidenceReference Make(string name, bool asks)
    {
        var standing = _journal.History.Request;
        var isWrong = _random.Next(12) == 0;
        return name switch
        {
            EvidenceNames.Request when asks => Keep(name, (standing is { } before && _random.Next(2) == 0 ? before : NewRequest()) with { Nonce = Nonce(isWrong) }),
            EvidenceNames.Request => standing is null || isWrong ? Old(name) : Keep(name, standing),
            EvidenceNames.Approval => isWrong ? Old(name) : LiveApproval(standing),
            EvidenceNames.Attach => Keep(name, GateBench.NewAttached(isWrong || standing is null ? NewRequest() : standing).Bytes()),
            EvidenceNames.Denial => Keep(name, isWrong || standing is null ? Foreign : GateBench.Document(name, standing)),
            _ => Keep(name, GateBench.Document(name, standing ?? NewRequest())),
        };
    }

    private EvidenceReference LiveApproval(ApprovalRequest? standing)
    {
        if (_random.Next(10) > 0 && _journal.History.Newest(EvidenceNames.Approval) is var (digest, _))
        {
            return new EvidenceReference(EvidenceNames.Approval, digest);
        }

        var boot = _random.Next(12) == 0 ? "boot-0" : _journal.Boot;
        return Remember(_journal.Approve((standing ?? NewRequest()).Id().ToString(), boot));
    }

    private EvidenceReference[] Anything() => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Old(EvidenceNames.All[_random.Next(EvidenceNames.All.Count)]))];

    /// <summary>Of the past, or never written at all.</summary>
    private EvidenceReference Old(string name)
    {
        var known = _made.Where(one => one.Name == name).ToArray();
        return known.Length > 0 && _random.Next(4) > 0
            ? known[_random.Next(known.Length)]
            : new EvidenceReference(name, Digest.Of(BitConverter.GetBytes(_random.Next())));
    }

    private void Restart()
    {
        _boot += _random.Next(2);
        _journal = new MemoryJournal(Run, $"boot-{_boot}", _time, _journal);
        var before = _gate.State;
        _gate = NewGate();
        Assert.Equal(before, _gate.State);
    }

    private TransitionGate NewGate() => new(_contract, _journal, new GateContext(_journal.Boot, _time, GateBench.Expiry));

    private ApprovalRequest NewRequest() => GateBench.NewRequest(_random.Next(2) == 0 ? BackendKinds.Remote : BackendKinds.LocalDirectory);

    private string Nonce(bool old) => (old ? _random.Next(_nonce + 1) : ++_nonce).ToString("x4", CultureInfo.InvariantCulture);

    private EvidenceReference Keep(string name, ApprovalRequest request) => Keep(name, request.Bytes());

    private EvidenceReference Keep(string name, byte[] bytes)
    {
        var reference = new EvidenceReference(name, Digest.Of(bytes));
        return _journal.History.Has(reference) ? reference : Remember(_journal.Record(name, bytes));
    }

    private EvidenceReference Remember(EvidenceReference reference)
    {
        _made.Add(reference);
        return reference;
    }
}
