using System.Globalization;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Machine;

/// <summary>What a contract gets wrong.</summary>
/// <param name="Lemma">"M5".</param>
/// <param name="Text">The complaint.</param>
/// <param name="Path">The shortest run that shows it, as "Detecting –decided→ AwaitingApproval"; empty when one clause shows it.</param>
public sealed record Finding(string Lemma, string Text, IReadOnlyList<string> Path)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Count == 0 ? $"{Lemma}: {Text}" : $"{Lemma}: {Text}\n  {string.Join("\n  ", Path)}";
}

/// <summary>
/// The static proof over a contract. The lemmas are in code, so no edit of the file can switch one off: a file can make the machine
/// do less, or ask for more evidence, but never less evidence or another transition.
/// </summary>
public sealed class ContractProof
{
    private const string Version = "asl-intake-proof 2";
    private static readonly string[] Words = ["MUST", "SHALL", "SHOULD", "MAY", "REQUIRED", "RECOMMENDED", "OPTIONAL"];

    /// <summary>The least evidence for each trigger. A file may add to it.</summary>
    private static readonly Dictionary<IntakeTrigger, string[]> Floor = new()
    {
        [IntakeTrigger.Decided] = [EvidenceNames.Decision, EvidenceNames.Request],
        [IntakeTrigger.SourceAdded] = [EvidenceNames.Source],
        [IntakeTrigger.Redecided] = [EvidenceNames.Request],
        [IntakeTrigger.ApprovedLocal] = [EvidenceNames.Request, EvidenceNames.Approval],
        [IntakeTrigger.ApprovedRemote] = [EvidenceNames.Request, EvidenceNames.Approval],
        [IntakeTrigger.Denied] = [EvidenceNames.Request, EvidenceNames.Denial],
        [IntakeTrigger.Expired] = [],
        [IntakeTrigger.Cancelled] = [EvidenceNames.Cancellation],
        [IntakeTrigger.Attached] = [EvidenceNames.Approval, EvidenceNames.Attach],
        [IntakeTrigger.Failed] = [EvidenceNames.Failure],
        [IntakeTrigger.GaveUp] = [EvidenceNames.Failure],
        [IntakeTrigger.Unapproved] = [EvidenceNames.Request],
        [IntakeTrigger.RetryLocal] = [EvidenceNames.Approval, EvidenceNames.Failure],
        [IntakeTrigger.RetryRemote] = [EvidenceNames.Approval, EvidenceNames.Failure],
        [IntakeTrigger.Exhausted] = [EvidenceNames.Request, EvidenceNames.Failure],
        [IntakeTrigger.Sealed] = [EvidenceNames.Approval, EvidenceNames.Attach, EvidenceNames.Seal],
    };

    /// <summary>By which trigger each state is left when its time is up.</summary>
    private static readonly (IntakeState State, IntakeTrigger Ends)[] Waits =
    [
        (IntakeState.Detecting, IntakeTrigger.Expired),
        (IntakeState.AwaitingApproval, IntakeTrigger.Expired),
        (IntakeState.AttachingLocal, IntakeTrigger.Failed),
        (IntakeState.AttachingRemote, IntakeTrigger.Failed),
        (IntakeState.Ingesting, IntakeTrigger.Failed),
        (IntakeState.Retrying, IntakeTrigger.Exhausted),
    ];

    private ContractProof(Contract contract, IReadOnlyList<Finding> findings) => (Contract, Findings) = (contract, findings);

    /// <summary>What was examined.</summary>
    public Contract Contract { get; }

    /// <summary>Empty when the proof holds.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Whether a machine may run under the contract.</summary>
    public bool Holds => Findings.Count == 0;

    /// <summary>SHA-256 of <see cref="Text"/>.</summary>
    public Digest Digest => Digest.Of(Encoding.UTF8.GetBytes(Text));

    /// <summary>The proof as a document: which lemmas, over which file, with what outcome.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder(Version).Append("\ncontract ").Append(Contract.Digest).Append('\n');
            foreach (var (lemma, statement) in Lemmas)
            {
                var count = Findings.Count(finding => finding.Lemma == lemma);
                text.Append(CultureInfo.InvariantCulture, $"{lemma} {(count == 0 ? "holds" : $"fails {count} times")}: {statement}\n");
            }

