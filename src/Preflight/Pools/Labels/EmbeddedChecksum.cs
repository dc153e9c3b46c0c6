using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>What the checksum at the end of a part says.</summary>
public enum ChecksumState
{
    /// <summary>There is no checksum: nothing was ever written here, or something else.</summary>
    Absent,

    /// <summary>The bytes are not those that were written, or were written for another place.</summary>
    Wrong,

    /// <summary>The bytes are what was written here.</summary>
    Right,
}

/// <summary>
/// The checksum in the last 40 bytes of a part (zio_eck_t): a magic number, then SHA-256 as four numbers. It is taken over the whole
/// part, with the part's own place on the device where the checksum will be: so bytes that were copied to another place do not pass.
/// All numbers are in the byte order of whoever wrote, which the magic number tells.
/// </summary>
internal static class EmbeddedChecksum
{
    private const ulong Magic = 0x0210da7ab10c7a11;
    private const int Bytes = 40;

    /// <param name="part">The whole part.</param>
    /// <param name="offset">Where on the device it lies.</param>
    public static ChecksumState Check(ReadOnlySpan<byte> part, long offset)
    {
        var tail = part[^Bytes..];
        var isLittle = BinaryPrimitives.ReadUInt64LittleEndian(tail) == Magic;
        if (!isLittle && BinaryPrimitives.ReadUInt64BigEndian(tail) != Magic)
        {
            return ChecksumState.Absent;
        }

        return Expected(part, offset, isLittle).SequenceEqual(tail[8..]) ? ChecksumState.Right : ChecksumState.Wrong;
    }

    private static byte[] Expected(ReadOnlySpan<byte> part, long offset, bool isLittle)
    {
        Span<byte> place = stackalloc byte[Bytes - 8];
        place.Clear();
        Write(place, (ulong)offset, isLittle);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(part[..^place.Length]);
        hash.AppendData(place);
        var digest = hash.GetHashAndReset();
        for (var i = 0; i < digest.Length; i += 8)
        {
            Write(digest.AsSpan(i), BinaryPrimitives.ReadUInt64BigEndian(digest.AsSpan(i)), isLittle);
        }

        return digest;
    }

    private static void Write(Span<byte> to, ulong number, bool isLittle)
    {
        if (isLittle)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to, number);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(to, number);
        }
    }
}
