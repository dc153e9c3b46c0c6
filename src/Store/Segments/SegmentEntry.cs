using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;

namespace AslRescue.Store.Segments;

/// <summary>Where an artifact lies.</summary>
/// <param name="Block">The block's name.</param>
/// <param name="Offset">Where the stored bytes of its frame start in the block file.</param>
/// <param name="StoredLength">Their length.</param>
/// <param name="RawLength">Length of the artifact.</param>
/// <param name="Codec">How the one becomes the other.</param>
/// <param name="Position">Where the artifact starts in the frame's raw bytes.</param>
public readonly record struct ArtifactLocation(Digest Block, int Offset, int StoredLength, int RawLength, Codec Codec, int Position);

/// <summary>One row of a segment: a key and its place.</summary>
public readonly record struct SegmentEntry(Digest Key, ArtifactLocation Location) : IComparable<SegmentEntry>
{
    /// <summary>Length of a row in a segment.</summary>
    public const int Bytes = 52;

    private const int RawLengthMask = (1 << 24) - 1;

    /// <summary>By key; of one key, by the name of the block and the offset: the first is the one that counts.</summary>
    public int CompareTo(SegmentEntry other)
    {
        var order = Key.CompareTo(other.Key);
        order = order != 0 ? order : Location.Block.CompareTo(other.Location.Block);
        return order != 0 ? order : Location.Offset.CompareTo(other.Location.Offset);
    }

    internal void Write(Span<byte> target, int block)
    {
        Key.Span.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], block);
        BinaryPrimitives.WriteInt32LittleEndian(target[36..], Location.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], Location.StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[44..], (Location.RawLength & RawLengthMask) | ((int)Location.Codec << 24));
        BinaryPrimitives.WriteInt32LittleEndian(target[48..], Location.Position);
    }

    /// <summary>Gives the block of a written row another number.</summary>
    internal static void Renumber(Span<byte> row, ReadOnlySpan<int> numbers) =>
        BinaryPrimitives.WriteInt32LittleEndian(row[32..], numbers[BlockOf(row)]);

    /// <summary>Which block of the segment's list a written row names; the list may be shorter.</summary>
    internal static int BlockOf(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[32..]);

    /// <summary>Null when the row names a place that no block has.</summary>
    internal static SegmentEntry? Read(ReadOnlySpan<byte> row, Digest block)
    {
        var rawAndCodec = BinaryPrimitives.ReadUInt32LittleEndian(row[44..]);
        var offset = BinaryPrimitives.ReadInt32LittleEndian(row[36..]);
        var storedLength = BinaryPrimitives.ReadInt32LittleEndian(row[40..]);
        var position = BinaryPrimitives.ReadInt32LittleEndian(row[48..]);
        if (offset < BlockFooter.HeaderBytes || storedLength < 0 || storedLength > StoreFormat.BlockFileBytesMax - offset)
        {
            return null;
        }

        var rawLength = (int)(rawAndCodec & RawLengthMask);
        rawLength = rawLength == 0 && storedLength > 0 ? RawLengthMask + 1 : rawLength;
        return position < 0 || position > StoreFormat.ArtifactBytesMax - rawLength
            ? null
            : new(new Digest(row[..32]), new(block, offset, storedLength, rawLength, (Codec)(rawAndCodec >> 24), position));
    }

    public static bool operator <(SegmentEntry left, SegmentEntry right) => left.CompareTo(right) < 0;

    public static bool operator >(SegmentEntry left, SegmentEntry right) => left.CompareTo(right) > 0;

    public static bool operator <=(SegmentEntry left, SegmentEntry right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SegmentEntry left, SegmentEntry right) => left.CompareTo(right) >= 0;
}

/// <summary>What a snapshot says of a segment.</summary>
/// <param name="Name">SHA-256 of the segment file.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="First">Smallest key.</param>
/// <param name="Last">Largest key.</param>
public sealed record SegmentSummary(Digest Name, long Count, Digest First, Digest Last);

/// <summary>One merge of the blocks of some runs: segments of ascending, disjoint key ranges.</summary>
/// <param name="Runs">Whose blocks it covers.</param>
/// <param name="Segments">Ascending.</param>
public sealed record SegmentGroup(IReadOnlyList<string> Runs, IReadOnlyList<SegmentSummary> Segments)
{
    /// <summary>Rows in all segments.</summary>
    public long Count => Segments.Sum(segment => segment.Count);
}
