using AslRescue.Shared;
using AslRescue.Store.Backends;

namespace AslRescue.Store;

/// <summary>What lies in the folders of a store, by name.</summary>
public static class StoreFolders
{
    /// <summary>The names of all blocks, ascending, read folder by folder.</summary>
    /// <exception cref="Shared.Errors.AslException">The backend cannot be listed.</exception>
    public static IEnumerable<Digest> Blocks(IBackend backend) => BlockFiles(backend).Where(IsObject).Select(item => Digest.Parse(item.Name)).Order();

    /// <summary>All that lies in the folders of blocks.</summary>
    internal static IEnumerable<FolderItem> BlockFiles(IBackend backend) =>
        backend.List("blocks").Where(item => item.IsFolder).OrderBy(item => item.Name, StringComparer.Ordinal)
            .SelectMany(folder => backend.List($"blocks/{folder.Name}").OrderBy(item => item.Name, StringComparer.Ordinal));

    /// <summary>Whether it is called as an object is.</summary>
    internal static bool IsObject(FolderItem item) => Digest.TryParse(item.Name, out _);
}
