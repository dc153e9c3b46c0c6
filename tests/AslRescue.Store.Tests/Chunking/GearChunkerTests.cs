using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Chunking;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Chunking;

/// <summary>
/// The cuts are part of the frozen format: other cuts, and nothing that is stored would be found again. CsCheck prints the seed
/// of a failure; CsCheck_Seed repeats it.
/// </summary>
public sealed class GearChunkerTests
{
    private static readonly ChunkParameters Small = new(64, 256, 2048);

    /// <summary>Random bytes with stretches of one value: both kinds of cut occur.</summary>
    private static readonly Gen<byte[]> Data =
        Gen.Select(Gen.ULong, Gen.Int[0, 3000], Gen.Byte, Gen.Bool)
            .Select((seed, length, value, isConstant) => isConstant ? [.. Enumerable.Repeat(value, length)] : SeededBytes.Of(seed, length))
            .Array[0, 8].Select(pieces => pieces.SelectMany(piece => piece).ToArray());

    [Fact]
    public void Chunks_are_neither_too_short_nor_too_long_and_leave_nothing_out() => Data.Sample(data =>
    {
        var lengths = Cut(Small, data);
        Assert.Equal(data.Length, lengths.Sum());
        Assert.All(lengths.SkipLast(1), length => Assert.InRange(length, Small.BytesMin, Small.BytesMax));
        Assert.All(lengths.TakeLast(1), length => Assert.InRange(length, 1, Small.BytesMax));
    }, iter: 300);

    [Fact]
    public void Cuts_are_those_of_the_formula_in_the_format() => Data.Sample(data =>
        Assert.Equal(CutByTheDocument(Small, data), Cut(Small, data)), iter: 100);

    [Fact]
    public void Cuts_do_not_depend_on_the_pieces_in_which_the_data_comes() =>
        Gen.Select(Data, Gen.Int[1, 5000].Array[1, 10]).Sample((data, pieces) =>
            Assert.Equal(Cut(Small, data), CutAsItComes(Small, data, pieces)), iter: 300);

    [Fact]
    public void A_chunk_is_found_once_as_many_bytes_are_there_as_a_chunk_may_have()
    {
        var chunker = new GearChunker(Small);
        Assert.Equal(Small.BytesMax, chunker.NextChunk(new byte[Small.BytesMax], isLast: false));
        Assert.Equal(0, chunker.NextChunk(new byte[Small.BytesMax - 1], isLast: false));
        Assert.Equal(Small.BytesMax - 1, chunker.NextChunk(new byte[Small.BytesMax - 1], isLast: true));
        Assert.Equal(0, chunker.NextChunk([], isLast: true));
    }

