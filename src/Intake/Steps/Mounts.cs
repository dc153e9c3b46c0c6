using System.Text;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Steps;

/// <summary>A line of /proc/self/mountinfo, as far as it matters here.</summary>
/// <param name="Target">Where.</param>
/// <param name="FileSystem">"zfs".</param>
/// <param name="Source">What: for ZFS the dataset.</param>
/// <param name="IsReadOnly">Whether the mount or its file system is.</param>
public sealed record Mount(string Target, string FileSystem, string Source, bool IsReadOnly);

/// <summary>What is mounted in this process's view.</summary>
public interface IMounts
{
    /// <summary>All mounts, oldest first: of several at one place, the last one counts.</summary>
    IReadOnlyList<Mount> Read();

    /// <summary>statfs(2)'s f_type of what a path leads to, or a negative errno.</summary>
    long FileSystemType(string path);
}

/// <summary>The kernel's answer.</summary>
public sealed class KernelMounts : IMounts
{
    /// <inheritdoc/>
    public IReadOnlyList<Mount> Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <inheritdoc/>
    public long FileSystemType(string path)
    {
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (descriptor < 0)
        {
            return descriptor;
        }

        using var handle = Posix.Own(descriptor);
        return Posix.FileSystemType(descriptor);
    }

    /// <summary>Reads mountinfo: "id parent device root target options [optional…] - type source super-options" (proc(5)).</summary>
    public static IReadOnlyList<Mount> Parse(string mountinfo)
    {
        List<Mount> mounts = [];
        foreach (var line in mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            var dash = Array.IndexOf(words, "-");
            if (dash < 6 || words.Length < dash + 4)
            {
                continue;
            }

            var isReadOnly = words[5].Split(',')[0] == "ro" || words[dash + 3].Split(',').Contains("ro");
            mounts.Add(new Mount(Plain(words[4]), words[dash + 1], Plain(words[dash + 2]), isReadOnly));
        }

        return mounts;
    }

    /// <summary>The kernel writes blank, tab, newline and backslash as \040, \011, \012 and \134.</summary>
    private static string Plain(string text) => text
        .Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
        .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);
}
