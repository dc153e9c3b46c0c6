namespace AslRescue.Shared.Contracts;

/// <summary>The sandbox of a unit against its row: what it may write to and which devices it sees, neither more nor less.</summary>
internal sealed class UnitCheck(string root, List<OverlayFinding> findings)
{
    private const string Fix = "make the unit and its row in rules/overlay.toml say the same; the comments in the unit say what each line is for";

    /// <summary>Directories that systemd makes and gives to the unit, by the key that names them.</summary>
    private static readonly Dictionary<string, string> Made = new(StringComparer.Ordinal)
    {
        ["RuntimeDirectory"] = "/run",
        ["StateDirectory"] = "/var/lib",
        ["CacheDirectory"] = "/var/cache",
        ["LogsDirectory"] = "/var/log",
        ["ConfigurationDirectory"] = "/etc",
    };

    /// <summary>Checks one; a unit that is not there is found missing by its path.</summary>
    public void Check(OverlayUnit unit)
    {
        var path = OverlayPaths.Below(root, unit.Path);
        if (!File.Exists(path))
        {
            return;
        }

        var lines = Settings(File.ReadAllLines(path).Concat(DropIns(path)));
        Compare(unit, "may write to", Outermost(Writes(lines)), Outermost(unit.Writes));
        Compare(unit, "may open", Values(lines, "DeviceAllow", splits: false), unit.Devices);
        Demand(unit, lines, "DevicePolicy", "closed");
        Demand(unit, lines, "ProtectSystem", "strict");
    }

    /// <summary>What somebody added on the running system; in a staged tree there is none, or it is extra.</summary>
    private static IEnumerable<string> DropIns(string path) => Directory.Exists(path + ".d")
        ? Directory.EnumerateFiles(path + ".d", "*.conf").Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines)
        : [];

    private static List<(string Key, string Value)> Settings(IEnumerable<string> lines) =>
    [
        .. lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';' or '[') && line.Contains('=', StringComparison.Ordinal))
            .Select(line => (line[..line.IndexOf('=', StringComparison.Ordinal)].Trim(), line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim())),
    ];

    private static IEnumerable<string> Writes(List<(string Key, string Value)> lines) =>
        Values(lines, "ReadWritePaths", splits: true).Concat(Values(lines, "ReadWriteDirectories", splits: true)).Concat(Values(lines, "BindPaths", splits: true)).Select(path => path.TrimStart('-', '+'))
            .Concat(Made.SelectMany(pair => Values(lines, pair.Key, splits: true).Select(name => $"{pair.Value}/{name.Split(':')[0]}")));

    /// <summary>As systemd adds them up: each line adds, an empty one begins anew.</summary>
    private static List<string> Values(List<(string Key, string Value)> lines, string key, bool splits)
    {
        List<string> values = [];
        foreach (var (_, value) in lines.Where(line => line.Key == key))
        {
            if (value.Length == 0)
            {
                values.Clear();
            }

            values.AddRange(splits ? value.Split(' ', StringSplitOptions.RemoveEmptyEntries) : value.Length > 0 ? [value] : []);
        }

        return values;
    }

    private static List<string> Outermost(IEnumerable<string> paths)
    {
        var all = paths.Distinct(StringComparer.Ordinal).ToList();
        return [.. all.Where(path => !all.Any(other => path.StartsWith(other + "/", StringComparison.Ordinal)))];
    }

    private void Compare(OverlayUnit unit, string may, IReadOnlyCollection<string> found, IReadOnlyCollection<string> allowed)
    {
        foreach (var more in found.Except(allowed, StringComparer.Ordinal))
        {
            Add(unit, $"it {may} {more}, which its row does not list");
        }

        foreach (var less in allowed.Except(found, StringComparer.Ordinal))
        {
            Add(unit, $"its row says that it {may} {less}, and the unit does not let it");
        }
    }

    private void Demand(OverlayUnit unit, List<(string Key, string Value)> lines, string key, string value)
    {
        if (Values(lines, key, splits: false) is not [.., var last] || last != value)
        {
            Add(unit, $"{key}={value} is missing: without it the lists mean nothing");
        }
    }

    private void Add(OverlayUnit unit, string why) => findings.Add(new OverlayFinding(unit.Clause, OverlayFault.WrongSandbox, unit.Path, why, Fix));
}
