using System.Text;

namespace AslRescue.Preflight.Mounts;

/// <summary>A line of /proc/self/mountinfo.</summary>
/// <param name="Point">Where it is mounted.</param>
/// <param name="FileSystem">"ext4", "zfs", "tmpfs", …</param>
/// <param name="Source">The device, or what the file system calls its source: of zfs the dataset.</param>
/// <param name="SuperOptions">Options of the file system itself.</param>
public sealed record Mount(string Point, string FileSystem, string Source, IReadOnlyList<string> SuperOptions)
{
    /// <summary>
    /// Whether the file system itself refuses writing. The options of this one mount are left aside on purpose: the sandbox of
    /// the unit mounts everything read-only for preflight, which says nothing about what intake may do. A read-only bind mount
    /// is thus not seen here; intake finds it when it opens the backend.
    /// </summary>
    public bool IsReadOnly => SuperOptions.Contains("ro");
}

/// <summary>
/// All mounts of the machine, in the order in which they were made: a later one hides an earlier one at the same place.
/// </summary>
public sealed class MountTable(IReadOnlyList<Mount> mounts)
{
    private static readonly string[] InMemory = ["tmpfs", "ramfs", "rootfs"];
    private const int LayersMax = 8;

    /// <summary>Reads mountinfo; lines that are none are skipped.</summary>
    public static MountTable Read(string mountinfo) =>
        new([.. mountinfo.Split('\n').Select(Line).OfType<Mount>()]);

    /// <summary>What is mounted exactly there.</summary>
    public Mount? At(string path) => mounts.LastOrDefault(mount => mount.Point == path);

    /// <summary>The mount that a path lies on.</summary>
    public Mount? Holding(string path) =>
        mounts.Where(mount => IsAtOrBelow(path, mount.Point)).OrderBy(mount => mount.Point.Length).LastOrDefault();

    /// <summary>
    /// Whether what is written there is known to outlast a power-off: true, false, or null when it cannot be told. An overlay
    /// is as lasting as its upper layer, which on a live system is memory.
    /// </summary>
    public bool? IsLasting(string path) => IsLasting(path, 0);

    private bool? IsLasting(string path, int layer)
    {
        if (layer > LayersMax || Holding(path) is not { } mount)
        {
            return null;
        }

        if (mount.FileSystem == "overlay")
        {
            var upper = mount.SuperOptions.FirstOrDefault(option => option.StartsWith("upperdir=", StringComparison.Ordinal));
            var upperPath = upper?["upperdir=".Length..];
            return upperPath is null || Holding(upperPath) == mount ? null : IsLasting(upperPath, layer + 1);
        }

        return !InMemory.Contains(mount.FileSystem)
            && !mount.Source.StartsWith("/dev/zram", StringComparison.Ordinal)
            && !mount.Source.StartsWith("/dev/ram", StringComparison.Ordinal);
    }

    private static bool IsAtOrBelow(string path, string point) =>
        point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    /// <summary>
    /// "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue": the fields before the dash vary in
    /// number.
    /// </summary>
    private static Mount? Line(string line)
    {
        var fields = line.Split(' ');
        var dash = Array.IndexOf(fields, "-");
        return dash >= 6 && fields.Length >= dash + 4
            ? new Mount(Unescape(fields[4]), fields[dash + 1], Unescape(fields[dash + 2]), Unescape(fields[dash + 3]).Split(','))
            : null;
    }

    /// <summary>Blanks and backslashes are written as three octal digits of a byte.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var bytes = new List<byte>();
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && TryOctal(field.AsSpan(i + 1, 3), out var value))
            {
                bytes.Add(value);
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(field, i, 1));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out byte value)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            number = digit is >= '0' and <= '7' ? (number * 8) + (digit - '0') : int.MaxValue / 16;
        }

        value = (byte)(number & 0xff);
        return number <= byte.MaxValue;
    }
}
