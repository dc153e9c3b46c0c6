using AslRescue.Shared.Interop;

namespace AslRescue.Store.Chunking;

/// <summary>
/// Finds the first position behind which the gear hash of the 32 bytes before it is below a threshold (docs/store-format.md,
/// Trees). The hash depends on 32 bytes and nothing else, so vectors compute it for many positions at once (<see cref="Simd.FindCut"/>). All
/// ways find the same position.
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
    internal static Way Best { get; } = Has(Way.Avx512) ? Way.Avx512 : Has(Way.Avx2) ? Way.Avx2 : Way.Scalar;

    /// <summary>Whether this machine has a way.</summary>
    internal static bool Has(Way way) => way switch
    {
        Way.Avx512 => Simd.Available.HasFlag(Simd.Features.Avx512),
        Way.Avx2 => Simd.Available.HasFlag(Simd.Features.Avx2),
        _ => true,
    };

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
            Way.Avx512 => Simd.FindCut(Simd.Features.Avx512, data, start, end, threshold),
            Way.Avx2 => Simd.FindCut(Simd.Features.Avx2, data, start, end, threshold),
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
