using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AslRescue.Intake.Approvals;

namespace AslRescue.Intake.Control;

/// <summary>Who is at the other end of a Unix socket, as the kernel says: the client can claim nothing.</summary>
public static class PeerCredentials
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>User and, if it has one, controlling terminal of the process that connected.</summary>
    /// <exception cref="SocketException">The kernel does not say.</exception>
    public static Peer Of(Socket socket)
    {
        // struct ucred: pid, uid, gid, 32 bits each.
        Span<int> credentials = stackalloc int[3];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));
        return new Peer((uint)credentials[1], TerminalOf(credentials[0]));
    }

    /// <summary>The controlling terminal of a process, or null.</summary>
    public static string? TerminalOf(int process)
    {
        try
        {
            return Terminal(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat")));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Field 7 of proc(5)'s stat, behind the command's name, which may itself hold blanks and parentheses.</summary>
    public static string? Terminal(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 5 || !int.TryParse(fields[4], CultureInfo.InvariantCulture, out var device) || device == 0)
        {
            return null;
        }

        var (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
        return major switch
        {
            >= 136 and <= 143 => string.Create(CultureInfo.InvariantCulture, $"pts/{((major - 136) * 256) + minor}"),
            4 when minor < 64 => string.Create(CultureInfo.InvariantCulture, $"tty{minor}"),
            4 => string.Create(CultureInfo.InvariantCulture, $"ttyS{minor - 64}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}"),
        };
    }
}
