using System.Reflection;
using System.Threading.Channels;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake;

/// <summary>
/// One process's work on a run, for the service and for the foreground command alike: lock, contract, journal, control socket, then the
/// loop: start the step of the state the journal says, listen to operators meanwhile, ask the gate for the transition it came to.
/// </summary>
/// <remarks>
/// Everything that moves the machine happens in this loop, one thing after another. A kill at any point leaves a journal from which
/// the same loop goes on.
/// </remarks>
public sealed class IntakeRun
{
    private readonly IntakeParts _parts;
    private readonly Channel<OperatorCommand> _commands;
    private readonly RunFolders _folders;

    private IntakeRun(IntakeParts parts) =>
        (_parts, _folders, _commands) = (parts, new RunFolders(parts.Paths), parts.Commands ?? Channel.CreateBounded<OperatorCommand>(64));

    /// <summary>Works on a run until it is over, has to wait for somebody (if so wanted), or <paramref name="stop"/> is signalled.</summary>
    /// <exception cref="AslException">It could not be begun, or its journal cannot be written any more; it can be resumed.</exception>
    public static async Task<IntakeOutcome> RunAsync(IntakeParts parts, CancellationToken stop)
    {
        await parts.Guard.CheckWritesAsync([.. parts.Settings.Sources.Select(source => source.Path)], stop);
        using var one = IntakeLock.Take(parts.Paths.Lock);
        return await new IntakeRun(parts).WorkAsync(stop);
    }

    private async Task<IntakeOutcome> WorkAsync(CancellationToken stop)
    {
        var (contract, unproved) = ReadContract();
        var (run, exists) = _folders.Choose(_parts.Choice, _parts.Run, _parts.Time);
        if (exists && unproved is not null)
        {
            // A run that has begun is not thrown away because of a slip in a file: it waits until the file is right again.
            throw unproved;
        }

        using var session = new IntakeSession(_parts, contract, OpenJournal(run, exists));
        Begin(session);
        await using var server = ControlServer.Open(_parts.Paths, session.Board, _commands.Writer);
        _parts.Notifier.Ready();
        try
        {
            if (unproved is not null)
            {
                session.Gate.Take(IntakeTrigger.Violated, [], Reason(unproved.Error));
            }

            return await DriveAsync(session, stop) ? await EndAsync(session, unproved?.Error) : await PauseAsync(session, stop);
        }
        finally
        {
            _parts.Notifier.Stopping();
            RefuseTheRest();
        }
    }

    private (Contract Contract, AslException? Unproved) ReadContract()
    {
        try
        {
            var contract = ContractFile.Load(_parts.Paths.Contract);
            var proof = ContractProof.Of(contract);
            return (contract, proof.Holds ? null : proof.Failure(_parts.Paths.Contract));
        }
        catch (AslException unreadable)
        {
            return (new Contract([], []), unreadable);
        }
    }

    private MachineJournal OpenJournal(string run, bool exists)
    {
        var folder = _parts.Paths.Run(run);
        return exists
            ? MachineJournal.Open(folder, run, _parts.Boot, _parts.Time, _parts.WrapSink)
            : MachineJournal.Begin(folder, run, _parts.Boot, _parts.Time, _parts.WrapSink);
    }

    private static void Begin(IntakeSession session)
    {
        var isNew = session.Journal.Writer.Head.Sequence == 0;
        var version = typeof(IntakeRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        session.Journal.Append(new JournalEntry(isNew ? RecordKinds.Began : RecordKinds.Resumed)
        {
            Fields =
            [
                new("by", session.Parts.Commander is { } peer ? $"uid {peer.Uid}" : "service"), new("version", version),
                new("contract", session.Contract.Digest), new("proof", ContractProof.Of(session.Contract).Digest),
            ],
        });
        session.Record(EvidenceNames.Contract, session.Contract.Bytes);
        session.Show();
    }

    /// <summary>Returns true when the run is over, false when the process has to leave it.</summary>
    private async Task<bool> DriveAsync(IntakeSession session, CancellationToken stop)
    {
        var desk = new CommandDesk(session);
        while (SettleWaiting(session, desk))
        {
            session.Show();
            _parts.Notifier.Status($"{session.Gate.State}: {session.History.Reason}");
            var state = session.Gate.State;
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop);

            // On the pool, because the engine blocks on purpose and operators must be heard all the same.
            var step = Task.Run(() => GuardedAsync(session, state, cut.Token), CancellationToken.None);
            var command = await NextAsync(desk, step, stop);
            if (command is not null)
            {
                await cut.CancelAsync();
            }

            if (await step is { } outcome)
            {
                if (ReferenceEquals(outcome, StepOutcome.Leave))
                {
                    return false;
                }

                Take(session, outcome);
            }
            else if (command is null)
            {
                return false;
            }

            if (command is not null)
            {
                Settle(desk, command);
            }
        }

        return true;
    }

