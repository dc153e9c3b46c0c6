using System.Security.Cryptography;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Blocks;

public sealed class NoiseTests
{
    [Theory]
    [InlineData(2 * Noise.WindowBytes)]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public void Random_and_encrypted_bytes_are_noise(int length)
    {
        // 200 frames: a limit that only most of them keep would be no limit.
        Assert.All(Enumerable.Range(0, 200), seed => Assert.True(Noise.IsAll(SeededBytes.Of((ulong)seed, length))));
        using var aes = Aes.Create();
        aes.Key = new byte[32];
        Assert.True(Noise.IsAll(aes.EncryptCbc(new byte[length], new byte[16])));
    }

    [Fact]
    public void What_the_compressor_would_shrink_is_not()
    {
        var random = SeededBytes.Of(1, 1 << 20);
        byte[][] others =
        [
            SeededBytes.Text(1, 1 << 20), new byte[1 << 20],
            [.. random.Select(value => (byte)(value % 250))], // 7.97 bits
            [.. SeededBytes.Of(2, 900_000), .. SeededBytes.Text(2, 100_000)],
            System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(random)),
        ];
        Assert.All(others, other => Assert.False(Noise.IsAll(other)));
    }

    [Fact]
    public void What_counts_as_noise_the_compressor_does_not_make_worthwhile()
    {
        using var compressor = new Zstd.Compressor(BlockWriter.Compression);
        byte[][] noises = [SeededBytes.Of(3, 1 << 20), [.. SeededBytes.Of(4, 500_000), .. SeededBytes.Text(4, 20_000), .. SeededBytes.Of(5, 500_000)]];
        Assert.All(noises, bytes =>
        {
            Assert.True(Noise.IsAll(bytes));
            var length = compressor.Compress(bytes, new byte[bytes.Length]);
            Assert.True(length < 0 || length > bytes.Length * 97L / 100);
        });
    }

    [Fact]
    public void Few_bytes_tell_nothing() => Assert.False(Noise.IsAll(SeededBytes.Of(1, (2 * Noise.WindowBytes) - 1)));
}
