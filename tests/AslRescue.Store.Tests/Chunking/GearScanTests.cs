using AslRescue.Store.Chunking;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Chunking;

public sealed class GearScanTests
{
    /// <summary>Random bytes, text, and runs of one value: what real files are made of.</summary>
    private static readonly Gen<byte[]> Data = Gen.Select(Gen.ULong, Gen.Int[32, 3000], Gen.Int[0, 3]).Select((seed, length, kind) => kind switch
    {
        0 => SeededBytes.Of(seed, length),
        1 => SeededBytes.Text(seed, length),
        2 => [.. new byte[length / 2], .. SeededBytes.Of(seed, length - (length / 2))],
        _ => [.. Enumerable.Repeat((byte)seed, length)],
    });

    private static IEnumerable<GearScan.Way> Ways => Enum.GetValues<GearScan.Way>().Where(GearScan.Has);

    [Fact]
    public void Every_way_finds_the_position_that_the_definition_has() =>
        Gen.Select(Data, Gen.Int[0, 200], Gen.Int[0, 200], Gen.OneOf(Gen.Const(0u), Gen.Const(1u << 20), Gen.Const(1u << 25), Gen.Const(1u << 29), Gen.Const(uint.MaxValue))).Sample((data, skip, cut, threshold) =>
        {
            var end = Math.Max(32, data.Length - cut);
            var start = Math.Min(31 + skip, end - 1);
            var expected = Enumerable.Range(start, end - start).FirstOrDefault(index => Hash(data, index) < threshold, -1);
            Assert.All(Ways, way => Assert.Equal(expected, GearScan.Find(way, data, start, end, threshold)));
        }, iter: 20_000);

    [Fact]
    public void Every_way_cuts_alike() => Gen.Select(Data.Array[1, 8], Gen.Bool).Sample((parts, isLast) =>
    {
        byte[] data = [.. parts.SelectMany(part => part)];
        foreach (var parameters in new ChunkParameters[] { new(64, 256, 2048), new(64, 128, 1024), new(100, 1024, 8192) })
        {
            var expected = Cuts(new GearChunker(parameters, GearScan.Way.Scalar), data, isLast);
            Assert.All(Ways, way => Assert.Equal(expected, Cuts(new GearChunker(parameters, way), data, isLast)));
        }
    }, iter: 2000);

    [Fact]
    public void Zeros_between_other_bytes_are_cut_as_one_by_one() => Gen.Select(Gen.Int[0, 300], Gen.Int[0, 5000], Gen.Int[0, 300], Gen.ULong).Sample((before, zeros, behind, seed) =>
    {
        var parameters = new ChunkParameters(64, 256, 2048);
        byte[] data = [.. SeededBytes.Of(seed, before), .. new byte[zeros], .. SeededBytes.Of(seed + 1, behind)];
        Assert.Equal(ByDefinition(parameters, data), Cuts(new GearChunker(parameters), data, isLast: true));
    }, iter: 3000);

    private static List<int> Cuts(GearChunker chunker, ReadOnlySpan<byte> data, bool isLast)
    {
        List<int> cuts = [];
        while (!data.IsEmpty && chunker.NextChunk(data, isLast) is var length and > 0)
        {
            cuts.Add(length);
            data = data[length..];
        }

        return cuts;
    }

    /// <summary>docs/store-format.md, Trees, word for word and slowly.</summary>
    private static List<int> ByDefinition(ChunkParameters parameters, byte[] data)
    {
        List<int> cuts = [];
        for (var start = 0; start < data.Length;)
        {
            var rest = data[start..];
            var length = Math.Min(rest.Length, parameters.BytesMax);
            for (var cut = parameters.BytesMin; cut < length; cut++)
            {
                var threshold = cut < parameters.BytesAverage ? (1UL << 32) / (4 * (ulong)parameters.BytesAverage) : (4UL << 32) / (ulong)parameters.BytesAverage;
                if (Hash(rest, cut - 1) < threshold)
                {
                    length = cut;
                    break;
                }
            }

            cuts.Add(length);
            start += length;
        }

        return cuts;
    }

    /// <summary>The sum over 32 bytes, as the format page gives it.</summary>
    private static uint Hash(byte[] data, int index)
    {
        var hash = 0u;
        for (var back = 0; back < 32; back++)
        {
            hash += Gear(data[index - back]) << back;
        }

        return hash;
    }

    private static uint Gear(uint value)
    {
        var x = (value + 1) * 0x9E3779B1;
        x ^= x >> 15;
        x *= 0x85EBCA77;
        x ^= x >> 13;
        return x * 0xC2B2AE3D;
    }
}
