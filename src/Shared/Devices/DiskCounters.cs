using System.Globalization;

namespace AslRescue.Shared.Devices;

/// <summary>
/// Reads the write counters of all disks from /sys/block. Nothing is asked of a disk, so one that sleeps stays asleep. What lies on other
/// disks (arrays, mappings, volumes of ZFS), on files or in memory is no disk here: what is written to it is counted below it. Nor is an NVMe
/// disk that is reached by several ways: the kernel may count each way and not the disk (drivers/nvme/host/multipath.c before Linux 6.4).
/// </summary>
/// <param name="root">"/", or a folder that stands for a machine.</param>
public sealed class DiskCounters(string root = "/")
{
    // Documentation/block/stat.rst, counted from 0.
    private const int WrittenField = 6;
    private const int DiscardedField = 13;
    private static readonly string[] NoDisks = ["loop", "ram", "zram", "zd"];
    private readonly string _folder = Path.Combine(root, "sys/block");

    /// <summary>Every disk that has a medium and counts, by name. Empty where /sys cannot be read.</summary>
    public IReadOnlyList<DiskCount> Read()
    {
        var names = Names();
        return [.. names.Where(name => IsDisk(name) && !names.Exists(other => IsWayTo(other, name))).Select(Count).OfType<DiskCount>()];
    }

    /// <summary>nvme0c1n2 is the way of controller 1 to nvme0n2.</summary>
    private static bool IsWayTo(string way, string name) =>
        way.StartsWith("nvme", StringComparison.Ordinal) && way.IndexOf('c', StringComparison.Ordinal) is > 0 and var controller
        && way.LastIndexOf('n') is var space && space > controller && way[..controller] + way[space..] == name;

    private List<string> Names()
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private bool IsDisk(string name) =>
        !NoDisks.Contains(name.TrimEnd([.. "0123456789"]), StringComparer.Ordinal)
        && !Directory.Exists($"{_folder}/{name}/dm") && !Directory.Exists($"{_folder}/{name}/md") && !HasSlaves($"{_folder}/{name}/slaves");

    private DiskCount? Count(string name)
    {
        var folder = $"{_folder}/{name}";
        var fields = (Text($"{folder}/stat") ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return Text($"{folder}/dev") is { } number && Number(Text($"{folder}/size")) is > 0 and var sectors && Field(fields, WrittenField) is { } written
            ? new DiskCount(name, number, written)
            {
                Discarded = Field(fields, DiscardedField),
                Appearance = Number(Text($"{folder}/diskseq")),
                Size = sectors * 512,
                Model = Text($"{folder}/device/model"),
                Serial = Text($"{folder}/device/serial") ?? Text($"{folder}/serial"),
                WorldWideName = Text($"{folder}/wwid") ?? Text($"{folder}/device/wwid"),
            }
            : null;
    }

    private static bool HasSlaves(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).Any();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long? Field(string[] fields, int index) => index < fields.Length ? Number(fields[index]) : null;

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A file's text without blanks around it; null when there is none.</summary>
    private static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
