using AslRescue.Intake.Steps;
using AslRescue.Shared.ServiceManager;

namespace AslRescue.Intake.Control;

/// <summary>
/// What the service manager hears of a run: the status line, and signs of life. There is no thread and no timer for that: the machine's own
/// loop, the one that hears operators, asks for it while it waits for a step. So a sign of life proves that the loop comes round, and
/// it is given only when the step has shown something since the last one:
/// <list type="bullet">
/// <item>it counted a byte, an entry, a bad sector, a block, or came to another phase;</item>
/// <item>it polled: Detecting and AwaitingApproval come round every two seconds;</item>
/// <item>it is in a wait that has a limit of its own: attaching, the pause before a retry, giving the backend back, a server that checks what it was sent;</item>
/// <item>a thread is inside the kernel for a disk. A read of a dying disk may take minutes, and a new process would ask for the same sector.</item>
/// </list>
/// What it finds is the rest: threads that wait for each other, an endless loop, a step that has died without a word.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class ServiceWatch(IntakeParts parts, StatusBoard board, Heartbeat heart)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuietMin = TimeSpan.FromSeconds(10);
    private readonly ServiceNotifier _notifier = parts.Notifier;
    private readonly TimeProvider _time = parts.Time;
    private (long Beats, long Advances) _seen;
    private long _moved = parts.Time.GetTimestamp();
    private long _signed = parts.Time.GetTimestamp();
    private long _told = parts.Time.GetTimestamp();
    private bool _isAlive;
    private bool _isDiskWaited;

    /// <summary>Waits for one of these to end, and lets the service manager know meanwhile.</summary>
    public async Task AnyAsync(params Task[] tasks)
    {
        while (_notifier.IsHeard && !Array.Exists(tasks, task => task.IsCompleted))
        {
            using var cut = new CancellationTokenSource();
            await Task.WhenAny([.. tasks, Task.Delay(Period, _time, cut.Token)]);
            await cut.CancelAsync();
            Look();
        }

        await Task.WhenAny(tasks);
    }

    /// <summary>Tells how things stand now.</summary>
    public void Tell()
    {
        _told = _time.GetTimestamp();
        var quiet = _time.GetElapsedTime(_moved);
        var waits = _isDiskWaited && quiet >= QuietMin ? FormattableString.Invariant($"; waits for a disk, nothing has moved for {quiet.TotalSeconds:0} s") : "";
        _notifier.Status(parts.Describe(board.Current) + waits);
    }

    private void Look()
    {
        var now = (heart.Beats, parts.Ingest.Advances);
        var hasMoved = now != _seen;
        (_seen, _moved) = (now, hasMoved ? _time.GetTimestamp() : _moved);
        _isDiskWaited = !hasMoved && parts.WaitsForDisk();
        _isAlive |= hasMoved || _isDiskWaited || heart.IsWaiting || parts.Ingest.IsWaiting;
        if (_isAlive && _notifier.WatchdogPeriod is { } period && _time.GetElapsedTime(_signed) >= period / 4)
        {
            (_isAlive, _signed) = (false, _time.GetTimestamp());
            _notifier.Watchdog();
        }

        if (_time.GetElapsedTime(_told) >= StatusPeriod)
        {
            Tell();
        }
    }
}
