using AslRescue.Audit.Files;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>Evidence in memory: a copy of a store that a test may alter.</summary>
internal sealed class MemoryFiles(IReadOnlyDictionary<string, byte[]> files) : IEvidenceFiles
{
    internal SortedDictionary<string, byte[]> Files { get; } = new(files.ToDictionary(), StringComparer.Ordinal);

    public string Place => "copy";

    /// <summary>Every file of a directory.</summary>
    internal static Dictionary<string, byte[]> Load(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetRelativePath(folder, path), File.ReadAllBytes);

    public IReadOnlyList<string> List(string folder)
    {
        var prefix = folder.Length == 0 ? "" : folder + "/";
        return [.. Files.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..].Split('/')[0]).Distinct().Order(StringComparer.Ordinal)];
    }

    public byte[]? Read(string name, long bytesMax) => Files.GetValueOrDefault(name);
}
