using System.Buffers.Binary;
using AslRescue.Shared;

namespace AslRescue.Store.Blocks;

/// <summary>How the bytes of an artifact are stored. The numbers are the format's.</summary>
public enum Codec : byte
{
    /// <summary>As they are.</summary>
    Stored = 0,

    /// <summary>One Zstandard frame, of this artifact alone or of several in a row.</summary>
    Zstandard = 1,
}

/// <summary>What the artifacts of a block are. The numbers are the format's.</summary>
public enum BlockContent : ushort
{
    /// <summary>Chunks of sources.</summary>
    Chunks = 1,

    /// <summary>Listings, chunk lists, side tables, lists of problems.</summary>
    Metadata = 2,
}

/// <summary>One artifact in a block, as its footer lists it.</summary>
/// <param name="Key">SHA-256 of the raw bytes.</param>
/// <param name="Offset">Where the stored bytes of its frame start in the block file.</param>
/// <param name="StoredLength">Bytes of the frame in the file, at least 1 unless the artifact is empty.</param>
/// <param name="RawLength">Bytes of the artifact.</param>
/// <param name="Codec">How the one becomes the other.</param>
/// <param name="Position">Where the artifact starts in the frame's raw bytes.</param>
/// <param name="Checksum">XXH3-128 of the frame's stored bytes.</param>
public readonly record struct BlockEntry(
    Digest Key, int Offset, int StoredLength, int RawLength, Codec Codec, int Position, UInt128 Checksum)
{
    /// <summary>Length of an entry in a footer.</summary>
    public const int Bytes = 64;

    /// <summary>Whether two entries in a row name the same frame: one that is compressed takes room, so no other starts at its place.</summary>
    internal bool IsInFrameOf(in BlockEntry previous) =>
        Codec == Codec.Zstandard && previous.Codec == Codec.Zstandard && Offset == previous.Offset;

    internal void Write(Span<byte> target)
    {
        Key.Span.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], Offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[36..], StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], RawLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[44..], (int)Codec | (Position << 8));
        BinaryPrimitives.WriteUInt128BigEndian(target[48..], Checksum);
    }

    internal static BlockEntry Read(ReadOnlySpan<byte> source) => new(
        new Digest(source[..32]),
        BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[40..]),
        (Codec)source[44],
        (int)(BinaryPrimitives.ReadUInt32LittleEndian(source[44..]) >> 8),
        BinaryPrimitives.ReadUInt128BigEndian(source[48..]));
}
