using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Inspection;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Inspection;

public sealed class InspectedBlockTests
{
    private static readonly MemoryBackend Store = SmallStore.Create(2);

    public static TheoryData<string> Blocks => [.. Store.Paths.Where(path => path.StartsWith("blocks/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void A_whole_block_has_no_damage_and_every_artifact_of_its_footer(string path)
    {
        using var file = Inspected.File(path, Store[path]);
        var block = new InspectedBlock(file);
        var footer = BlockFooter.Read(Store, file.Name!.Value);

        Assert.Empty(AllDamages(file));
        Assert.Equal(footer.Entries.Select(entry => entry.Key), block.Frames().SelectMany(frame => frame.Artifacts).Select(artifact => artifact.Key));
        Assert.Equal((file.Name, (long)footer.Offset, 0L), (block.Footer!.Digest, block.Footer.Offset, block.Shift));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_byte_that_is_changed_is_found(string path)
    {
        for (var position = 0; position < Store[path].Length; position++)
        {
            using var file = Inspected.File(path, Inspected.Flipped(Store[path], position));
            Assert.True(AllDamages(file).Count > 0, $"nobody saw that byte {position} of {path} was changed");
        }
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Wherever_a_block_is_cut_off_the_frames_before_can_be_read(string path)
    {
        var content = Store[path];
        for (var length = 0; length < content.Length; length++)
        {
            using var file = Inspected.File(path, content[..length]);
            var block = new InspectedBlock(file);
            using var check = new FrameCheck(file);
            Assert.NotEmpty(block.Damages);
            Assert.All(block.FoundFrames(), frame => Assert.Empty(check.Run(frame, isDeep: true).Damages));
        }
    }

    [Fact]
    public void A_footer_that_is_cut_off_still_lists_the_entries_before_the_cut()
    {
        var path = Blocks.First().Data;
        var whole = BlockFooter.Read(Store, Digest.Parse(path.AsSpan()[^64..]));
        for (var entries = 0; entries < whole.Entries.Count; entries++)
        {
            using var file = Inspected.File(path, Store[path][..(whole.Offset + 56 + (entries * BlockEntry.Bytes) + 40)]);
            var block = new InspectedBlock(file);

            Assert.Equal(entries, block.Frames().Sum(frame => frame.Artifacts.Count));
            Assert.Null(block.Footer!.Digest);
        }
    }

    [Fact]
    public void Frames_are_found_where_they_lie_when_bytes_before_the_footer_are_missing_or_too_many()
    {
        var path = Blocks.First().Data;
        foreach (var content in (byte[][])[Store[path][8..], [.. SeededBytes.Of(3, 100), .. Store[path]]])
        {
            using var file = Inspected.File(path, content);
            var block = new InspectedBlock(file);
            using var check = new FrameCheck(file, block.Shift);

            Assert.Equal(content.Length - Store[path].Length, block.Shift);
            Assert.All(block.Frames(), frame =>
            {
                var verdict = check.Run(frame, isDeep: true);
                Assert.Equal(frame.Offset + block.Shift, verdict.FoundAt);
                Assert.Equal(frame.Artifacts.Select(artifact => (Digest?)artifact.Key), verdict.Keys);
            });
        }
    }

    [Fact]
    public void What_follows_a_block_is_told_with_its_offset()
    {
        var path = Blocks.First().Data;
        using var file = Inspected.File(path, [.. Store[path], .. new byte[5000]]);

        var damage = Assert.Single(AllDamages(file));

        Assert.Equal((Store[path].Length, 5000), (damage.Offset, damage.Length));
    }

    [Fact]
    public void Segments_know_the_artifacts_of_a_block_whose_footer_is_gone()
    {
        foreach (var path in Blocks.Select(row => row.Data))
        {
            var footer = BlockFooter.Read(Store, Digest.Parse(path.AsSpan()[^64..]));
            using var file = Inspected.File(path, Store[path][..footer.Offset]);
            using var check = new FrameCheck(file);

            var frames = BlockRows.Find(Store, footer.Name, TestContext.Current.CancellationToken);

            Assert.Equal(footer.Entries.Select(entry => (entry.Key, entry.Offset, entry.Position)), frames.SelectMany(frame => frame.Artifacts.Select(artifact => (artifact.Key, frame.Offset, artifact.Position))));
            Assert.All(frames, frame => Assert.Equal(frame.Artifacts.Select(artifact => (Digest?)artifact.Key), check.Run(frame, isDeep: true).Keys));
        }
    }

    [Fact]
    public void Second_copies_of_artifacts_are_found_in_other_blocks_and_not_in_the_block_itself()
    {
        using var store = SmallStore.Create(1);
        var path = Inspected.First(store, "blocks/");
        var footer = BlockFooter.Read(store, Digest.Parse(path.AsSpan()[^64..]));
        HashSet<Digest> keys = [.. footer.Entries.Select(entry => entry.Key)];
        Assert.Empty(SecondCopies.Find(store, keys, footer.Name, TestContext.Current.CancellationToken));

        var (noise, text) = (SeededBytes.Of(9, 5000), SeededBytes.Text(9, 5000));
        using var twice = new MemoryBackend();
        using (Blocks_(twice, [noise, text]))
        using (Blocks_(twice, [noise]))
        {
            var names = StoreFolders.Blocks(twice).ToList();
            Assert.Equal(2, names.Count);
            foreach (var name in names)
            {
                Assert.Equal(names.Single(other => other != name), Assert.Single(SecondCopies.Find(twice, new HashSet<Digest> { Digest.Of(noise) }, name, TestContext.Current.CancellationToken)).Block);
            }
        }

        static Tests.Blocks.WrittenBlocks Blocks_(MemoryBackend backend, byte[][] chunks) => Tests.Blocks.WrittenBlocks.Write(backend, Tests.Blocks.WrittenBlocks.Format, chunks);
    }

    [Fact]
    public void A_bad_sector_costs_the_frame_that_it_lies_in_and_nothing_else()
    {
        foreach (var path in Blocks.Select(row => row.Data))
        {
            using var whole = Inspected.File(path, Store[path]);
            var frames = new InspectedBlock(whole).Frames().ToList();
            foreach (var bad in frames.Where(frame => frame.StoredLength > 0))
            {
                using var file = new InspectedFile(path, new BadSector(Store[path], bad.Offset), whole.Name);
                using var check = new FrameCheck(file);
                var damaged = new InspectedBlock(file).Frames().Where(frame => check.Run(frame, isDeep: true).Damages.Count > 0).ToList();
                Assert.Equal(bad.Number, Assert.Single(damaged).Number);
                Assert.Contains("sector", Assert.Single(check.Run(bad, isDeep: true).Damages).Why, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_outside_of_a_frame_is_read_as_the_compressor_wrote_it()
    {
        using var compressor = new Shared.Interop.Zstd.Compressor(new(1, 0, 0, 0));
        foreach (var length in (int[])[1, 200, 300, 70_000, 200_000, 1 << 20])
        {
            var target = new byte[length + 1000];
            var stored = compressor.Compress(SeededBytes.Text((ulong)length, length), target);
            Assert.Equal(new ZstdFrame(stored, length), ZstdFrame.Read(target));
            Assert.Null(ZstdFrame.Read(target.AsSpan(0, stored - 1)));
        }
    }

    private static List<Damage> AllDamages(InspectedFile file)
    {
        var block = new InspectedBlock(file);
        using var check = new FrameCheck(file, block.Shift);
        return [.. block.Damages, .. block.Frames().SelectMany(frame => check.Run(frame, isDeep: true).Damages)];
    }

    /// <summary>One byte of a disk that cannot be read, whatever else is asked for with it.</summary>
    private sealed class BadSector(byte[] content, long bad) : Store.Backends.IStoredObject
    {
        public long Length => content.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            if (offset <= bad && bad < offset + buffer.Length)
            {
                throw new Shared.Errors.AslException(new(Shared.Errors.ErrorCode.StoreIo, "cannot read an object") { Why = "a bad sector", Fix = "none: this is a test" });
            }

            content.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        }

        public void Dispose()
        {
        }
    }
}
