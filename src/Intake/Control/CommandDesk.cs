using System.Globalization;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;

namespace AslRescue.Intake.Control;

/// <summary>
/// Decides on operators' commands, on the machine's own thread. Judging changes nothing, so it can be done while a step works; only a
/// command that will be carried out stops the step first.
/// </summary>
internal sealed class CommandDesk(IntakeSession session)
{
    // A client that keeps asking nonsense must not fill the disk with refusals: beyond these only every 64th is written, with the count.
    private const int RefusalsMax = 256;
    private const int RefusalsStep = 64;
    private const int IdDigitsMin = 8;
    private int _refusals;

    /// <summary>Why a command cannot be carried out now, or null when it can.</summary>
    public Objection? WhyNot(OperatorCommand command) => command.Verb switch
    {
        OperatorVerb.Approve when session.History.Request is { Sources.Count: 0 } && IsAsked => Objection.Guard("no source is named yet"),
        OperatorVerb.Approve or OperatorVerb.Deny => WhyNotId(command.Argument),
        OperatorVerb.Add => WhyNotSource(command.Argument),
        OperatorVerb.Cancel => session.Gate.State.IsTerminal() ? Objection.NoTransition("the run is over") : null,
        OperatorVerb.Key => WhyNotKey(command.Secret),
        _ => Objection.NoTransition("there is no such request"),
    };

    /// <summary>Answers no, and journals it.</summary>
    public void Refuse(OperatorCommand command, Objection why)
    {
        var what = $"{command.Verb.ToString().ToLowerInvariant()} {Shortened(command.Argument)}".TrimEnd();
        try
        {
            if (++_refusals <= RefusalsMax)
            {
                session.Refuse(what, why, command.Who);
            }
            else if (_refusals % RefusalsStep == 0)
            {
                session.Refuse(string.Create(CultureInfo.InvariantCulture, $"{what}, {_refusals} refused requests so far"), why, command.Who);
            }
        }
        finally
        {
            command.Refuse(why, "asl-intake status   (shows what is asked and what to type)");
        }
    }

    /// <summary>Carries a judged command out. No step runs meanwhile.</summary>
    public void Perform(OperatorCommand command)
    {
        var objection = command.Verb switch
        {
            OperatorVerb.Approve => Approve(command),
            OperatorVerb.Deny => Deny(command),
            OperatorVerb.Add => Add(command),
            OperatorVerb.Cancel => Cancel(command),
            OperatorVerb.Key => Key(command),
            _ => Objection.NoTransition("there is no such request"),
        };
        if (objection is null)
        {
            session.Show();
            command.Done();
        }
        else
        {
            command.Refuse(objection, "asl-admin rules check   (the contract does not allow it)");
        }
    }

    private bool IsAsked => session.Gate.State == IntakeState.AwaitingApproval;

    /// <summary>Only written down here: the waiting step finds it in the journal, exactly as it would after a restart.</summary>
    private Objection? Approve(OperatorCommand command)
    {
        session.Approve(Approvers.Operator, command.By, null);
        return null;
    }

    private Objection? Deny(OperatorCommand command)
    {
        var request = session.RequestEvidence();
        var denial = session.Record(EvidenceNames.Denial, Act("denied", request.Digest.ToString(), command.By));
        return session.Gate.Ask(IntakeTrigger.Denied, [request, denial], $"denied by {command.Who}", command.Who);
    }

    private Objection? Cancel(OperatorCommand command)
    {
        var cancellation = session.Record(EvidenceNames.Cancellation, Act("cancelled", null, command.By));
        return session.Gate.Ask(IntakeTrigger.Cancelled, [cancellation], $"cancelled by {command.Who}", command.Who);
    }

    private Objection? Key(OperatorCommand command)
    {
        session.GiveKey(command.Secret, command.Who);
        return null;
    }

    private Objection? Add(OperatorCommand command)
    {
        var added = new AddedSource(command.Argument, command.By.Uid, command.By.Tty, session.Parts.Time.GetUtcNow());
        var source = session.Record(EvidenceNames.Source, JsonSerializer.SerializeToUtf8Bytes(added, IntakeJson.Default.AddedSource));
        EvidenceReference[] evidence = IsAsked ? [source, session.Record(EvidenceNames.Request, Extended(command.Argument).Bytes())] : [source];
        return session.Gate.Ask(IntakeTrigger.SourceAdded, evidence, $"{command.Argument} added by {command.Who}", command.Who);
    }

    private ApprovalRequest Extended(string source)
    {
        var request = session.History.Request!;
        return request with
        {
            Nonce = IntakeSession.NewNonce(),
            Sources = [.. request.Sources, new RequestSource(source, SourceOrigins.Operator)],
        };
    }

    private byte[] Act(string what, string? request, Peer by) => JsonSerializer.SerializeToUtf8Bytes(
        new OperatorAct(what, request, by.Uid, by.Tty, session.Parts.Time.GetUtcNow()), IntakeJson.Default.OperatorAct);

    private Objection? WhyNotId(string id)
    {
        if (!IsAsked)
        {
            return Objection.NoTransition($"nothing is asked: the run is {session.Gate.State}");
        }

        if (id.Length < IdDigitsMin || !id.All(char.IsAsciiHexDigitLower))
        {
            return Objection.Guard($"'{Shortened(id)}' is no request id: give at least {IdDigitsMin} of its digits");
        }

        if (session.History.Request!.Id().ToString().StartsWith(id, StringComparison.Ordinal))
        {
            return null;
        }

        return Objection.Guard(session.History.WasRequested(id)
            ? $"request {Shortened(id)} is of the past: what is asked now is {session.History.Request.Id().Short}"
            : $"no request of this run has the id {Shortened(id)}");
    }

    /// <summary>Given before the approval it waits for it; while an attempt is made it would come too late for that one.</summary>
    private Objection? WhyNotKey(byte[] key) =>
        session.Gate.State is not (IntakeState.AwaitingApproval or IntakeState.Retrying) || session.History.Request?.Dataset is null
            ? Objection.NoTransition($"no key is asked: the run is {session.Gate.State}")
            : key.Length == 0 ? Objection.Guard("the key is empty, or not in base64") : null;

    private Objection? WhyNotSource(string path)
    {
        if (session.Gate.State is not (IntakeState.Detecting or IntakeState.AwaitingApproval))
        {
            return Objection.NoTransition($"the run is {session.Gate.State}: its sources were approved and stay as they are; begin another run for this one");
        }

        if (session.History.Newest(EvidenceNames.Attach) is not null)
        {
            return Objection.Guard("the run has begun to read: its sources stay as they are; begin another run for this one");
        }

        if (!Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            return Objection.Guard($"'{Shortened(path)}' is no absolute path");
        }

        var known = session.Parts.Settings.Sources.Select(source => source.Path).Concat(session.History.Added);
        return known.Contains(path, StringComparer.Ordinal) ? Objection.Guard($"{path} is a source already") : null;
    }

    private static string Shortened(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
