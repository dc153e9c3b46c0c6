using System.Security.Cryptography;

namespace AslRescue.Audit.Notes;

/// <summary>The Merkle tree hash of RFC 6962, section 2.1, over the lines of a journal: one number that stands for all of them, in their order.</summary>
internal static class MerkleTree
{
    /// <summary>The root over entries, 32 bytes.</summary>
    public static byte[] Root(IReadOnlyList<ReadOnlyMemory<byte>> entries) => entries.Count switch
    {
        0 => SHA256.HashData([]),
        1 => SHA256.HashData([0, .. entries[0].Span]),
        _ => Node(entries),
    };

    // By recursion as the RFC defines it, where the writer adds leaf by leaf: the two agree only if both are right.
    private static byte[] Node(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        var split = 1;
        while (split * 2 < entries.Count)
        {
            split *= 2;
        }

        return SHA256.HashData([1, .. Root(new Slice(entries, 0, split)), .. Root(new Slice(entries, split, entries.Count - split))]);
    }

    private sealed class Slice(IReadOnlyList<ReadOnlyMemory<byte>> entries, int from, int count) : IReadOnlyList<ReadOnlyMemory<byte>>
    {
        private readonly IReadOnlyList<ReadOnlyMemory<byte>> _entries = entries is Slice outer ? outer._entries : entries;
        private readonly int _from = entries is Slice outer ? outer._from + from : from;

        public int Count => count;

        public ReadOnlyMemory<byte> this[int index] => _entries[_from + index];

        public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator() => Enumerable.Range(0, count).Select(index => this[index]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