            return text.ToString();
        }
    }

    /// <summary>The lemmas, as people read them.</summary>
    public static IReadOnlyList<(string Lemma, string Statement)> Lemmas { get; } =
    [
        ("M1", "clause ids are unique, and so is each pair of state and trigger"),
        ("M2", "every clause is a transition that the machine knows, with the target that the machine gives it"),
        ("M3", "every state can be reached from Detecting"),
        ("M4", "Sealed or Halted can be reached from every state, and nothing leaves them"),
        ("M5", "no path reaches a backend without an approval given after the last time one was asked for, nor does a run that is resumed"),
        ("M6", "no clause requires less evidence than its trigger means"),
        ("M7", "every state but the last two can be cancelled"),
        ("M8", "every clause says what it demands in RFC 2119's words"),
        ("M9", "every state in which something is awaited is left when its time is up"),
    ];

    /// <summary>Examines a contract. Always gives an answer.</summary>
    public static ContractProof Of(Contract contract)
    {
        List<Finding> findings =
        [
            .. Unique(contract), .. Known(contract), .. Reachable(contract), .. Ends(contract), .. Approved(contract),
            .. Floors(contract), .. Cancellable(contract), .. Worded(contract), .. Timed(contract),
        ];
        return new ContractProof(contract, findings);
    }

    /// <summary>The error to show when the proof does not hold.</summary>
    public AslException Failure(string path) => new(new AslError(ErrorCode.ContractUnproved, "the machine's contract is not proved")
    {
        Where = path,
        Why = string.Join("; ", Findings.Take(3).Select(finding => $"{finding.Lemma}: {finding.Text}"))
            + (Findings.Count > 3 ? string.Create(CultureInfo.InvariantCulture, $"; and {Findings.Count - 3} more") : ""),
        Fix = "asl-admin rules check   (prints every finding with its path; nothing is attached until it is clean)",
    });

    private static IEnumerable<Finding> Unique(Contract contract)
    {
        foreach (var group in contract.Clauses.GroupBy(clause => clause.Id).Where(group => group.Count() > 1))
        {
            yield return new Finding("M1", $"{group.Key} stands in the file {group.Count()} times", []);
        }

        foreach (var group in contract.Clauses.GroupBy(clause => (clause.From, clause.Trigger)).Where(group => group.Count() > 1))
        {
            var ids = string.Join(" and ", group.Select(clause => clause.Id));
            yield return new Finding("M1", $"{ids} both speak of '{group.Key.Trigger.Word()}' in {group.Key.From}", []);
        }
    }

    private static IEnumerable<Finding> Known(Contract contract)
    {
        foreach (var clause in contract.Clauses)
        {
            if (!IntakeMachine.Transitions.TryGetValue((clause.From, clause.Trigger), out var to))
            {
                yield return new Finding("M2", $"{clause.Id}: the machine has no '{clause.Trigger.Word()}' in {clause.From}", []);
            }
            else if (to != clause.To || clause.Trigger == IntakeTrigger.Violated)
            {
                yield return new Finding(
                    "M2", $"{clause.Id}: '{clause.Trigger.Word()}' in {clause.From} leads to {to}, not by this clause to {clause.To}", []);
            }
        }
    }

    private static IEnumerable<Finding> Reachable(Contract contract)
    {
        var reached = Closure(contract, IntakeStates.Initial);
        return IntakeStates.All.Where(state => !reached.Contains(state))
            .Select(state => new Finding("M3", $"{state} cannot be reached from {IntakeStates.Initial}", []));
    }

    private static IEnumerable<Finding> Ends(Contract contract)
    {
        foreach (var clause in contract.Clauses.Where(clause => clause.From.IsTerminal()))
        {
            yield return new Finding("M4", $"{clause.Id} leaves {clause.From}, which is an end", []);
        }

        foreach (var state in IntakeStates.All.Where(state => !Closure(contract, state).Any(IntakeStates.IsTerminal)))
        {
            yield return new Finding("M4", $"from {state} no end can be reached", []);
        }
    }

    /// <summary>
    /// Breadth first over (state, holds an approval), so the first path found is a shortest one. A clause that requires an approval
    /// gives it, for the gate takes none but a yes to the request that stands; standing where one is asked for, or before, takes it away.
    /// A run may be resumed in any state after a reboot, when no approval holds any more: so paths begin there, too.
    /// </summary>
    private static IEnumerable<Finding> Approved(Contract contract)
    {
        var paths = new Dictionary<(IntakeState State, bool Held), string[]> { [(IntakeStates.Initial, false)] = [] };
        Finding[] begun = [.. Walk(contract, paths, [IntakeStates.Initial])];
        IntakeState[] resumed =
            [.. IntakeStates.All.Where(state => !state.IsTerminal() && paths.TryAdd((state, false), [$"resumed in {state}, after a reboot"]))];
        return [.. begun, .. Walk(contract, paths, resumed)];
    }

    private static IEnumerable<Finding> Walk(Contract contract, Dictionary<(IntakeState State, bool Held), string[]> paths, IReadOnlyList<IntakeState> starts)
    {
        var queue = new Queue<(IntakeState State, bool Held)>(starts.Select(state => (state, false)));
        while (queue.TryDequeue(out var here))
        {
            foreach (var clause in contract.Clauses.Where(clause => clause.From == here.State))
            {
                var asks = clause.To is IntakeState.Detecting or IntakeState.AwaitingApproval;
                var held = !asks && (here.Held || clause.Requires.Contains(EvidenceNames.Approval));
                string[] path = [.. paths[here], $"{clause.From} –{clause.Trigger.Word()}→ {clause.To}   ({clause.Id})"];
                if (!held && (clause.To.IsAttaching() || clause.To is IntakeState.Ingesting or IntakeState.Sealed))
                {
                    yield return new Finding("M5", $"{clause.To} can be reached without an approval", path);
                }

                if (paths.TryAdd((clause.To, held), path))
                {
                    queue.Enqueue((clause.To, held));
                }
            }
        }
    }

    private static IEnumerable<Finding> Floors(Contract contract) =>
        from clause in contract.Clauses
        let missing = FloorOf(clause).Except(clause.Requires).ToArray()
        where missing.Length > 0
        select new Finding("M6", $"{clause.Id}: '{clause.Trigger.Word()}' must require {string.Join(", ", missing)}", []);

    /// <summary>While a request stands, whatever changes or ends it has to name it.</summary>
    private static string[] FloorOf(Clause clause)
    {
        var floor = Floor.GetValueOrDefault(clause.Trigger, []);
        var standsRequest = clause is { From: IntakeState.AwaitingApproval, Trigger: IntakeTrigger.SourceAdded or IntakeTrigger.Expired };
        return standsRequest ? [.. floor, EvidenceNames.Request] : floor;
    }

    private static IEnumerable<Finding> Cancellable(Contract contract) =>
        from state in IntakeStates.All
        where !state.IsTerminal()
        where !contract.Clauses.Any(clause => clause.From == state && clause.Trigger == IntakeTrigger.Cancelled)
        select new Finding("M7", $"no clause lets the operator cancel in {state}", []);

    /// <summary>What ends each wait. M2 keeps the targets: none of them leads to a backend.</summary>
    private static IEnumerable<Finding> Timed(Contract contract) =>
        from wait in Waits
        where !contract.Clauses.Any(clause => clause.From == wait.State && clause.Trigger == wait.Ends)
        select new Finding("M9", $"no clause says '{wait.Ends.Word()}' in {wait.State}: it could be waited there for ever", []);

    private static IEnumerable<Finding> Worded(Contract contract) =>
        from clause in contract.Clauses
        where !clause.Text.Split(' ', ',', '.', ';', ':').Any(word => Words.Contains(word, StringComparer.Ordinal))
        select new Finding("M8", $"{clause.Id} has none of {string.Join(", ", Words)}", []);

    private static HashSet<IntakeState> Closure(Contract contract, IntakeState from)
    {
        var reached = new HashSet<IntakeState> { from };
        var queue = new Queue<IntakeState>(reached);
        while (queue.TryDequeue(out var here))
        {
            foreach (var clause in contract.Clauses.Where(clause => clause.From == here && reached.Add(clause.To)))
            {
                queue.Enqueue(clause.To);
            }
        }

        return reached;
    }
}