    /// <summary>Carries out what operators asked for between two steps, before the next one begins. False when the run is over.</summary>
    private bool SettleWaiting(IntakeSession session, CommandDesk desk)
    {
        while (!session.Gate.State.IsTerminal() && _commands.Reader.TryRead(out var command))
        {
            Settle(desk, command);
        }

        return !session.Gate.State.IsTerminal();
    }

    /// <summary>Null when the step was cut short.</summary>
    private static async Task<StepOutcome?> GuardedAsync(IntakeSession session, IntakeState state, CancellationToken cancellationToken)
    {
        try
        {
            return await session.StepOf(state).RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (AslException failure) when (IsWork(state))
        {
            return Failure(session, failure.Error);
        }
        catch (Exception failure) when (IsWork(state) && failure is IOException or UnauthorizedAccessException)
        {
            return Failure(session, new AslError(ErrorCode.StoreIo, "reading or writing failed")
            {
                Why = failure.Message,
                Fix = "look at the kernel's messages: dmesg",
                IsPermanent = false,
            });
        }
    }

    private static bool IsWork(IntakeState state) => state.IsAttaching() || state == IntakeState.Ingesting;

    private static StepOutcome Failure(IntakeSession session, AslError error)
    {
        // Taking over another run may have changed the state under the step; then its own step will meet the same failure.
        if (!IsWork(session.Gate.State))
        {
            return StepOutcome.LookAgain;
        }

        var progressed = session.Gate.State == IntakeState.Ingesting
            && session.StepOf(IntakeState.Ingesting) is IngestingStep { HasProgressed: true };
        var evidence = session.Record(EvidenceNames.Failure, FailureDocument.Of(error, progressed).Bytes());
        return new StepOutcome(error.IsPermanent ? IntakeTrigger.GaveUp : IntakeTrigger.Failed, [evidence], Reason(error));
    }

    private static void Take(IntakeSession session, StepOutcome outcome)
    {
        if (outcome.Trigger is { } trigger)
        {
            session.Gate.Take(trigger, outcome.Evidence, outcome.Reason);
        }
    }

    /// <summary>The next command that can be carried out; null when the step ends first. Others are answered on the way.</summary>
    private async Task<OperatorCommand?> NextAsync(CommandDesk desk, Task step, CancellationToken stop)
    {
        while (!step.IsCompleted)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var arrival = _commands.Reader.WaitToReadAsync(waiting.Token).AsTask();
            await Task.WhenAny(step, arrival);
            await waiting.CancelAsync();
            while (!step.IsCompleted && _commands.Reader.TryRead(out var command))
            {
                if (desk.WhyNot(command) is not { } why)
                {
                    return command;
                }

                desk.Refuse(command, why);
            }

            if (stop.IsCancellationRequested)
            {
                await step.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    /// <summary>The step may have come to an end of its own just before it was cut: then the command is judged again.</summary>
    private static void Settle(CommandDesk desk, OperatorCommand command)
    {
        if (desk.WhyNot(command) is { } why)
        {
            desk.Refuse(command, why);
        }
        else
        {
            desk.Perform(command);
        }
    }

    private async Task<IntakeOutcome> EndAsync(IntakeSession session, AslError? unproved)
    {
        session.Show();
        var leftover = await CleanUpAsync(session);
        if (leftover is null)
        {
            _folders.End(session.Journal.Run, session.Gate.State);
        }

        var outcome = IntakeOutcome.Of(session, unproved) with { Leftover = leftover };
        session.Publish(status => status with
        {
            Detail = leftover is null ? null : Reason(leftover),
            Error = outcome.Error is { } error ? ControlError.Of(error) : null,
            ExitCode = outcome.ExitCode,
        });
        _parts.Notifier.Status($"{session.Gate.State}: {session.History.Reason}");
        return outcome;
    }

    private async Task<IntakeOutcome> PauseAsync(IntakeSession session, CancellationToken stop)
    {
        session.Journal.Append(new JournalEntry(RecordKinds.Stopped)
        {
            Fields = [new("reason", stop.IsCancellationRequested ? "the process was asked to end" : "the command does not wait")],
        });
        var leftover = await CleanUpAsync(session);
        return IntakeOutcome.Of(session, null, stop.IsCancellationRequested) with { Leftover = leftover };
    }

    private static async Task<AslError?> CleanUpAsync(IntakeSession session)
    {
        try
        {
            await session.LetGoAsync();
            var behind = session.Journal.BackendProblem;
            await session.DetachAsync();
            return behind;
        }
        catch (AslException failure)
        {
            return failure.Error;
        }
    }

    private void RefuseTheRest()
    {
        _commands.Writer.TryComplete();
        while (_commands.Reader.TryRead(out var command))
        {
            command.Refuse(Objection.NoTransition("the run is over"), "asl-intake status");
        }
    }

    private static string Reason(AslError error) => error.Why is null ? error.What : $"{error.What}: {error.Why}";
}
