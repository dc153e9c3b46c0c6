using System.Security.Cryptography;

namespace AslRescue.Shared.Journal;

/// <summary>
/// The Merkle tree of RFC 6962 (section 2.1) over the lines of a journal, leaf by leaf: its root stands for all of them in their order, and is what
/// a checkpoint states. It keeps one hash for each bit of the number of lines, so a long ingest costs nothing.
/// </summary>
/// <remarks>Not safe for several threads.</remarks>
public sealed class JournalTree
{
    // Perfect subtrees from the left, each smaller than the one before it.
    private readonly List<(long Size, byte[] Hash)> _subtrees = [];

    /// <summary>How many lines.</summary>
    public long Size { get; private set; }

    /// <summary>Adds the next line.</summary>
    /// <param name="line">Its bytes, without the newline.</param>
    public void Add(ReadOnlySpan<byte> line)
    {
        var (size, hash) = (1L, SHA256.HashData([0, .. line]));
        while (_subtrees.Count > 0 && _subtrees[^1].Size == size)
        {
            hash = Join(_subtrees[^1].Hash, hash);
            size *= 2;
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }

        _subtrees.Add((size, hash));
        Size++;
    }

    /// <summary>Adds whole lines, each ended by a newline.</summary>
    public void AddLines(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            Add(lines[..end]);
            lines = lines[(end + 1)..];
        }
    }

    /// <summary>The root over all lines so far, 32 bytes.</summary>
    public byte[] Root()
    {
        if (_subtrees.Count == 0)
        {
            return SHA256.HashData([]);
        }

        var root = _subtrees[^1].Hash;
        for (var index = _subtrees.Count - 2; index >= 0; index--)
        {
            root = Join(_subtrees[index].Hash, root);
        }

        return root;
    }

    private static byte[] Join(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);
}
