using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Blocks;

public sealed class ArtifactCodecTests : IDisposable
{
    private readonly Zstd.Compressor _compressor = new(BlockWriter.Compression);
    private readonly ArtifactDecoder _decoder = new();

    public void Dispose()
    {
        _compressor.Dispose();
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
        var frame = Framed(raw);
        Assert.False(frame.IsCompressed);
        Assert.Equal(raw, frame.Stored.ToArray());
    }

    [Fact]
    public void Text_is_compressed()
    {
        var frame = Framed(SeededBytes.Text(1, 100_000));
        Assert.True(frame.IsCompressed);
        Assert.InRange(frame.Stored.Length, 1, 60_000);
    }

    [Fact]
    public void Short_texts_that_are_alike_take_less_together_than_alone()
    {
        byte[][] texts = [.. Enumerable.Range(0, 50).Select(_ => SeededBytes.Text(1, 2000))];
        Assert.InRange(Framed(texts).Stored.Length, 1, texts.Sum(text => Framed(text).Stored.Length) / 4);
    }

    [Fact]
    public void What_shrinks_by_less_than_three_in_a_hundred_is_stored_as_it_is() => Gen.Int[0, 12_000].Sample(zeros =>
    {
        byte[] raw = [.. SeededBytes.Of(2, 100_000), .. new byte[zeros]];
        var frame = Framed(raw);
        Assert.Equal(frame.IsCompressed, frame.Stored.Length < raw.Length);
        Assert.True(!frame.IsCompressed || frame.Stored.Length <= raw.Length * 97L / 100);
        Assert.True(zeros is >= 3000 and <= 3500 || frame.IsCompressed == (zeros > 3500));
    }, iter: 100, threads: 1);

    [Fact]
    public void Any_artifacts_of_a_frame_decode_to_what_they_were() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 20_000], Gen.Bool).Select((seed, length, isText) => isText ? SeededBytes.Text(seed, length) : SeededBytes.Of(seed, length))
            .Array[1, 6].Sample(artifacts =>
            {
                var frame = Framed(artifacts);
                for (var index = 0; index < artifacts.Length; index++)
                {
                    var artifact = frame.Artifacts[index];
                    var decoded = new byte[artifacts[index].Length];
                    Assert.Null(frame.IsCompressed
                        ? _decoder.Decode(frame.Stored, Codec.Zstandard, artifact.Position, Digest.Of(artifacts[index]), decoded)
                        : _decoder.Decode(frame.Stored.Slice(artifact.Position, artifact.Length), Codec.Stored, 0, Digest.Of(artifacts[index]), decoded));
                    Assert.Equal(artifacts[index], decoded);
                }
            }, iter: 300, threads: 1);

    [Fact]
    public void A_position_beyond_the_frame_is_refused()
    {
        var frame = Framed(SeededBytes.Text(1, 1000), SeededBytes.Text(2, 1000));
        Assert.Contains("instead of at least", _decoder.Decode(frame.Stored, Codec.Zstandard, 1001, Digest.Of("x"u8), new byte[1000]), StringComparison.Ordinal);
        Assert.Contains("instead of at least", _decoder.Decode(frame.Stored, Codec.Zstandard, int.MaxValue, Digest.Of("x"u8), new byte[1000]), StringComparison.Ordinal);
        Assert.Contains("hash to", _decoder.Decode(frame.Stored, Codec.Zstandard, 999, frame.Artifacts[1].Key, new byte[1000]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_that_says_it_is_longer_than_frames_may_be_is_not_decompressed()
    {
        var stored = Compress(new byte[(16 << 20) + 1]);
        Assert.Equal("its stored bytes do not decompress", _decoder.Decode(stored, Codec.Zstandard, 1, Digest.Of("x"u8), new byte[1000]));
    }

    [Fact]
    public void A_bomb_is_not_decompressed_beyond_the_length_that_was_said()
    {
        var bomb = Compress(new byte[8 << 20]);
        Assert.InRange(bomb.Length, 1, 2000);
        var raw = new byte[1000];
        Assert.Equal("its stored bytes do not decompress", _decoder.Unpack(bomb, Codec.Zstandard, raw));
    }

    [Fact]
    public void Bytes_that_decompress_to_less_are_refused()
    {
        var raw = new byte[1001];
        Assert.Equal("it decompresses to 1000 bytes instead of 1001", _decoder.Decode(Compress(new byte[1000]), Codec.Zstandard, 0, Digest.Of(raw), raw));
    }

    [Fact]
    public void Bytes_with_another_hash_are_refused()
    {
        var raw = new byte[5];
        Assert.Contains("hash to", _decoder.Decode("other"u8, Codec.Stored, 0, Digest.Of("bytes"u8), raw), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_codec_or_a_wrong_length_is_refused()
    {
        Assert.NotNull(_decoder.Decode("bytes"u8, (Codec)2, 0, Digest.Of("bytes"u8), new byte[5]));
        Assert.NotNull(_decoder.Decode("bytes"u8, Codec.Stored, 0, Digest.Of("bytes"u8), new byte[4]));
        Assert.NotNull(_decoder.Decode([], Codec.Zstandard, 0, Digest.Of("bytes"u8), new byte[5]));
    }

    [Fact]
    public void Random_bytes_are_no_artifact() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        byte[] frame = [0x28, 0xb5, 0x2f, 0xfd, .. bytes];
        Assert.NotNull(_decoder.Decode(bytes, Codec.Zstandard, 0, Digest.Of("x"u8), new byte[100]));
        Assert.NotNull(_decoder.Decode(frame, Codec.Zstandard, 0, Digest.Of("x"u8), new byte[100]));
    }, iter: 2000, threads: 1);

    private Frame Framed(params byte[][] artifacts)
    {
        var frame = new Frame(4096);
        foreach (var artifact in artifacts)
        {
            frame.Add(Digest.Of(artifact), artifact);
        }

        frame.Compress(_compressor);
        return frame;
    }

    private byte[] Compress(byte[] raw)
    {
        var target = new byte[raw.Length + 1000];
        return target[.._compressor.Compress(raw, target)];
    }
}
