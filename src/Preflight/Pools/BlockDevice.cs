using System.Text.Json;

namespace AslRescue.Preflight.Pools;

/// <summary>A line of lsblk.</summary>
/// <param name="Path">"/dev/sda1".</param>
/// <param name="Type">"disk", "part", "loop", …</param>
/// <param name="FileSystem">What libblkid recognised: "zfs_member", "ext4", or null.</param>
/// <param name="Label">Its label: of a zfs_member the pool's name.</param>
/// <param name="Uuid">Its id: of a zfs_member the pool's guid.</param>
public sealed record BlockDevice(string Path, string? Type, string? FileSystem, string? Label, string? Uuid)
{
    /// <summary>What lsblk is asked for; the reader below expects these columns.</summary>
    public static IReadOnlyList<string> LsblkArguments { get; } =
        ["--json", "--bytes", "--output", "NAME,PATH,TYPE,FSTYPE,LABEL,UUID,SIZE,RO"];

    /// <summary>
    /// All devices of `lsblk --json`, each once, however deep in the tree; null when the text is not what lsblk prints.
    /// A device below two parents (a mirror, multipath) is listed by lsblk below both.
    /// </summary>
    public static IReadOnlyList<BlockDevice>? ReadLsblk(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("blockdevices", out var roots) && roots.ValueKind == JsonValueKind.Array
                ? [.. roots.EnumerateArray().SelectMany(Tree).DistinctBy(device => device.Path)]
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static IEnumerable<BlockDevice> Tree(JsonElement node)
    {
        var device = new BlockDevice(
            Text(node, "path") ?? throw new FormatException("a device without a path"),
            Text(node, "type"), Text(node, "fstype"), Text(node, "label"), Text(node, "uuid"));
        var children = node.TryGetProperty("children", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().SelectMany(Tree)
            : [];
        return children.Prepend(device);
    }

    private static string? Text(JsonElement node, string column) =>
        node.TryGetProperty(column, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
