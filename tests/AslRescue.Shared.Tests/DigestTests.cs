using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using AslRescue.Shared.Interop;
using CsCheck;

namespace AslRescue.Shared.Tests;

/// <summary>Our own way to many digests at once, held against the system's library, which shares no line with it.</summary>
public sealed class DigestTests
{
    private static readonly Gen<byte[]> Data = Gen.Byte.Array[0, 5000];

    [Fact]
    public void The_processors_ways_are_used_where_continuous_integration_can_make_them()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "clang may be missing on a machine of a person");
        Assert.Equal(Avx2.IsSupported, Simd.Available.HasFlag(Simd.Features.Avx2));
        var flags = File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ');
        var lanes = !flags.Contains("sha_ni") ? Digest.Lanes.One : ((string[])["avx512f", "avx512bw", "avx512vl"]).All(flags.Contains) ? Digest.Lanes.Sixteen : Digest.Lanes.Two;
        Assert.Equal(lanes, Digest.LanesMax);
    }

    [Fact]
    public void Parts_have_the_digests_that_the_system_gives_whatever_their_lengths() => Gen.Select(Data, Gen.Int[0, 600], Gen.Int).Sample((data, count, seed) =>
        EveryWayIsRight(data, Parts(data, count, seed)), iter: 500);

    [Fact]
    public void Every_length_around_the_padding_is_right_in_every_lane()
    {
        var data = Enumerable.Range(0, 400).Select(value => (byte)(value * 31)).ToArray();
        for (var first = 0; first <= 200; first++)
        {
            (int Start, int Length)[] five = [(0, first), (1, 130), (2, first), (3, 0), (4, 64)];
            EveryWayIsRight(data, five);
            EveryWayIsRight(data, [.. Enumerable.Range(0, 37).Select(index => (index, index % 3 == 0 ? five[index % 5].Length : (first + index) % 300))]);
        }
    }

    [Fact]
    public void A_stream_has_the_digest_of_its_pieces_put_together_and_so_have_the_parts_beside_it() =>
        Gen.Select(Data.Array[0, 8], Gen.Int[0, 600], Gen.Int, Gen.Bool).Sample((pieces, count, seed, usesSimd) =>
        {
            using var stream = new DigestStream(usesSimd && Digest.LanesMax != Digest.Lanes.One);
            foreach (var piece in pieces)
            {
                var parts = Parts(piece, count, seed);
                var digests = new Digest[count];
                Digest.OfParts(piece, parts, digests, stream);
                Assert.All(parts.Zip(digests), pair => Assert.Equal(System(piece.AsSpan(pair.First.Start, pair.First.Length)), pair.Second));
            }

            byte[] whole = [.. pieces.SelectMany(piece => piece)];
            Assert.Equal(whole.Length, stream.Length);
            Assert.Equal(System(whole), stream.Finish());
        }, iter: 300);

    [Fact]
    public void A_part_outside_the_data_is_refused()
    {
        var digests = new Digest[1];
        Assert.Throws<ArgumentOutOfRangeException>(() => Digest.OfParts(new byte[10], [(5, 6)], digests));
        Assert.Throws<ArgumentOutOfRangeException>(() => Digest.OfParts(new byte[10], [(0, 1), (0, 1)], digests));
    }

    private static (int Start, int Length)[] Parts(byte[] data, int count, int seed)
    {
        var chance = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var start = chance.Next(data.Length + 1);
            return (start, chance.Next(data.Length - start + 1));
        })];
    }

    private static void EveryWayIsRight(byte[] data, (int Start, int Length)[] parts)
    {
        for (var lanes = Digest.Lanes.One; lanes <= Digest.LanesMax; lanes++)
        {
            var digests = new Digest[parts.Length];
            Digest.OfPartsBy(lanes, data, parts, digests);
            Assert.All(parts.Zip(digests), pair => Assert.Equal(System(data.AsSpan(pair.First.Start, pair.First.Length)), pair.Second));
        }
    }

    private static Digest System(ReadOnlySpan<byte> bytes) => new(SHA256.HashData(bytes));
}
