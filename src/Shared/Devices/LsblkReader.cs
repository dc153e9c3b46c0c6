using System.Globalization;
using System.Text.Json;

namespace AslRescue.Shared.Devices;

/// <summary>
/// Reads `lsblk --json --bytes`. Versions of util-linux differ: numbers and flags were strings ("0", "1") before 2.33, "mountpoint"
/// became the list "mountpoints" in 2.37, and a version that does not know a column refuses to run. So every column may be missing,
/// and every value may be text, number, flag or null.
/// </summary>
public static class LsblkReader
{
    /// <summary>Columns that every version since 2.33 has.</summary>
    private const string OldColumns =
        "NAME,KNAME,PATH,MAJ:MIN,TYPE,SIZE,RO,RM,MODEL,SERIAL,WWN,TRAN,FSTYPE,LABEL,UUID,MOUNTPOINT,LOG-SEC,PHY-SEC";

    /// <summary>Everything that <see cref="BlockDevice"/> holds; since util-linux 2.37.</summary>
    public static IReadOnlyList<string> AllArguments { get; } = ["--json", "--bytes", "--output", OldColumns + ",MOUNTPOINTS,PARTTYPENAME"];

    /// <summary>What to ask instead when lsblk is older and does not know a column.</summary>
    public static IReadOnlyList<string> OldArguments { get; } = ["--json", "--bytes", "--output", OldColumns];

    /// <summary>What finding pools needs.</summary>
    public static IReadOnlyList<string> PoolArguments { get; } =
        ["--json", "--bytes", "--output", "NAME,PATH,TYPE,FSTYPE,LABEL,UUID,SIZE,RO"];

    /// <summary>
    /// The devices; null when the text is not what lsblk prints. A device below two parents (a mirror, multipath) is listed by lsblk
    /// below both.
    /// </summary>
    public static BlockDeviceTree? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("blockdevices", out var roots))
            {
                return null;
            }

            var tree = new BlockDeviceTree();
            AddAll(tree, roots, parent: null);
            return tree;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void AddAll(BlockDeviceTree tree, JsonElement list, BlockDevice? parent)
    {
        foreach (var node in list.EnumerateArray())
        {
            var device = Device(node);
            tree.Add(device, parent);
            if (node.TryGetProperty("children", out var children) && children.ValueKind == JsonValueKind.Array)
            {
                AddAll(tree, children, device);
            }
        }
    }

    private static BlockDevice Device(JsonElement node)
    {
        var name = Text(node, "kname");
        var path = Text(node, "path") ?? (name is null ? throw new FormatException("a device without a path") : "/dev/" + name);
        return new BlockDevice(path)
        {
            KernelName = name,
            Number = Text(node, "maj:min"),
            Type = Text(node, "type"),
            Bytes = Number(node, "size"),
            IsReadOnly = Flag(node, "ro"),
            IsRemovable = Flag(node, "rm"),
            Model = Text(node, "model"),
            Serial = Text(node, "serial"),
            WorldWideName = Text(node, "wwn"),
            Transport = Text(node, "tran"),
            FileSystem = Text(node, "fstype"),
            Label = Text(node, "label"),
            Uuid = Text(node, "uuid"),
            PartitionType = Text(node, "parttypename"),
            MountPoints = MountPoints(node),
            LogicalSectorBytes = (int?)Number(node, "log-sec"),
            PhysicalSectorBytes = (int?)Number(node, "phy-sec"),
        };
    }

    /// <summary>Blanks around a value are padding of the disk's firmware; nothing left of it means that nothing is known.</summary>
    private static string? Text(JsonElement node, string column) => node.TryGetProperty(column, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Trim() is { Length: > 0 } text ? text : null,
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        }
        : null;

    private static long? Number(JsonElement node, string column) =>
        long.TryParse(Text(node, column), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool? Flag(JsonElement node, string column) =>
        node.TryGetProperty(column, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.ValueKind == JsonValueKind.True
            : Text(node, column) switch { "1" => true, "0" => false, _ => null };

    private static List<string> MountPoints(JsonElement node)
    {
        var many = node.TryGetProperty("mountpoints", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
            : [];
        var one = node.TryGetProperty("mountpoint", out var single) && single.ValueKind == JsonValueKind.String ? [single.GetString()!] : Array.Empty<string>();
        return [.. many.Concat(one).Distinct(StringComparer.Ordinal)];
    }
}
