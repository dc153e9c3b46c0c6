namespace AslRescue.Preflight.Pools;

/// <summary>
/// Whether a pool can be imported with the devices that were seen. Every top-level part is needed; within a part, a mirror
/// needs one child and raidz all but its parity. Whether the data on the devices is sound is not known without importing.
/// </summary>
internal static class PoolHealth
{
    /// <param name="labels">The labels of all devices of one pool that were seen.</param>
    /// <param name="isEverythingSeen">False when a device that may belong to the pool could not be read.</param>
    /// <returns>A value of pool.health, and how many devices are not here.</returns>
    public static (string Health, int Missing) Judge(IReadOnlyList<PoolLabel> labels, bool isEverythingSeen)
    {
        var present = labels.Select(label => label.DeviceGuid).ToHashSet();
        var newest = labels.MaxBy(label => label.Txg)!;
        var parts = labels.GroupBy(label => label.Tree.Id).Select(group => group.MaxBy(label => label.Txg)!.Tree).ToList();
        var missing = parts.Sum(part => Missing(part, present));
        var isWhole = (ulong)parts.Count >= newest.TopLevels;
        var canImport = isWhole && parts.TrueForAll(part => IsUsable(part, present));
        return (missing, canImport) switch
        {
            (0, true) => ("complete", 0),
            _ when !isEverythingSeen => (Facts.FactDefinition.Unknown, missing),
            (_, true) => ("degraded", missing),
            _ => ("incomplete", missing + (isWhole ? 0 : 1)),
        };
    }

    private static int Missing(PoolPart part, HashSet<ulong> present) =>
        IsDevice(part) ? (present.Contains(part.Guid) ? 0 : 1) : part.Children.Sum(child => Missing(child, present));

    private static bool IsUsable(PoolPart part, HashSet<ulong> present)
    {
        var usable = part.Children.Count(child => IsUsable(child, present));
        return part.Type switch
        {
            "hole" or "indirect" => true,
            "mirror" or "replacing" or "spare" => usable > 0,
            "raidz" or "draid" => part.Children.Count - usable <= (int)part.Parity,
            _ when part.Children.Count > 0 => usable == part.Children.Count,
            _ => present.Contains(part.Guid),
        };
    }

    /// <summary>Holes and indirect parts stand for devices that were removed for good.</summary>
    private static bool IsDevice(PoolPart part) => part.Children.Count == 0 && part.Type is not ("hole" or "indirect");
}
