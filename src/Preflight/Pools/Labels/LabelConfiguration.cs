namespace AslRescue.Preflight.Pools.Labels;

/// <summary>What the fields of a label mean, whoever read them: zdb or our own reader.</summary>
internal static class LabelConfiguration
{
    private const int DepthMax = 32;

    /// <summary>The label, or null when the fields are not those of one that counts.</summary>
    public static PoolLabel? Of(LabelField root) => Member(root) ?? Unused(root);

    /// <summary>
    /// A label without a transaction group is of a device that was just about to be added. ZFS does not import by it, so it is no label here.
    /// </summary>
    private static PoolLabel? Member(LabelField root) =>
        root.TextOf("name") is { } name
        && root.NumberOf("pool_guid") is { } pool
        && root.NumberOf("state") is { } state
        && root.NumberOf("txg") is { } txg and > 0
        && root.NumberOf("guid") is { } device
        && root.Find("vdev_tree") is { } tree && Part(tree, 0) is { } part
            ? new PoolLabel
            {
                Name = name,
                PoolGuid = pool,
                State = (LabelState)Math.Min(state, int.MaxValue),
                Txg = txg,
                HostId = root.NumberOf("hostid"),
                HostName = root.TextOf("hostname"),
                DeviceGuid = device,
                TopLevels = TopLevels(root),
                Ashift = tree.NumberOf("ashift"),
                Tree = part,
                Features = [.. root.Find("features_for_read")?.Children.Select(child => child.Name) ?? []],
            }
            : null;

    /// <summary>Places whose device was removed are counted among the top-level parts, but nothing is missing there.</summary>
    private static ulong TopLevels(LabelField root)
    {
        var (all, holes) = (root.NumberOf("vdev_children") ?? 1, (ulong)root.Members("hole_array").Count());
        return all > holes ? all - holes : 0;
    }

    /// <summary>Spares and cache devices carry a short label, without a pool.</summary>
    private static PoolLabel? Unused(LabelField root) =>
        root.NumberOf("state") is { } state and ((ulong)LabelState.Spare or (ulong)LabelState.Cache) && root.NumberOf("guid") is { } guid
            ? new PoolLabel
            {
                Name = "",
                PoolGuid = 0,
                State = (LabelState)state,
                Txg = 0,
                DeviceGuid = guid,
                TopLevels = 0,
                Tree = new PoolPart("disk", guid, 0, null, 0, []),
            }
            : null;

    private static PoolPart? Part(LabelField field, int depth)
    {
        if (depth > DepthMax || field.TextOf("type") is not { } type || field.NumberOf("guid") is not { } guid)
        {
            return null;
        }

        var children = field.Members("children").Select(child => Part(child, depth + 1)).ToList();
        return children.Contains(null)
            ? null
            : new PoolPart(
                type, guid, field.NumberOf("nparity") ?? 0, field.TextOf("path"), field.NumberOf("id") ?? 0, [.. children.OfType<PoolPart>()]);
    }
}
