using AslRescue.Shared;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Segments;

/// <summary>A key that a run has added, and where it lies once its frame is in a block; the block is −1 until then.</summary>
internal record struct RunRow(Digest Key, int Block, int Offset, int StoredLength, int RawLength, int PositionAndCodec)
{
    internal static readonly Comparer<RunRow> ByKey = Comparer<RunRow>.Create((left, right) => left.Key.CompareTo(right.Key));

    internal static RunRow Unplaced(in Digest key) => new(key, -1, 0, 0, 0, 0);

    internal readonly bool IsPlaced => Block >= 0;

    internal void Place(int block, in BlockEntry entry) =>
        (Block, Offset, StoredLength, RawLength, PositionAndCodec) =
            (block, entry.Offset, entry.StoredLength, entry.RawLength, (entry.Position << 8) | (byte)entry.Codec);

    internal readonly SegmentEntry ToEntry(Digest block) =>
        new(Key, new(block, Offset, StoredLength, RawLength, (Codec)(PositionAndCodec & 0xff), PositionAndCodec >> 8));
}
