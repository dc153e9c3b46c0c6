using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Blocks;

public sealed class ArtifactCodecTests : IDisposable
{
    private readonly ArtifactEncoder _encoder = new(_ => false);
    private readonly ArtifactDecoder _decoder = new();

    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100_000)]
    public void What_does_not_compress_is_stored_as_it_is(int length)
    {
        var raw = SeededBytes.Of(1, length);
        var artifact = _encoder.Encode(raw);
        Assert.Equal((Codec.Stored, length, length), (artifact.Codec, artifact.RawLength, artifact.StoredLength));
        Assert.Equal(raw, Stored(artifact));
    }

    [Fact]
    public void Text_is_compressed()
    {
        var raw = SeededBytes.Text(1, 100_000);
        var artifact = _encoder.Encode(raw);
        Assert.Equal(Codec.Zstandard, artifact.Codec);
        Assert.InRange(artifact.StoredLength, 1, 60_000);
        Assert.Equal(Digest.Of(raw), artifact.Key);
    }

    [Fact]
    public void What_shrinks_by_less_than_three_in_a_hundred_is_stored_as_it_is() => Gen.Int[0, 12_000].Sample(zeros =>
    {
        byte[] raw = [.. SeededBytes.Of(2, 100_000), .. new byte[zeros]];
        var artifact = _encoder.Encode(raw);
        Assert.Equal(artifact.Codec == Codec.Zstandard, artifact.StoredLength < raw.Length);
        Assert.True(artifact.Codec == Codec.Stored || artifact.StoredLength <= raw.Length * 97L / 100);
        Assert.True(zeros is >= 3000 and <= 3500 || (artifact.Codec == Codec.Zstandard) == (zeros > 3500));
        artifact.Release();
    }, iter: 100, threads: 1);

    [Fact]
    public void Any_bytes_decode_to_what_they_were() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 50_000], Gen.Bool).Sample((seed, length, isText) =>
        {
            var raw = isText ? SeededBytes.Text(seed, length) : SeededBytes.Of(seed, length);
            var artifact = _encoder.Encode(raw);
            var decoded = new byte[length];
            Assert.Null(_decoder.Decode(Stored(artifact), artifact.Codec, artifact.Key, decoded));
            Assert.Equal(raw, decoded);
        }, iter: 200, threads: 1);

    [Fact]
    public void What_is_known_is_hashed_and_not_compressed()
    {
        using var encoder = new ArtifactEncoder(key => key == Digest.Of("known"u8));
        Assert.True(encoder.Encode("known"u8) is { IsKnown: true, StoredLength: 0, RawLength: 5 });
        Assert.False(encoder.Encode("unknown"u8).IsKnown);
    }

    [Fact]
    public void A_bomb_is_not_decompressed_beyond_the_length_that_was_said()
    {
        var bomb = Compress(new byte[8 << 20]);
        Assert.InRange(bomb.Length, 1, 2000);
        var raw = new byte[1000];
        Assert.Equal("its stored bytes do not decompress", _decoder.Decode(bomb, Codec.Zstandard, Digest.Of(raw), raw));
    }

    [Fact]
    public void Bytes_that_decompress_to_less_are_refused()
    {
        var raw = new byte[1001];
        Assert.Equal("it decompresses to 1000 bytes instead of 1001", _decoder.Decode(Compress(new byte[1000]), Codec.Zstandard, Digest.Of(raw), raw));
    }

    [Fact]
    public void Bytes_with_another_hash_are_refused()
    {
        var raw = new byte[5];
        Assert.Contains("hash to", _decoder.Decode("other"u8, Codec.Stored, Digest.Of("bytes"u8), raw), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_codec_or_a_wrong_length_is_refused()
    {
        Assert.NotNull(_decoder.Decode("bytes"u8, (Codec)2, Digest.Of("bytes"u8), new byte[5]));
        Assert.NotNull(_decoder.Decode("bytes"u8, Codec.Stored, Digest.Of("bytes"u8), new byte[4]));
        Assert.NotNull(_decoder.Decode([], Codec.Zstandard, Digest.Of("bytes"u8), new byte[5]));
    }

    [Fact]
    public void Random_bytes_are_no_artifact() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        byte[] frame = [0x28, 0xb5, 0x2f, 0xfd, .. bytes];
        Assert.NotNull(_decoder.Decode(bytes, Codec.Zstandard, Digest.Of("x"u8), new byte[100]));
        Assert.NotNull(_decoder.Decode(frame, Codec.Zstandard, Digest.Of("x"u8), new byte[100]));
    }, iter: 2000, threads: 1);

    [Fact]
    public void Buffers_that_were_given_back_are_used_again_and_hold_what_is_put_into_them()
    {
        var pool = new BufferPool(1000);
        var content = SeededBytes.Of(1, 2500);
        var pages = pool.RentCopy(content);
        Assert.Equal(content, pages.SelectMany(page => page).Take(2500));
        Assert.Empty(pool.RentCopy([]));
        pool.Return(pages[1]);
        Assert.Same(pages[1], pool.Rent());
        Assert.NotSame(pages[0], pool.Rent());
    }

    private static byte[] Stored(in EncodedArtifact artifact)
    {
        var stored = new byte[artifact.StoredLength];
        artifact.CopyTo(stored);
        artifact.Release();
        return stored;
    }

    private static byte[] Compress(byte[] raw)
    {
        using var compressor = new Zstd.Compressor(ArtifactEncoder.CompressionLevel);
        var target = new byte[raw.Length + 1000];
        return target[..compressor.Compress(raw, target)];
    }
}
