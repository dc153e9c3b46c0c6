using System.Net.Sockets;
using System.Text;

namespace AslRescue.Intake.Control;

/// <summary>
/// sd_notify(3) without libsystemd: datagrams to the socket that NOTIFY_SOCKET names, a path or, behind an @, an abstract one. What goes
/// wrong is ignored, as sd_notify itself asks callers to: a service manager that does not listen is no reason to fail.
/// </summary>
public sealed class ServiceNotifier
{
    private readonly string? _address;

    private ServiceNotifier(string? address) => _address = address;

    /// <summary>Tells nobody.</summary>
    public static ServiceNotifier None { get; } = new(null);

    /// <summary>Tells whoever NOTIFY_SOCKET names.</summary>
    public static ServiceNotifier FromEnvironment() => At(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>Tells an address; anything but "/…" and "@…" is nobody.</summary>
    public static ServiceNotifier At(string? address) =>
        address is ['/' or '@', _, ..] ? new ServiceNotifier(address[0] == '@' ? "\0" + address[1..] : address) : None;

    /// <summary>The control socket answers.</summary>
    public void Ready() => Send("READY=1");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public void Status(string line) => Send("STATUS=" + line.ReplaceLineEndings(" "));

    /// <summary>The service is on its way out.</summary>
    public void Stopping() => Send("STOPPING=1");

    private void Send(string message)
    {
        if (_address is null)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(_address));
        }
        catch (Exception ignored) when (ignored is SocketException or ArgumentException)
        {
        }
    }
}
