using System.Globalization;
using System.Text;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Guard;

/// <summary>Paths of the running system, asked of the kernel. Nothing is opened for writing.</summary>
/// <param name="opensDevices">False to leave devices shut: a survey of all disks must not wake one.</param>
public sealed class LivePaths(bool opensDevices = true) : IPathView
{
    /// <inheritdoc/>
    public string Resolve(string path) => RealPath(path);

    /// <inheritdoc/>
    public (FileKind Kind, string? Number)? Look(string path)
    {
        if (Posix.StatAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), out var status) < 0)
        {
            return null;
        }

        var (major, minor) = status.Node;
        return (status.Kind, status.Kind == FileKind.BlockDevice ? string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}") : null);
    }

    /// <summary>
    /// O_EXCL without O_CREAT fails with EBUSY on a block device that is claimed (open(2)), and claims nothing once it is closed again.
    /// </summary>
    public bool IsClaimed(string device)
    {
        if (!opensDevices)
        {
            return false;
        }

        var descriptor = Posix.OpenAt(
            Posix.WorkingDirectory, Encoding.UTF8.GetBytes(device), OpenFlags.ReadOnly | OpenFlags.Exclusive | OpenFlags.NonBlocking);
        if (descriptor >= 0)
        {
            _ = Posix.Close(descriptor);
        }

        return descriptor == -Errno.EBUSY;
    }

    /// <summary>See <see cref="IPathView.Resolve"/>.</summary>
    public static string RealPath(string path)
    {
        const int linksMax = 40; // As many as the kernel follows.
        var links = 0;
        var real = "/";
        var rest = new Stack<string>(Parts(Path.GetFullPath(path)));
        while (rest.TryPop(out var part))
        {
            var next = part == ".." ? Path.GetDirectoryName(real) ?? "/" : Path.Combine(real, part);
            if (part != ".." && links < linksMax && LinkTarget(next) is { } target)
            {
                links++;
                real = target.StartsWith('/') ? "/" : real;
                foreach (var step in Parts(target))
                {
                    rest.Push(step);
                }

                continue;
            }

            real = next;
        }

        return real;
    }

    /// <summary>The parts of a path, last one first.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();

    private static string? LinkTarget(string path)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var length = Posix.ReadLinkAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), buffer);
        return length > 0 && length < buffer.Length ? Encoding.UTF8.GetString(buffer[..length]) : null;
    }
}
