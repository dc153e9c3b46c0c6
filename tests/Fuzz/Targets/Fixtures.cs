using System.Formats.Cbor;
using System.Text;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Trees;

namespace AslRescue.Fuzz.Targets;

/// <summary>Real bytes to begin with: the fixture store, the recordings and the files of this checkout. Nothing of the machine that runs this.</summary>
internal static class Fixtures
{
    /// <summary>The checkout.</summary>
    internal static string Root { get; } = FindRoot();

    private static string StoreFolder => Path.Combine(Root, "tests/AslRescue.Store.Tests/fixtures/store-1");

    /// <summary>Objects of the fixture store whose path has a part.</summary>
    internal static IEnumerable<(string Name, byte[] Content)> Objects(string part) =>
        Directory.EnumerateFiles(StoreFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => Path.GetRelativePath(StoreFolder, path))
            .Where(path => path.Contains(part, StringComparison.Ordinal))
            .Select(path => (string.Join('-', path.Split('/').Select(part => part[^Math.Min(part.Length, 10)..])), File.ReadAllBytes(Path.Combine(StoreFolder, path))));

    /// <summary>Paths of that store.</summary>
    internal static IEnumerable<(string Name, byte[] Content)> Paths() =>
        Directory.EnumerateFiles(StoreFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => Encoding.UTF8.GetBytes(Path.GetRelativePath(StoreFolder, path)))
            .DistinctBy(path => path.Length).Append("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"u8.ToArray()).Append("a%2Fb%FFc"u8.ToArray()).Select((path, index) => ($"path-{index}", path));

    /// <summary>Artifacts of that store's metadata that are a sequence of something.</summary>
    internal static IEnumerable<(string Name, byte[] Content)> Artifacts<T>(Func<CborReader, T> read)
    {
        using var backend = new DirectoryBackend(StoreFolder);
        using var decoder = new ArtifactDecoder();
        foreach (var name in StoreFolders.Blocks(backend))
        {
            var footer = BlockFooter.Read(backend, name);
            using var file = backend.Open(ObjectName.Block(name))!;
            foreach (var entry in footer.Entries)
            {
                var (stored, raw) = (new byte[entry.StoredLength], new byte[entry.RawLength]);
                file.Read(entry.Offset, stored);
                if (decoder.Decode(stored, entry.Codec, entry.Position, entry.Key, raw) is null && FuzzTarget.Refusing(() => StoreTargets.Read(raw, read), StoreTargets.Malformed) is { Count: > 0 })
                {
                    yield return (entry.Key.Short, raw);
                }
            }
        }
    }

    /// <summary>Files of the checkout below a folder.</summary>
    internal static IEnumerable<(string Name, byte[] Content)> Files(string folder, string pattern, int bytesMax = 8 << 10) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => new FileInfo(path).Length <= bytesMax)
            .Select((path, index) => ($"{Path.GetFileNameWithoutExtension(path)}-{index}", File.ReadAllBytes(path)));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AslRescue.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("no AslRescue.sln above the program");
    }
}
