using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>A source that is there.</summary>
/// <param name="Kept">
/// How the run names it for as long as it lasts. Of a block device, what the operator wrote: a name by serial number still means the same disk when
/// that comes back as another /dev/sdX. Of a tree or a file, the real path.
/// </param>
/// <param name="Real">The absolute path now, links resolved.</param>
internal readonly record struct FoundSource(string Kept, string Real);

/// <summary>Checks and opens what the operator named as a source.</summary>
internal static class SourcePath
{
    /// <summary>Finds a source and checks it.</summary>
    /// <param name="path">As the operator wrote it.</param>
    /// <param name="store">Where the store lies: a source that holds it would grow while it is read.</param>
    /// <param name="isKnown">Whether a run has begun with it: then it may come back, and to try again may help.</param>
    /// <exception cref="AslException">SourceMissing, SourceRefused.</exception>
    internal static FoundSource Find(string path, string store, bool isKnown)
    {
        var full = Path.GetFullPath(path);
        var descriptor = Open(full, isKnown);
        try
        {
            _ = Posix.Stat(descriptor, out var status);
            if (status.Kind is not (FileKind.Directory or FileKind.Regular or FileKind.BlockDevice))
            {
                throw Refused(full, "it is neither a directory nor a file nor a block device", "name a mounted directory, a disk, or an image file");
            }

            var real = RealPath(descriptor, full);
            return !IsAddress(store) && IsBelow(RealPath(store), real)
                ? throw Refused(full, $"the store {store} lies in it: it would grow by what it reads", "put the store outside of the source")
                : new(status.Kind == FileKind.BlockDevice ? full : real, real);
        }
        finally
        {
            _ = Posix.Close(descriptor);
        }
    }

    /// <summary>Whether a store lies behind an address, and so in no directory.</summary>
    internal static bool IsAddress(string store) => store.Contains("://", StringComparison.Ordinal);

    /// <summary>Sources that lie in each other would be restored over each other.</summary>
    /// <param name="sources">Real paths.</param>
    /// <exception cref="AslException">SourceRefused.</exception>
    internal static void RefuseOverlap(IReadOnlyList<string> sources)
    {
        for (var index = 0; index < sources.Count; index++)
        {
            if (sources.Where((_, other) => other != index).FirstOrDefault(other => IsBelow(sources[index], other)) is { } outer)
            {
                throw Refused(sources[index], $"it lies in another source, {outer}", "name each tree once");
            }
        }
    }

    /// <summary>Opens a source read-only; a link is followed, since the operator named it.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="isKnown">Whether it was there before: a disk that dropped off the bus may come back, a path that nobody ever saw does not.</param>
    /// <exception cref="AslException">SourceMissing.</exception>
    internal static int Open(string path, bool isKnown = true)
    {
        var raw = Encoding.UTF8.GetBytes(path);
        var flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking;
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, raw, flags | OpenFlags.NoAccessTime);
        descriptor = descriptor == -Errno.EPERM ? Posix.OpenAt(Posix.WorkingDirectory, raw, flags) : descriptor;
        return descriptor >= 0
            ? descriptor
            : throw new AslException(new AslError(ErrorCode.SourceMissing, "a source cannot be opened")
            {
                Where = path,
                Why = Errno.Text(descriptor),
                Fix = "check that the disk is there and mounted, then name its path",
                IsPermanent = !isKnown,
            });
    }

    /// <summary>Opens what is open already once more, to be read past the page cache: the descriptor, or a negative errno where that is not possible.</summary>
    internal static int OpenDirect(int descriptor)
    {
        var path = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}"));
        var flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.Direct;
        var file = Posix.OpenAt(Posix.WorkingDirectory, path, flags | OpenFlags.NoAccessTime);
        return file == -Errno.EPERM ? Posix.OpenAt(Posix.WorkingDirectory, path, flags) : file;
    }

    private static string RealPath(int descriptor, string fallback)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var length = Posix.ReadLinkAt(Posix.WorkingDirectory, Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}"), buffer);
        return length > 0 && length < buffer.Length ? Encoding.UTF8.GetString(buffer[..length]) : fallback;
    }

    /// <summary>Links resolved as far as the path exists: a store that is yet to be made lies where its nearest folder lies.</summary>
    private static string RealPath(string path)
    {
        path = Path.GetFullPath(path);
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly);
        if (descriptor < 0)
        {
            return Path.GetDirectoryName(path) is { } above ? Path.Combine(RealPath(above), Path.GetFileName(path)) : path;
        }

        var real = RealPath(descriptor, path);
        _ = Posix.Close(descriptor);
        return real;
    }

    private static bool IsBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static AslException Refused(string path, string why, string fix) => new(new AslError(ErrorCode.SourceRefused, "the source is refused")
    {
        Where = path,
        Why = why,
        Fix = fix,
    });
}
