using System.Buffers.Binary;

namespace AslRescue.Shared.Interop;

/// <summary>
/// The records that getdents64(2) writes, one after the other:
/// inode (8 bytes), offset (8), length of the record (2), type (1), name ended by a zero byte, padding.
/// </summary>
public static class DirectoryRecords
{
    /// <summary>A buffer that holds some hundreds of names a call.</summary>
    public const int BufferBytes = 64 * 1024;

    /// <summary>Adds each name except "." and ".." to <paramref name="names"/>.</summary>
    public static void Collect(ReadOnlySpan<byte> records, List<byte[]> names)
    {
        while (records.Length >= 19)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(records[16..]);
            var name = records[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                names.Add(name.ToArray());
            }

            records = records[length..];
        }
    }
}
