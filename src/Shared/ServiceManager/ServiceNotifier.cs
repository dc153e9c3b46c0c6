using System.Globalization;
using System.Net.Sockets;
using System.Text;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.ServiceManager;

/// <summary>
/// sd_notify(3) without libsystemd: datagrams to the socket that NOTIFY_SOCKET names, a path or, behind an @, an abstract one. What goes
/// wrong is ignored, as sd_notify itself asks callers to: a service manager that does not listen is no reason to fail, and one that
/// is stuck is no reason to wait.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class ServiceNotifier
{
    // A datagram of more than PIPE_BUF bytes is dropped by the manager as a whole; nobody reads a status of more than some lines.
    private const int StatusCharsMax = 600;

    // Only READY is worth waiting for: without it the manager takes the service for one that never started.
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(5);
    private readonly UnixDomainSocketEndPoint? _manager;
    private string _status = "";
    private bool _isStopping;

    private ServiceNotifier(UnixDomainSocketEndPoint? manager, TimeSpan? watchdogPeriod) =>
        (_manager, WatchdogPeriod) = (manager, manager is null ? null : watchdogPeriod);

    /// <summary>Tells nobody.</summary>
    public static ServiceNotifier None { get; } = new(null, null);

    /// <summary>Whether there is anybody to tell.</summary>
    public bool IsHeard => _manager is not null;

    /// <summary>The manager kills a service that it has not heard <see cref="Watchdog"/> of for so long; null when it does not.</summary>
    public TimeSpan? WatchdogPeriod { get; }

    /// <summary>
    /// Tells whoever NOTIFY_SOCKET names, and takes the name out of the environment: what this program starts speaks for itself only.
    /// </summary>
    public static ServiceNotifier FromEnvironment()
    {
        var notifier = At(
            Environment.GetEnvironmentVariable("NOTIFY_SOCKET"),
            PeriodOf(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"), Environment.ProcessId));
        foreach (var name in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        return notifier;
    }

    /// <summary>Tells an address; anything but "/…" and "@…", and what is too long for one, is nobody.</summary>
    public static ServiceNotifier At(string? address, TimeSpan? watchdogPeriod = null)
    {
        try
        {
            return address is ['/' or '@', _, ..]
                ? new ServiceNotifier(new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address), watchdogPeriod)
                : None;
        }
        catch (ArgumentOutOfRangeException)
        {
            return None;
        }
    }

    /// <summary>
    /// sd_watchdog_enabled(3): how often a sign of life is wanted; null when none is, or when it is another process that shall give it.
    /// </summary>
    public static TimeSpan? PeriodOf(string? microseconds, string? process, int ownProcess) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var period) && period is > 0 and < long.MaxValue / 10
        && (process is null || process == ownProcess.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(period)
            : null;

    /// <summary>The service does what it is there for.</summary>
    public void Ready() => Send("READY=1", ReadyMax);

    /// <summary>One line for <c>systemctl status</c>; the same again is not sent.</summary>
    public void Status(string line)
    {
        line = Printable.Text(line.ReplaceLineEndings(" "));
        line = line.Length <= StatusCharsMax ? line : line[..(char.IsHighSurrogate(line[StatusCharsMax - 1]) ? StatusCharsMax - 1 : StatusCharsMax)] + "...";
        if (line != _status)
        {
            _status = line;
            Send("STATUS=" + line, TimeSpan.Zero);
        }
    }

    /// <summary>A sign of life.</summary>
    public void Watchdog() => Send("WATCHDOG=1", TimeSpan.Zero);

    /// <summary>The service is on its way out; said once.</summary>
    public void Stopping()
    {
        if (!_isStopping)
        {
            _isStopping = true;
            Send("STOPPING=1", TimeSpan.Zero);
        }
    }

    private void Send(string message, TimeSpan atMost)
    {
        if (_manager is null)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            (socket.Blocking, socket.SendTimeout) = (atMost > TimeSpan.Zero, (int)atMost.TotalMilliseconds);
            socket.SendTo(Encoding.UTF8.GetBytes(message), _manager);
        }
        catch (SocketException)
        {
        }
    }
}
