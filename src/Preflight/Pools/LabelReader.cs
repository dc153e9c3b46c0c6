using System.Globalization;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Reads what `zdb -l DEVICE` prints: an indented list of `name: value`, where deeper lines belong to the last line above that is
/// less deep. Texts are in single quotes and not escaped, so a value is taken between the first and the last quote of its line.
/// zdb prints one block for each set of labels that are equal; the newest block counts.
/// </summary>
public static class LabelReader
{
    private const int DepthMax = 32;

    /// <summary>The newest label, or null when the text holds none that is complete.</summary>
    public static PoolLabel? Read(string text)
    {
        var blocks = new List<List<string>>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("LABEL ", StringComparison.Ordinal))
            {
                blocks.Add([]);
            }

            blocks.LastOrDefault()?.Add(line);
        }

        return blocks.Select(block => Label(Parse(block))).OfType<PoolLabel>().MaxBy(label => label.Txg);
    }

    private static PoolLabel? Label(Node root)
    {
        var label = root.Text("name") is { } name
            && root.Number("pool_guid") is { } pool
            && root.Number("state") is { } state
            && root.Number("guid") is { } device
            && root.Find("vdev_tree") is { } tree && Part(tree, 0) is { } part
                ? new PoolLabel
                {
                    Name = name,
                    PoolGuid = pool,
                    State = (LabelState)Math.Min(state, int.MaxValue),
                    Txg = root.Number("txg") ?? 0,
                    HostId = root.Number("hostid"),
                    HostName = root.Text("hostname"),
                    DeviceGuid = device,
                    TopLevels = (root.Number("vdev_children") ?? 1) - Holes(root),
                    Tree = part,
                    Features = [.. root.Find("features_for_read")?.Children.Select(child => child.Name) ?? []],
                }
                : null;
        return label ?? Unused(root);
    }

    /// <summary>Places whose device was removed: they are counted among the top-level parts, but nothing is missing.</summary>
    private static ulong Holes(Node root) =>
        (ulong)root.Children.Count(child => child.Name.StartsWith("hole_array[", StringComparison.Ordinal));

    /// <summary>Spares and cache devices carry a short label, without a pool.</summary>
    private static PoolLabel? Unused(Node root) =>
        root.Number("state") is (ulong)LabelState.Spare or (ulong)LabelState.Cache && root.Number("guid") is { } guid
            ? new PoolLabel
            {
                Name = "",
                PoolGuid = 0,
                State = (LabelState)root.Number("state")!.Value,
                Txg = 0,
                DeviceGuid = guid,
                TopLevels = 0,
                Tree = new PoolPart("disk", guid, 0, null, 0, []),
            }
            : null;

    private static PoolPart? Part(Node node, int depth)
    {
        if (depth > DepthMax || node.Text("type") is not { } type || node.Number("guid") is not { } guid)
        {
            return null;
        }

        var children = node.Children.Where(child => child.Name.StartsWith("children[", StringComparison.Ordinal))
            .Select(child => Part(child, depth + 1)).ToList();
        return children.Contains(null)
            ? null
            : new PoolPart(type, guid, node.Number("nparity") ?? 0, node.Text("path"), node.Number("id") ?? 0, [.. children.OfType<PoolPart>()]);
    }

    private static Node Parse(IReadOnlyList<string> block)
    {
        var root = new Node("", "", -1);
        var open = new Stack<Node>([root]);
        foreach (var line in block.Skip(1))
        {
            var text = line.Trim();
            if (!text.Contains(':', StringComparison.Ordinal))
            {
                continue;
            }

            var (name, value) = Split(text);
            var node = new Node(name, value, line.Length - line.TrimStart().Length);
            while (open.Peek().Indent >= node.Indent)
            {
                open.Pop();
            }

            open.Peek().Children.Add(node);
            open.Push(node);
        }

        return root;
    }

    /// <summary>Name and value. The name of a feature holds a colon itself and stands alone on its line.</summary>
    private static (string Name, string Value) Split(string text)
    {
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? (text.TrimEnd(':'), "") : (text[..colon], text[(colon + 2)..].Trim());
    }

    private sealed record Node(string Name, string Value, int Indent)
    {
        public List<Node> Children { get; } = [];

        public Node? Find(string name) => Children.Find(child => child.Name == name);

        public ulong? Number(string name) =>
            ulong.TryParse(Find(name)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        public string? Text(string name) =>
            Find(name)?.Value is { Length: >= 2 } quoted && quoted.StartsWith('\'') && quoted.EndsWith('\'') ? quoted[1..^1] : null;
    }
}
