using AslRescue.Shared.Errors;
using AslRescue.Store.Chunking;
using AslRescue.Store.Format;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Format;

public sealed class StoreFormatTests
{
    private static readonly Gen<StoreFormat> Formats =
        from power in Gen.Int[7, 20]
        from least in Gen.Int[64, (1 << power) - 1]
        from most in Gen.Int[(1 << power) + 1, ChunkParameters.BytesLimit]
        from block in Gen.Int[Math.Max(1 << 20, 4 * most), 60 << 20]
        from segment in Gen.Int[4096, 256 << 20]
        select new StoreFormat { Chunks = new(least, 1 << power, most), BlockBytes = block, SegmentBytesMax = segment };

    [Fact]
    public void Any_possible_format_reads_back() =>
        Formats.Sample(format => Assert.Equal(format, StoreFormat.Parse("here", format.ToBytes())), iter: 1000);

    [Fact]
    public void The_file_of_the_usual_parameters_never_changes()
    {
        Assert.Equal(
            """
            # The parameters of an ASL store. Written once, when the store is made; see docs/store-format.md.
            format = 1
            chunk.bytes-min = 16384
            chunk.bytes-average = 65536
            chunk.bytes-max = 524288
            frame.bytes = 1048576
            block.bytes = 33554432
            segment.bytes-max = 67108864

            """,
            System.Text.Encoding.UTF8.GetString(new StoreFormat().ToBytes()));
        Frozen.Is("4f4f59928c4a6f4f840d5b9dcfb291476ff91ff410229cb25e76cd8aa2a72c8b", new StoreFormat().Digest.ToString());
    }

    [Fact]
    public void A_flipped_bit_is_refused_or_reads_as_other_parameters()
    {
        var file = new StoreFormat().ToBytes();
        for (var position = 0; position < file.Length * 8; position++)
        {
            byte[] damaged = [.. file];
            damaged[position / 8] ^= (byte)(1 << (position % 8));
            if (Refusal(damaged) is null)
            {
                // What the verifier then finds: every snapshot holds the digest of the file.
                Assert.NotEqual(new StoreFormat().Digest, StoreFormat.Parse("here", damaged).Digest);
            }
        }
    }

    [Fact]
    public void A_file_that_was_cut_short_is_refused()
    {
        var file = new StoreFormat().ToBytes();
        Assert.All(Enumerable.Range(0, file.Length), length => Assert.Equal(ErrorCode.FormatCorrupt, Refusal(file[..length])?.Code));
    }

    [Fact]
    public void A_file_that_something_follows_is_refused()
    {
        byte[] file = [.. new StoreFormat().ToBytes(), (byte)'\n'];
        Assert.Equal(ErrorCode.FormatCorrupt, Refusal(file)?.Code);
    }

    [Fact]
    public void Another_version_is_named()
    {
        var file = System.Text.Encoding.UTF8.GetString(new StoreFormat().ToBytes()).Replace("format = 1", "format = 2", StringComparison.Ordinal);
        var error = Refusal(System.Text.Encoding.UTF8.GetBytes(file));
        Assert.Equal(ErrorCode.StoreFormatUnknown, error?.Code);
        Assert.Contains("format 2", error!.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(63, 256, 2048, 1 << 20, 4096)]
    [InlineData(64, 200, 2048, 1 << 20, 4096)]
    [InlineData(256, 256, 2048, 1 << 20, 4096)]
    [InlineData(64, 256, 256, 1 << 20, 4096)]
    [InlineData(64, 256, (16 << 20) + 1, 60 << 20, 4096)]
    [InlineData(64, 256, (256 << 10) + 1, 1 << 20, 4096)]
    [InlineData(64, 256, 2048, (1 << 20) - 1, 4096)]
    [InlineData(64, 256, 2048, (60 << 20) + 1, 4096)]
    [InlineData(64, 256, 2048, 1 << 20, 4095)]
    [InlineData(64, 256, 2048, 1 << 20, (256 << 20) + 1)]
    public void Parameters_that_cannot_work_are_refused(int least, int average, int most, int block, int segment)
    {
        var format = new StoreFormat { Chunks = new ChunkParameters(least, average, most), BlockBytes = block, SegmentBytesMax = segment };
        Assert.Equal(ErrorCode.FormatCorrupt, Refusal(format.ToBytes())?.Code);
    }

    [Fact]
    public void Random_bytes_are_refused() =>
        Gen.OneOf(Gen.Byte.Array[0, 300], Gen.OneOf("format", " = ", "1", "\n", "block.bytes", "999999999999").Array[0, 30]
                .Select(pieces => System.Text.Encoding.UTF8.GetBytes(string.Concat(pieces))))
            .Sample(bytes => Assert.NotNull(Refusal(bytes)), iter: 2000);

    private static AslError? Refusal(byte[] file)
    {
        try
        {
            StoreFormat.Parse("here", file);
            return null;
        }
        catch (AslException exception)
        {
            Assert.StartsWith("here", exception.Error.Where, StringComparison.Ordinal);
            return exception.Error;
        }
    }
}
