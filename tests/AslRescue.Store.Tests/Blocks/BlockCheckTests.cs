using System.Buffers.Binary;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Blocks;

public sealed class BlockCheckTests : IDisposable
{
    private readonly MemoryBackend _backend = new();
    private readonly ArtifactDecoder _decoder = new();
    private readonly Digest _name;
    private readonly byte[] _block;

    public BlockCheckTests()
    {
        using var written = WrittenBlocks.Write(_backend, WrittenBlocks.Format,
            [SeededBytes.Of(1, 150), SeededBytes.Text(2, 400), SeededBytes.Of(3, 1), SeededBytes.Text(4, 90)]);
        _name = Assert.Single(written.Blocks).Name;
        _block = _backend[ObjectName.Block(_name).Path];
    }

    private string Path => ObjectName.Block(_name).Path;

    public void Dispose()
    {
        _decoder.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void A_whole_block_has_no_errors_and_a_footer_that_lists_what_is_in_it()
    {
        var (footer, errors) = BlockCheck.Run(_backend, _name, _decoder);
        Assert.Empty(errors);
        Assert.Equal(_name, footer.Name);
        Assert.Equal(BlockContent.Chunks, footer.Content);
        Assert.Equal(_block.Length, footer.FileLength);
        Assert.Equal([150, 400, 1, 90], footer.Entries.Select(entry => entry.RawLength));
        Assert.Equal([Codec.Stored, Codec.Zstandard, Codec.Stored, Codec.Zstandard], footer.Entries.Select(entry => entry.Codec));
        Assert.Equal(footer.Offset, footer.Entries[^1].Offset + footer.Entries[^1].StoredLength);
    }

    [Fact]
    public void The_bytes_of_a_block_never_change()
    {
        // Stored as they are: what the compressor makes of bytes is not the format's.
        using var backend = new MemoryBackend();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format, [SeededBytes.Of(1, 150), SeededBytes.Of(2, 1)]);
        Frozen.Is("0ecd5f8966b4df5e48c1a4b58729a118b8d5d2724ae5dbd71ee2c3ea1ed23680", Assert.Single(written.Blocks).Name.ToString());
        Frozen.Is("029786d2fc94e0804704d0d4691a212f44d14809dc703feb69f90566468e4daf", Digest.Of(backend[ObjectName.Block(written.Blocks[0].Name).Path]).ToString());
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xff)]
    public void A_flip_of_any_byte_is_found_and_located(byte flip)
    {
        var whole = BlockFooter.Read(_backend, _name);
        for (var position = 0; position < _block.Length; position++)
        {
            byte[] damaged = [.. _block];
            damaged[position] ^= flip;
            _backend[Path] = damaged;
            var error = Assert.Single(Errors());
            Assert.Equal(ErrorCode.BlockCorrupt, error.Code);
            Assert.Contains(Path, error.Where, StringComparison.Ordinal);
            var (from, to) = Expected(whole, position);
            Assert.InRange(Offset(error), from, to);
        }
    }

    [Fact]
    public void A_block_that_was_cut_short_anywhere_is_corrupt()
    {
        for (var length = 0; length < _block.Length; length++)
        {
            _backend[Path] = _block[..length];
            Assert.Equal(ErrorCode.BlockCorrupt, Assert.Single(Errors()).Code);
        }
    }

    [Fact]
    public void A_block_that_something_follows_is_corrupt()
    {
        _backend[Path] = [.. _block, 0];
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Single(Errors()).Code);
        _backend[Path] = [.. _block, .. _block];
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Single(Errors()).Code);
    }

    [Fact]
    public void Random_bytes_are_corrupt() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        _backend[Path] = bytes;
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Single(Errors()).Code);
        _backend[Path] = [.. bytes, .. _block[^16..]];
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Single(Errors()).Code);
    }, iter: 1000, threads: 1);

    [Fact]
    public void A_footer_that_lies_under_its_right_hash_gives_no_other_failure() =>
        Gen.Select(Gen.Int[0, 1000], Gen.OneOf(Gen.UInt, Gen.UInt[0, 400], Gen.OneOf(0x7fffffffu, 0x80000000u, 0xffffffffu))).Array[1, 3].Sample(changes =>
        {
            byte[] block = [.. _block];
            var footer = block.AsSpan(BlockFooter.Read(WithWholeBlock(), _name).Offset);
            foreach (var (position, value) in changes)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(footer[(position % (footer.Length - 20))..], value);
            }

            CheckForged(block, footer);
        }, iter: 3000, threads: 1);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    [InlineData(4 + (1 << 26))]
    [InlineData(4 + (3 << 26))]
    public void A_count_that_does_not_fit_the_footer_is_corrupt(int count)
    {
        byte[] block = [.. _block];
        var footer = block.AsSpan(BlockFooter.Read(_backend, _name).Offset);
        BinaryPrimitives.WriteInt32LittleEndian(footer[48..], count);
        Assert.NotEmpty(CheckForged(block, footer));
    }

    [Fact]
    public void An_artifact_with_a_right_checksum_and_a_wrong_key_is_found_by_hashing()
    {
        byte[] block = [.. _block];
        var footer = block.AsSpan(BlockFooter.Read(_backend, _name).Offset);
        footer[56] ^= 1;
        var error = Assert.Single(CheckForged(block, footer));
        Assert.Equal(BlockFooter.HeaderBytes, Offset(error));
        Assert.Contains("its key is", error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_footer_longer_than_what_is_read_ahead_is_read_whole()
    {
        using var backend = new MemoryBackend();
        var artifacts = Enumerable.Range(0, 3000).Select(index => SeededBytes.Of((ulong)index, 20 + (index % 50))).ToArray();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format with { BlockBytes = 1 << 20 }, artifacts);
        var (footer, errors) = BlockCheck.Run(backend, Assert.Single(written.Blocks).Name, _decoder);
        Assert.Empty(errors);
        Assert.Equal(artifacts.Select(artifact => Digest.Of(artifact)), footer.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public void All_damaged_artifacts_of_a_block_longer_than_a_buffer_are_found()
    {
        using var backend = new MemoryBackend();
        var artifacts = Enumerable.Range(0, 30).Select(index => SeededBytes.Of((ulong)index, 120_000)).ToArray();
        using var written = WrittenBlocks.Write(backend, WrittenBlocks.Format with { BlockBytes = 4 << 20 }, artifacts);
        var name = Assert.Single(written.Blocks).Name;
        var damaged = BlockFooter.Read(backend, name).Entries.Where((_, index) => index % 7 == 3).ToList();
        damaged.ForEach(entry => backend[ObjectName.Block(name).Path][entry.Offset + 50] ^= 1);
        Assert.Equal(damaged.Select(entry => (long)entry.Offset), BlockCheck.Run(backend, name, decoder: null).Errors.Select(Offset));
    }

    /// <summary>Puts a forged block under the name that its footer now has; what is found. Anything but an AslException fails the test.</summary>
    private IReadOnlyList<AslError> CheckForged(byte[] block, ReadOnlySpan<byte> footer)
    {
        var name = Digest.Of(footer);
        _backend[ObjectName.Block(name).Path] = block;
        try
        {
            return BlockCheck.Run(_backend, name, _decoder).Errors;
        }
        catch (AslException exception)
        {
            return [exception.Error];
        }
    }

    private MemoryBackend WithWholeBlock()
    {
        _backend[Path] = _block;
        return _backend;
    }

    private IReadOnlyList<AslError> Errors()
    {
        try
        {
            return BlockCheck.Run(_backend, _name, _decoder).Errors;
        }
        catch (AslException exception)
        {
            return [exception.Error];
        }
    }

    /// <summary>
    /// The header to the byte, an artifact where it starts, the footer where it starts; a footer whose length is damaged anywhere, since where
    /// it starts is then not known.
    /// </summary>
    private (long From, long To) Expected(BlockFooter whole, int position)
    {
        if (position >= whole.FileLength - 16)
        {
            return (0, _block.Length);
        }

        long exactly = position < BlockFooter.HeaderBytes ? position
            : position >= whole.Offset ? whole.Offset
            : whole.Entries.Last(entry => entry.Offset <= position).Offset;
        return (exactly, exactly);
    }

    private static long Offset(AslError error) =>
        long.Parse(error.Where![(error.Where!.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
}
