namespace AslRescue.Testing;

/// <summary>
/// Bytes that look random and are the same on every machine and runtime, so that golden values may rest on them (xorshift64*, Vigna
/// 2016).
/// </summary>
public static class SeededBytes
{
    /// <param name="seed">Any number.</param>
    /// <param name="length">Bytes.</param>
    public static byte[] Of(ulong seed, int length)
    {
        var bytes = new byte[length];
        var state = (seed + 1) * 0x9E3779B97F4A7C15;
        state = state == 0 ? 1 : state;
        for (var index = 0; index < length; index++)
        {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            bytes[index] = (byte)((state * 0x2545F4914F6CDD1D) >> 56);
        }

        return bytes;
    }

    /// <summary>Bytes that compress well.</summary>
    public static byte[] Text(ulong seed, int length)
    {
        var bytes = Of(seed, length);
        for (var index = 0; index < length; index++)
        {
            bytes[index] = (byte)("asl rescue"[bytes[index] % 10]);
        }

        return bytes;
    }
}
