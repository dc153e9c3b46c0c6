namespace AslRescue.Intake.Ingestion;

/// <summary>The inodes of a source that have further names, as the walker meets them.</summary>
internal sealed class LinkedInodes
{
    private readonly Dictionary<InodeKey, (SourceIdentity Identity, uint Remaining)> _inodes = [];

    /// <summary>
    /// Whether this name is a further one of an inode that was met before. A number that was given to another file since is no such inode, nor is one that
    /// changed: what was read under the other name is not what it holds now. Each inode is forgotten with its last name.
    /// </summary>
    internal bool IsFurther(InodeKey inode, SourceIdentity identity)
    {
        if (!_inodes.TryGetValue(inode, out var first) || first.Identity != identity)
        {
            _inodes[inode] = (identity, inode.LinkCount - 1);
            return false;
        }

        if (first.Remaining == 1)
        {
            _inodes.Remove(inode);
        }
        else
        {
            _inodes[inode] = (identity, first.Remaining - 1);
        }

        return true;
    }

    /// <summary>A link names a path below its own source: what comes now belongs to another one.</summary>
    internal void Clear() => _inodes.Clear();
}
