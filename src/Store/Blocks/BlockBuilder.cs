using System.Globalization;
using AslRescue.Shared;

namespace AslRescue.Store.Blocks;

/// <summary>
/// A block that is being filled, in memory: it reaches the backend whole or not at all. Used by one thread; the buffer is used again
/// for the next block.
/// </summary>
internal sealed class BlockBuilder(int fileBytesMax)
{
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(fileBytesMax, pinned: true);
    private readonly List<BlockEntry> _entries = [];
    private int _length = BlockFooter.HeaderBytes;

    internal IReadOnlyList<BlockEntry> Entries => _entries;

    internal bool IsEmpty => _entries.Count == 0;

    /// <summary>
    /// Whether an artifact of this stored length and its footer entry still fit. Into an empty block any artifact does: a listing or a
    /// piece of evidence may be longer than blocks of metadata usually are.
    /// </summary>
    internal bool Fits(int storedLength) => IsEmpty || LengthWith(storedLength) <= fileBytesMax;

    /// <summary>Adds an artifact; gives the offset of its stored bytes.</summary>
    internal int Append(in EncodedArtifact artifact)
    {
        if (!Fits(artifact.StoredLength))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"an artifact of {artifact.StoredLength} bytes does not fit behind {_length} of {fileBytesMax}"));
        }

        if (LengthWith(artifact.StoredLength) > _buffer.Length)
        {
            _buffer = GC.AllocateUninitializedArray<byte>(LengthWith(artifact.StoredLength), pinned: true);
        }

        var offset = _length;
        artifact.CopyTo(_buffer.AsSpan(offset));
        _entries.Add(new(artifact.Key, offset, artifact.StoredLength, artifact.RawLength, artifact.Codec, artifact.Checksum));
        _length += artifact.StoredLength;
        return offset;
    }

    /// <summary>Writes header and footer. The bytes are valid until <see cref="Reset"/>.</summary>
    internal (Digest Name, ReadOnlyMemory<byte> File) Seal(BlockContent content)
    {
        var header = _buffer.AsSpan(0, BlockFooter.HeaderBytes);
        BlockFooter.WriteHeader(header, content);
        var name = BlockFooter.Write(_buffer.AsSpan(_length), header, _length, _entries);
        return (name, _buffer.AsMemory(0, _length + BlockFooter.BytesFor(_entries.Count)));
    }

    internal void Reset()
    {
        _entries.Clear();
        _length = BlockFooter.HeaderBytes;
    }

    private int LengthWith(int storedLength) => _length + storedLength + BlockFooter.BytesFor(_entries.Count + 1);
}
