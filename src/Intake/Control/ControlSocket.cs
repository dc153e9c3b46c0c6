using System.Net.Sockets;
using System.Text;
using AslRescue.Shared.Interop;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Intake.Control;

/// <summary>
/// The address of the control socket. A Unix address holds 108 bytes; below a deep root the path is longer, so the folder is opened and
/// the socket addressed through it, as /proc/self/fd/N/intake.sock.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    private const int AddressBytesMax = 100;
    private readonly SafeFileHandle? _folder;

    public ControlSocket(string path)
    {
        Address = path;
        if (Encoding.UTF8.GetByteCount(path) <= AddressBytesMax)
        {
            return;
        }

        var folder = Path.GetDirectoryName(path)!;
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(folder), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (descriptor < 0)
        {
            throw new IOException($"{folder}: {Errno.Text(descriptor)}");
        }

        _folder = Posix.Own(descriptor);
        Address = $"/proc/self/fd/{descriptor}/{Path.GetFileName(path)}";
    }

    /// <summary>What to bind or connect to, while this is open.</summary>
    public string Address { get; }

    public static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Whether somebody answers there.</summary>
    public bool IsAnswered()
    {
        try
        {
            using var probe = New();
            probe.Connect(new UnixDomainSocketEndPoint(Address));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder?.Dispose();
}
