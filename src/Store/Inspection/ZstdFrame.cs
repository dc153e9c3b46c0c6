using System.Buffers.Binary;

namespace AslRescue.Store.Inspection;

/// <summary>
/// The outside of a Zstandard frame (RFC 8878, 3.1.1): where it ends and how long it says that its content is. Nothing is decompressed.
/// </summary>
/// <param name="Length">Bytes of the frame.</param>
/// <param name="ContentLength">Bytes that it decompresses to, as it says; −1 where it does not.</param>
public readonly record struct ZstdFrame(int Length, long ContentLength)
{
    /// <summary>A compressor makes blocks of up to 128 KiB and may split them: no frame of 16 MiB has more.</summary>
    private const int BlocksMax = 8192;

    /// <summary>What each frame starts with.</summary>
    public static ReadOnlySpan<byte> Magic => [0x28, 0xb5, 0x2f, 0xfd];

    /// <summary>Reads the outside of the frame that starts the bytes; null when none does, or it goes on behind them.</summary>
    public static ZstdFrame? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 6 || !bytes.StartsWith(Magic))
        {
            return null;
        }

        // Frame_Header_Descriptor: size flag (2 bits), single segment, unused, reserved, checksum, dictionary flag (2 bits).
        var descriptor = bytes[4];
        var isSingleSegment = (descriptor & 0x20) != 0;
        var contentBytes = (descriptor >> 6) switch { 0 => isSingleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var dictionaryBytes = (descriptor & 3) switch { 3 => 4, var flag => flag };
        var contentAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
        if ((descriptor & 0x08) != 0 || bytes.Length < contentAt + contentBytes)
        {
            return null;
        }

        var end = EndOfBlocks(bytes, contentAt + contentBytes);
        end += (descriptor & 0x04) != 0 ? 4 : 0;
        return end > 0 && end <= bytes.Length ? new(end, ReadContentLength(bytes.Slice(contentAt, contentBytes))) : null;
    }

    private static long ReadContentLength(ReadOnlySpan<byte> field) => field.Length switch
    {
        1 => field[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256,
        4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
        8 => BinaryPrimitives.ReadInt64LittleEndian(field) is >= 0 and var length ? length : -1,
        _ => -1,
    };

    /// <summary>Block_Header: last block (1 bit), type (2 bits), size (21 bits). A large negative number when they make no sense.</summary>
    private static int EndOfBlocks(ReadOnlySpan<byte> bytes, int position)
    {
        for (var count = 0; count < BlocksMax && position + 3 <= bytes.Length; count++)
        {
            var header = bytes[position] | (bytes[position + 1] << 8) | (bytes[position + 2] << 16);
            var type = (header >> 1) & 3;
            if (type == 3)
            {
                break;
            }

            position += 3 + (type == 1 ? 1 : header >> 3);
            if ((header & 1) != 0)
            {
                return position;
            }
        }

        return int.MinValue / 2;
    }
}
