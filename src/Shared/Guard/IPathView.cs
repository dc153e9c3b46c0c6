using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Guard;

/// <summary>What the guard asks about paths: of the running system, or of a recorded one.</summary>
public interface IPathView
{
    /// <summary>The absolute path with all links resolved, as far as it exists: what is yet to be made lies where its nearest folder lies.</summary>
    string Resolve(string path);

    /// <summary>What lies at a resolved path, and of a device "major:minor"; null when nothing can be seen there.</summary>
    (FileKind Kind, string? Number)? Look(string path);

    /// <summary>Whether the kernel has given a block device to somebody for exclusive use: a mount, a mapping, an array, in any namespace.</summary>
    bool IsClaimed(string device);
}