    [Fact]
    public void After_an_insertion_the_cuts_are_where_they_were() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 20_000], Gen.Byte.Array[1, 3000]).Sample((seed, position, inserted) =>
        {
            // 80 chunks follow: that none of their cuts should be met again is all but impossible.
            var before = SeededBytes.Of(seed, 40_000);
            byte[] after = [.. before[..position], .. inserted, .. before[position..]];
            var cutsBefore = Positions(Cut(Small, before)).Where(cut => cut > 30_000);
            var cutsAfter = Positions(Cut(Small, after)).Select(cut => cut - inserted.Length).Where(cut => cut > 30_000);
            Assert.Equal(cutsBefore, cutsAfter);

            // What lies before is cut as before, but for the one chunk that the insertion is in.
            Assert.Equal(Positions(Cut(Small, before)).Where(cut => cut <= position), Positions(Cut(Small, after)).Where(cut => cut <= position));
        }, iter: 200);

    [Fact]
    public void Constant_data_is_cut_into_equal_chunks()
    {
        foreach (var value in Enumerable.Range(0, 256))
        {
            var lengths = Cut(Small, [.. Enumerable.Repeat((byte)value, 10_000)]);
            Assert.True(lengths.SkipLast(1).Distinct().Count() == 1, $"byte {value}: {string.Join(' ', lengths)}");
            Assert.Contains(lengths[0], new[] { Small.BytesMin, Small.BytesAverage, Small.BytesMax });
        }
    }

    [Fact]
    public void Random_data_has_about_the_average_length_that_was_asked_for()
    {
        var lengths = Cut(ChunkParameters.Default, SeededBytes.Of(11, 32 << 20));
        Assert.InRange(lengths.Average(), 0.8 * ChunkParameters.Default.BytesAverage, 1.3 * ChunkParameters.Default.BytesAverage);
    }

    [Fact]
    public void The_cuts_of_known_data_never_change()
    {
        Frozen.Is("57 f95a40cd28caf206b01958a80a094088794789254f819e07273c0252bf4c90f8", Golden(new ChunkParameters(32 << 10, 128 << 10, 1 << 20), SeededBytes.Of(1, 8 << 20)));
        Frozen.Is("3603 6e07ab9fe684a91b676293cfc761eee447a4a8c5aab4243d527bbc1161b4d71e", Golden(Small, SeededBytes.Of(2, 1 << 20)));
        Frozen.Is("3605 ba5dba0f7d5791cc02e0dc09c048727d7cca373d2b1a58b6a0f2742b2cda5bde", Golden(Small, SeededBytes.Text(3, 1 << 20)));
    }

    /// <summary>Each byte value's gear is seen through where it lets a chunk end: 256 pieces of data, of two values each.</summary>
    [Fact]
    public void The_gear_of_every_byte_value_never_changes()
    {
        var parameters = new ChunkParameters(64, 128, 4096);
        List<int> lengths = [];
        foreach (var value in Enumerable.Range(0, 256))
        {
            lengths.AddRange(Cut(parameters, [.. SeededBytes.Of((ulong)value, 16_384).Select(bit => (byte)(bit < 128 ? value : value ^ 1))]));
        }

        Frozen.Is("27808 ba53c7599dc978105acc29eb5f07c2a5b01441a646d17ec0cfbdebc1c44e39fc", DigestOf(lengths));
    }

    private static string Golden(ChunkParameters parameters, byte[] data) => DigestOf(Cut(parameters, data));

    /// <summary>SHA-256 over the lengths as 32-bit little-endian numbers.</summary>
    private static string DigestOf(List<int> lengths)
    {
        var bytes = new byte[lengths.Count * 4];
        for (var index = 0; index < lengths.Count; index++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(index * 4), lengths[index]);
        }

        return $"{lengths.Count} {Digest.Of(bytes)}";
    }

    private static List<int> Cut(ChunkParameters parameters, ReadOnlySpan<byte> data)
    {
        var chunker = new GearChunker(parameters);
        List<int> lengths = [];
        while (!data.IsEmpty)
        {
            lengths.Add(chunker.NextChunk(data, isLast: true));
            data = data[lengths[^1]..];
        }

        return lengths;
    }

    private static List<int> CutAsItComes(ChunkParameters parameters, byte[] data, int[] pieces)
    {
        var chunker = new GearChunker(parameters);
        List<int> lengths = [];
        var (start, end) = (0, 0);
        for (var piece = 0; start < data.Length;)
        {
            var length = chunker.NextChunk(data.AsSpan(start, end - start), isLast: end == data.Length);
            if (length == 0)
            {
                Assert.True(end - start < parameters.BytesMax, $"{end - start} bytes were not enough");
                end = Math.Min(data.Length, end + pieces[piece++ % pieces.Length]);
                continue;
            }

            lengths.Add(length);
            start += length;
        }

        return lengths;
    }

    /// <summary>docs/store-format.md, Trees, as slowly as it is written there.</summary>
    private static List<int> CutByTheDocument(ChunkParameters parameters, byte[] data)
    {
        List<int> lengths = [];
        var start = 0;
        while (start < data.Length)
        {
            var length = 1;
            while (start + length < data.Length && length < parameters.BytesMax && !MayCut(parameters, data, start, length))
            {
                length++;
            }

            lengths.Add(length);
            start += length;
        }

        return lengths;
    }

    private static bool MayCut(ChunkParameters parameters, byte[] data, int start, int length)
    {
        if (length < parameters.BytesMin)
        {
            return false;
        }

        ulong hash = 0;
        for (var i = 0; i < 32; i++)
        {
            hash += (ulong)GearByTheDocument(data[start + length - 1 - i]) << i;
        }

        var average = (ulong)parameters.BytesAverage;
        var threshold = (ulong)length < average ? (1UL << 32) / (4 * average) : (4UL << 32) / average;
        return hash % (1UL << 32) < threshold;
    }

    private static uint GearByTheDocument(byte value)
    {
        const ulong modulus = 1UL << 32;
        var x = (value + 1UL) * 0x9E3779B1 % modulus;
        x ^= x >> 15;
        x = x * 0x85EBCA77 % modulus;
        x ^= x >> 13;
        return (uint)(x * 0xC2B2AE3D % modulus);
    }

    private static List<int> Positions(List<int> lengths)
    {
        List<int> positions = [];
        var position = 0;
        foreach (var length in lengths.SkipLast(1))
        {
            positions.Add(position += length);
        }

        return positions;
    }
}
