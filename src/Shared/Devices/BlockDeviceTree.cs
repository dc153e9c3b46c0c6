namespace AslRescue.Shared.Devices;

/// <summary>
/// All block devices of a machine, each once, and which lies on which: a partition on its disk, a volume on its partitions, a
/// mapping on what it maps. A device may lie on several (a mirror, multipath), so this is a graph without cycles.
/// </summary>
public sealed class BlockDeviceTree
{
    private readonly Dictionary<string, BlockDevice> _byPath = [];
    private readonly Dictionary<string, List<string>> _parents = [];
    private readonly Dictionary<string, List<string>> _children = [];
    private readonly List<BlockDevice> _devices = [];

    /// <summary>All devices, in lsblk's order, each once.</summary>
    public IReadOnlyList<BlockDevice> Devices => _devices;

    /// <summary>The device with this path, exactly as lsblk writes it.</summary>
    public BlockDevice? ByPath(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The device with this "major:minor".</summary>
    public BlockDevice? ByNumber(string number) => _devices.FirstOrDefault(device => device.Number == number);

    /// <summary>What a device lies on directly; empty for a disk.</summary>
    public IReadOnlyList<BlockDevice> ParentsOf(BlockDevice device) => Of(_parents, device);

    /// <summary>What lies on a device directly.</summary>
    public IReadOnlyList<BlockDevice> ChildrenOf(BlockDevice device) => Of(_children, device);

    /// <summary>Adds a device below another, or at the top. One that is there already gets a further parent.</summary>
    internal void Add(BlockDevice device, BlockDevice? parent)
    {
        if (_byPath.TryAdd(device.Path, device))
        {
            _devices.Add(device);
        }

        if (parent is not null)
        {
            Link(_parents, device.Path, parent.Path);
            Link(_children, parent.Path, device.Path);
        }
    }

    private static void Link(Dictionary<string, List<string>> links, string from, string to)
    {
        if (!links.TryGetValue(from, out var list))
        {
            links.Add(from, list = []);
        }

        if (!list.Contains(to))
        {
            list.Add(to);
        }
    }

    private List<BlockDevice> Of(Dictionary<string, List<string>> links, BlockDevice device) =>
        links.TryGetValue(device.Path, out var list) ? [.. list.Select(path => _byPath[path])] : [];
}
