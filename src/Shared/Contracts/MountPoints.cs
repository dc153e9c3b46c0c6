using System.Text;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// Where something is mounted, from the kernel's own list. Asking the list instead of the path matters: to look at a mount
/// point whose NFS server is gone hangs the caller for minutes, for ever with a hard mount.
/// </summary>
internal static class MountPoints
{
    /// <summary>Paths as this process sees them; empty where there is no /proc.</summary>
    public static IReadOnlySet<string> OfThisProcess() =>
        File.Exists("/proc/self/mountinfo") ? Parse(File.ReadLines("/proc/self/mountinfo")) : new HashSet<string>();

    /// <summary>The fifth field of each line of proc_pid_mountinfo(5).</summary>
    public static IReadOnlySet<string> Parse(IEnumerable<string> lines) => lines
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length > 4)
        .Select(fields => Unescape(fields[4]))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>The kernel writes space, tab, newline and backslash as three octal digits.</summary>
    private static string Unescape(string field)
    {
        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                text.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }
}
