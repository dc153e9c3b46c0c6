using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AslRescue.Store.Chunking;

/// <summary>
/// Finds the first position behind which the gear hash of the 32 bytes before it is below a threshold (docs/store-format.md,
/// Trees). The hash depends on 32 bytes and nothing else, so vectors compute it for many positions at once: the sum over 2ⁿ bytes is the
/// sum over 2ⁿ⁻¹ bytes and, shifted, the same sum as many bytes earlier; five such steps make 32. All ways find the same position.
/// </summary>
internal static class GearScan
{
    /// <summary>Bytes that a hash covers.</summary>
    internal const int WindowBytes = 32;

    private const uint Factor1 = 0x9E3779B1;
    private const uint Factor2 = 0x85EBCA77;
    private const uint Factor3 = 0xC2B2AE3D;
    private static readonly uint[] Gear = [.. Enumerable.Range(0, 256).Select(value => GearOf((uint)value))];

    /// <summary>How a scan is done.</summary>
    internal enum Way
    {
        Scalar,
        Avx2,
        Avx512,
    }

    /// <summary>The fastest way that this machine has.</summary>
    internal static Way Best { get; } = Avx512F.IsSupported ? Way.Avx512 : Avx2.IsSupported ? Way.Avx2 : Way.Scalar;

    /// <summary>
    /// The first index from <paramref name="start"/> on, and before <paramref name="end"/>, at which the hash is below the
    /// threshold; −1 when there is none.
    /// </summary>
    /// <param name="way">One that this machine has.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="start">At least 31.</param>
    /// <param name="end">At most the length.</param>
    /// <param name="threshold">Exclusive.</param>
    internal static int Find(Way way, ReadOnlySpan<byte> data, int start, int end, uint threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(start, WindowBytes - 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, data.Length);
        return way switch
        {
            Way.Avx512 => FindAvx512(data, start, end, threshold),
            Way.Avx2 => FindAvx2(data, start, end, threshold),
            _ => FindScalar(data, start, end, threshold),
        };
    }

    private static int FindScalar(ReadOnlySpan<byte> data, int start, int end, uint threshold)
    {
        var gear = Gear;
        var hash = 0u;
        foreach (var value in data.Slice(start - WindowBytes + 1, WindowBytes - 1))
        {
            hash = (hash << 1) + gear[value];
        }

        for (var index = start; index < end; index++)
        {
            hash = (hash << 1) + gear[data[index]];
            if (hash < threshold)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>
    /// Sixteen positions at once. The first two vectors only fill the sums: the last lane of the second is the first that has seen 32 bytes.
    /// </summary>
    private static int FindAvx512(ReadOnlySpan<byte> data, int start, int end, uint threshold)
    {
        const int lanes = 16;
        ref var first = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(data);
        var (sum1, sum2, sum4, sum8, sum16) = (Vector512<uint>.Zero, Vector512<uint>.Zero, Vector512<uint>.Zero, Vector512<uint>.Zero, Vector512<uint>.Zero);
        var limit = Vector512.Create(threshold);
        var index = start - WindowBytes + 1;
        for (; index + lanes <= end; index += lanes)
        {
            var next1 = Gears(Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref first, (nuint)index)).AsUInt32());
            var next2 = next1 + (Avx512F.AlignRight32(next1, sum1, 15) << 1);
            var next4 = next2 + (Avx512F.AlignRight32(next2, sum2, 14) << 2);
            var next8 = next4 + (Avx512F.AlignRight32(next4, sum4, 12) << 4);
            var next16 = next8 + (Avx512F.AlignRight32(next8, sum8, 8) << 8);
            var hash = next16 + (sum16 << 16);
            (sum1, sum2, sum4, sum8, sum16) = (next1, next2, next4, next8, next16);
            if (Vector512.LessThanAny(hash, limit) && FirstFrom(Vector512.LessThan(hash, limit).ExtractMostSignificantBits(), index, start) is var found and >= 0)
            {
                return found;
            }
        }

        return FindRest(data, Math.Max(start, index), end, threshold);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<uint> Gears(Vector512<uint> values)
        {
            var x = (values + Vector512<uint>.One) * Vector512.Create(Factor1);
            x ^= x >>> 15;
            x *= Vector512.Create(Factor2);
            x ^= x >>> 13;
            return x * Vector512.Create(Factor3);
        }
    }

    /// <summary>Eight positions at once; the first four vectors fill the sums.</summary>
    private static int FindAvx2(ReadOnlySpan<byte> data, int start, int end, uint threshold)
    {
        const int lanes = 8;
        ref var first = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(data);
        var (sum1, sum2, sum4, sum8) = (Vector256<uint>.Zero, Vector256<uint>.Zero, Vector256<uint>.Zero, Vector256<uint>.Zero);
        var (sum16, sum16Before) = (Vector256<uint>.Zero, Vector256<uint>.Zero);
        var limit = Vector256.Create(threshold);
        var index = start - WindowBytes + 1;
        for (; index + lanes <= end; index += lanes)
        {
            var bytes = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, index))).AsByte();
            var next1 = Gears(Avx2.ConvertToVector256Int32(bytes).AsUInt32());
            var next2 = next1 + (Before(next1, sum1, 12) << 1);
            var next4 = next2 + (Before(next2, sum2, 8) << 2);
            var next8 = next4 + (Avx2.Permute2x128(sum4, next4, 0x21) << 4);
            var next16 = next8 + (sum8 << 8);
            var hash = next16 + (sum16Before << 16);
            (sum1, sum2, sum4, sum8, sum16Before, sum16) = (next1, next2, next4, next8, sum16, next16);
            if (Vector256.LessThanAny(hash, limit) && FirstFrom(Vector256.LessThan(hash, limit).ExtractMostSignificantBits(), index, start) is var found and >= 0)
            {
                return found;
            }
        }

        return FindRest(data, Math.Max(start, index), end, threshold);

        // The lanes one or two before: of the vector and, where it begins, of the one before it.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<uint> Before(Vector256<uint> next, Vector256<uint> sum, [System.Diagnostics.CodeAnalysis.ConstantExpected] byte bytes) =>
            Avx2.AlignRight(next, Avx2.Permute2x128(sum, next, 0x21), bytes);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<uint> Gears(Vector256<uint> values)
        {
            var x = (values + Vector256<uint>.One) * Vector256.Create(Factor1);
            x ^= x >>> 15;
            x *= Vector256.Create(Factor2);
            x ^= x >>> 13;
            return x * Vector256.Create(Factor3);
        }
    }

    private static int FindRest(ReadOnlySpan<byte> data, int start, int end, uint threshold) =>
        start < end ? FindScalar(data, start, end, threshold) : -1;

    /// <summary>The first position of a mask that is not before the start; −1 when there is none.</summary>
    private static int FirstFrom(ulong mask, int index, int start)
    {
        mask = start <= index ? mask : start - index >= 64 ? 0 : mask & (ulong.MaxValue << (start - index));
        return mask == 0 ? -1 : index + BitOperations.TrailingZeroCount(mask);
    }

    private static uint GearOf(uint value)
    {
        unchecked
        {
            var x = (value + 1) * Factor1;
            x ^= x >> 15;
            x *= Factor2;
            x ^= x >> 13;
            return x * Factor3;
        }
    }
}
