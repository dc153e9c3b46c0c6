using System.Buffers.Binary;
using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;

namespace AslRescue.Fuzz.Targets;

/// <summary>Makes the checksums and keys of a block right, whatever its numbers say: a reader stops at the first that is wrong, and the rest would never be tried.</summary>
internal static class BlockRepair
{
    private const int EntriesAt = 56;

    internal static byte[] Of(byte[] bytes)
    {
        byte[] content = [.. bytes];
        if (FooterOf(content) is not var (start, length))
        {
            return content;
        }

        var footer = content.AsSpan(start, length);
        content.AsSpan(0, BlockFooter.HeaderBytes).CopyTo(footer[8..]);
        using var decoder = new ArtifactDecoder();
        for (var at = EntriesAt; at + BlockEntry.Bytes <= length - 16; at += BlockEntry.Bytes)
        {
            RepairEntry(content, footer.Slice(at, BlockEntry.Bytes), decoder);
        }

        return content;
    }

    /// <summary>The name that its footer gives it.</summary>
    internal static Digest NameOf(byte[] content) => FooterOf(content) is var (start, length) ? Digest.Of(content.AsSpan(start, length)) : Digest.Of(content);

    private static (int Start, int Length)? FooterOf(byte[] content)
    {
        if (content.Length < BlockFooter.HeaderBytes + EntriesAt + 16)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(^16));
        return length >= EntriesAt + 16 && length <= content.Length - BlockFooter.HeaderBytes ? (content.Length - (int)length, (int)length) : null;
    }

    private static void RepairEntry(byte[] content, Span<byte> entry, ArtifactDecoder decoder)
    {
        var (offset, stored, raw) = (BinaryPrimitives.ReadInt32LittleEndian(entry[32..]), BinaryPrimitives.ReadInt32LittleEndian(entry[36..]), BinaryPrimitives.ReadInt32LittleEndian(entry[40..]));
        if (offset < 0 || stored < 0 || stored > content.Length - (long)offset)
        {
            return;
        }

        var frame = content.AsSpan(offset, stored);
        BinaryPrimitives.WriteUInt128BigEndian(entry[48..], XxHash128.HashToUInt128(frame));
        byte[] buffer = [];
        var position = (int)(BinaryPrimitives.ReadUInt32LittleEndian(entry[44..]) >> 8);
        if (entry[44] == (byte)Codec.Stored)
        {
            Digest.Of(frame).Span.CopyTo(entry);
        }
        else if (raw >= 0 && Shared.Interop.Zstd.ContentLength(frame) <= 1 << 20 && decoder.Decompress(frame, ref buffer, out var length) is null && position <= length - (long)raw)
        {
            Digest.Of(buffer.AsSpan(position, raw)).Span.CopyTo(entry);
        }
    }
}
