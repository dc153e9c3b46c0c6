using System.Reflection;
using System.Threading.Channels;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Devices;
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
public sealed class IntakeRun : IAsyncDisposable
{
    private readonly IntakeParts _parts;
    private readonly Channel<OperatorCommand> _commands;
    private readonly RunFolders _folders;
    private IntakeLock? _lock;
    private StatusBoard? _board;
    private ControlServer? _server;
    private string? _run;

    // One that could not be written to. A line that it was refused may lie in the file all the same, so no other may take its place.
    private MachineJournal? _unwritten;

    private IntakeRun(IntakeParts parts) => (_parts, _folders, _commands) =
        (parts, new RunFolders(parts.Paths, parts.Files), parts.Commands ?? Channel.CreateBounded<OperatorCommand>(64));

    /// <summary>
    /// Works on a run until it is over, has to wait for somebody (if so wanted), or <paramref name="stop"/> is signalled. Where the journal has
    /// no room it waits for that too, and goes on from what is written as after a kill.
    /// </summary>
    /// <exception cref="AslException">It could not be begun, or its journal cannot be read any more.</exception>
    public static async Task<IntakeOutcome> RunAsync(IntakeParts parts, CancellationToken stop)
    {
        await parts.Guard.CheckWritesAsync([.. parts.Settings.Sources.Select(source => source.Path)], stop);
        await using var run = new IntakeRun(parts);
        while (true)
        {
            try
            {
                return await run.WorkAsync(stop);
            }
            catch (AslException full) when (StateFiles.IsWaitedFor(full.Error))
            {
                if (parts.LeavesWhenAsked || !await run.WaitForRoomAsync(full.Error, stop))
                {
                    return IntakeOutcome.WithoutRoom(run._run, run._board?.Current, full.Error, stop.IsCancellationRequested);
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _parts.Notifier.Stopping();
        _commands.Writer.TryComplete();
        RefuseWaiting("the run is over");
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _unwritten?.Dispose();
        _lock?.Dispose();
    }

    private async Task<IntakeOutcome> WorkAsync(CancellationToken stop)
    {
        _lock ??= IntakeLock.Take(_parts.Paths.Lock, _parts.Files);
        WriteUnwritten();
        var (contract, unproved) = ReadContract();
        var exists = ChooseRun();
        if (exists && unproved is not null)
        {
            // A run that has begun is not thrown away because of a slip in a file: it waits until the file is right again.
            throw unproved;
        }

        var session = new IntakeSession(_parts, contract, OpenJournal(_run!, exists), _board);
        var watch = new ServiceWatch(_parts, session.Board, session.Heart);
        try
        {
            Begin(session);
            Listen(session.Board);
            await session.CountDisksAsync(DiskMoments.Begun, CancellationToken.None);
            if (unproved is not null)
            {
                session.Gate.Take(IntakeTrigger.Violated, [], Reason(unproved.Error));
            }

            return await DriveAsync(session, watch, stop) ? await EndAsync(session, watch, unproved?.Error) : await PauseAsync(session, watch, stop);
        }
        catch (AslException full) when (StateFiles.IsWaitedFor(full.Error))
        {
            await (_parts.LeavesWhenAsked || stop.IsCancellationRequested ? CleanUpAsync(session, watch) : session.LetGoAsync());
            _unwritten = session.Journal;
            throw;
        }
        finally
        {
            _run = session.Journal.Run;
            if (_unwritten is null)
            {
                session.Dispose();
            }
        }
    }

    private void WriteUnwritten()
    {
        _unwritten?.Writer.Settle();
        _unwritten?.Dispose();
        _unwritten = null;
    }

    /// <summary>Whether the run is there already; the one that this process has begun stays the one.</summary>
    private bool ChooseRun()
    {
        if (_run is not null)
        {
            return LocalJournal.Exists(_parts.Paths.Run(_run));
        }

        (_run, var exists) = _folders.Choose(_parts.Choice, _parts.Run, _parts.Time);
        return exists;
    }

    private void Listen(StatusBoard board)
    {
        _board = board;
        _server ??= ControlServer.Open(_parts.Paths, board, _commands.Writer);
        _parts.Notifier.Ready();
    }

    /// <summary>A while, with the reason on the screen; false when the process has to end.</summary>
    private async Task<bool> WaitForRoomAsync(AslError full, CancellationToken stop)
    {
        var why = Reason(full);
        Listen(_board ?? new StatusBoard(StatusView.WithoutJournal(_run ?? "", _parts)));
        var status = _board!.Update(status => status with { Detail = $"waiting for room: {why}", Error = ControlError.Of(full), Type = [$"df {full.Where}"] });
        _parts.OnStatus?.Invoke(status);
        _parts.Notifier.Status($"waiting for room: {why}");
        _parts.Notifier.Watchdog(); // It comes round every few seconds, and that is all there is to do.
        RefuseWaiting(why);
        await Task.Delay(DetectingStep.Poll, _parts.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stop.IsCancellationRequested;
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
            ? MachineJournal.Open(folder, run, _parts.Boot, _parts.Time, _parts.WrapSink, _parts.Files)
            : MachineJournal.Begin(folder, run, _parts.Boot, _parts.Time, _parts.WrapSink, _parts.Files);
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
    private async Task<bool> DriveAsync(IntakeSession session, ServiceWatch watch, CancellationToken stop)
    {
        var desk = new CommandDesk(session);
        while (SettleWaiting(session, desk))
        {
            session.Show();
            watch.Tell();
            var state = session.Gate.State;
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop);

            // On the pool, because the engine blocks on purpose and operators must be heard all the same.
            var step = Task.Run(() => GuardedAsync(session, state, cut.Token), CancellationToken.None);
            OperatorCommand? command;
            try
            {
                command = await NextAsync(desk, step, watch, stop);
            }
            catch
            {
                // A refusal that could not be written ends the session; no step may outlive it, and work on what is closed by then.
                await cut.CancelAsync();
                await ((Task)step).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }

            if (command is not null)
            {
                await cut.CancelAsync();
                await watch.AnyAsync(step); // It may be inside a read that takes long.
            }

            var answered = await AnsweredAsync(step, command);
            session.JournalRefusedWrites();
            if (answered is { } outcome)
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

    /// <summary>What a step came to. Whoever asked for something meanwhile is not left without an answer when that is a failure.</summary>
    private static async Task<StepOutcome?> AnsweredAsync(Task<StepOutcome?> step, OperatorCommand? command)
    {
        try
        {
            return await step;
        }
        catch (AslException failure)
        {
            command?.Refuse(Objection.Guard(Reason(failure.Error)), failure.Error.Fix);
            throw;
        }
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
    private async Task<OperatorCommand?> NextAsync(CommandDesk desk, Task step, ServiceWatch watch, CancellationToken stop)
    {
        while (!step.IsCompleted)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var arrival = _commands.Reader.WaitToReadAsync(waiting.Token).AsTask();
            await watch.AnyAsync(step, arrival);
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
                _parts.Notifier.Stopping();
                await step.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    /// <summary>The step may have come to an end of its own just before it was cut: then the command is judged again.</summary>
    private static void Settle(CommandDesk desk, OperatorCommand command)
    {
        try
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
        catch (AslException failure)
        {
            command.Refuse(Objection.Guard(Reason(failure.Error)), failure.Error.Fix);
            throw;
        }
    }

    private async Task<IntakeOutcome> EndAsync(IntakeSession session, ServiceWatch watch, AslError? unproved)
    {
        session.Show();
        watch.Tell();
        session.EndTakenFrom();
        var leftover = await CleanUpAsync(session, watch) ?? MarkEnd(session);

        var outcome = IntakeOutcome.Of(session, unproved) with { Leftover = leftover };
        session.Publish(status => status with
        {
            Detail = leftover is null ? null : Reason(leftover),
            Error = outcome.Error is { } error ? ControlError.Of(error) : null,
            ExitCode = outcome.ExitCode,
        });
        watch.Tell();
        return outcome;
    }

    /// <summary>The run is over whether or not that can be noted: sealed is sealed.</summary>
    private AslError? MarkEnd(IntakeSession session)
    {
        try
        {
            _folders.End(session.Journal.Run, session.Gate.State);
            return null;
        }
        catch (AslException full) when (StateFiles.IsWaitedFor(full.Error))
        {
            return full.Error;
        }
    }

    private async Task<IntakeOutcome> PauseAsync(IntakeSession session, ServiceWatch watch, CancellationToken stop)
    {
        if (session.Gate.State == IntakeState.Ingesting)
        {
            await session.CountDisksAsync(DiskMoments.Stopped, CancellationToken.None);
        }

        session.Journal.Append(new JournalEntry(RecordKinds.Stopped)
        {
            Fields = [new("reason", stop.IsCancellationRequested ? "the process was asked to end" : "the command does not wait")],
        });
        var leftover = await CleanUpAsync(session, watch);
        return IntakeOutcome.Of(session, null, stop.IsCancellationRequested) with { Leftover = leftover };
    }

    /// <summary>On the pool: closing and unmounting may block, and the service manager must hear from this loop meanwhile.</summary>
    private static async Task<AslError?> CleanUpAsync(IntakeSession session, ServiceWatch watch)
    {
        using var bounded = session.Heart.Bounded(session.Parts.Settings.AttachTimeout);
        var cleaning = Task.Run(() => LetGoAsync(session), CancellationToken.None);
        await watch.AnyAsync(cleaning);
        return await cleaning;
    }

    private static async Task<AslError?> LetGoAsync(IntakeSession session)
    {
        try
        {
            await session.LetGoAsync();
            session.JournalRefusedWrites();
            var behind = session.Journal.BackendProblem;
            await session.DetachAsync();
            return behind;
        }
        catch (AslException failure)
        {
            return failure.Error;
        }
    }

    private void RefuseWaiting(string why)
    {
        while (_commands.Reader.TryRead(out var command))
        {
            command.Refuse(Objection.NoTransition(why), "asl-intake status");
        }
    }

    private static string Reason(AslError error) => error.Why is null ? error.What : $"{error.What}: {error.Why}";
}
