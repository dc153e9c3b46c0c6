using System.Text;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Contracts;

/// <summary>Paths of the target, and what lies there.</summary>
internal static class OverlayPaths
{
    /// <summary>"/stage" and "/etc/asl" give "/stage/etc/asl"; the root "/" gives the path itself.</summary>
    public static string Below(string root, string path) => root.TrimEnd('/') + path;

    /// <summary>
    /// True when a link leads out of the tree it lies in: an absolute target (it would mean the host while the tree is staged),
    /// or more ".." than there are folders above it.
    /// </summary>
    public static bool Leaves(string linkPath, string target)
    {
        if (target.StartsWith('/'))
        {
            return true;
        }

        var depth = linkPath.Count(letter => letter == '/') - 1;
        foreach (var part in target.Split('/'))
        {
            depth += part switch { "" or "." => 0, ".." => -1, _ => 1 };
            if (depth < 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The entry itself, never what a link points to. Null when nothing is there.</summary>
    /// <exception cref="IOException">It cannot be looked at: permission, I/O error.</exception>
    public static FileStatus? StatusOf(string place)
    {
        var result = Posix.StatAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(place), out var status);
        return result switch
        {
            >= 0 => status,
            -Errno.ENOENT or -Errno.ENOTDIR => null,
            _ => throw new IOException($"{place}: {Errno.Text(result)}"),
        };
    }
}
