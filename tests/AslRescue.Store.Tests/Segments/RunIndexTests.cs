using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Tests.Blocks;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Segments;

public sealed class RunIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("run-index-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void How_much_is_kept_in_memory_does_not_show_in_blocks_and_segments() => Gen.Select(
        Gen.Int[0, 300].Array[1, 600], Gen.Int[1, 60], Gen.Int[1, 3], Gen.Int[1, 3000]).Sample((artifacts, indexed, workers, frameBytes) =>
        Assert.Equal(Outcome(artifacts, 1 << 20, 1, frameBytes), Outcome(artifacts, indexed, workers, frameBytes)), iter: 100);

    [Fact]
    public void A_run_that_goes_on_keeps_no_more_in_memory_and_stores_nothing_twice()
    {
        using var backend = new MemoryBackend();
        var chunks = Enumerable.Range(0, 2000).Select(index => BitConverter.GetBytes(index)).ToArray();
        using var first = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks[..1500]);
        Digest[] earlier = [.. first.Blocks.Select(block => block.Name)];
        using var inMemory = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks, earlier: earlier);
        using var spilled = WrittenBlocks.Write(backend, WrittenBlocks.Format, chunks, earlier: earlier, indexedInMemory: 7);
        Assert.Equal(2000, spilled.Entries.Count);
        Assert.Equal(inMemory.Entries, spilled.Entries);
        Assert.Equal(inMemory.Blocks, spilled.Blocks);
    }

    [Fact]
    public void Temporary_files_have_no_name_in_the_store()
    {
        using var backend = new DirectoryBackend(_folder);
        using var nothing = new ArtifactIndex(backend, []);
        using (var writer = new BlockWriter(backend, WrittenBlocks.Format, nothing, [], () => null, _ => { }, indexedInMemory: 10))
        {
            for (var index = 0; index < 5000; index++)
            {
                writer.Put(BitConverter.GetBytes(index));
            }

            Assert.Equal(5000, writer.Finish().Entries.Distinct().Count());
            Assert.NotEmpty(OpenSpills());
            Assert.Equal(["blocks"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
        }

        Assert.Empty(OpenSpills());
    }

    [Fact]
    public void Files_stay_few()
    {
        using var index = new RunIndex(_folder, 10);
        for (var number = 0; number < 20_000; number++)
        {
            Assert.True(index.TryAdd(Key(number)));
            index.SetPlace(Key(number), 0, new BlockEntry(Key(number), number, 1, 1, Codec.Stored, 0, 0));
            Assert.InRange(OpenSpills().Count, 0, number < 1000 ? 12 : 24);
        }

        Assert.All(Enumerable.Range(0, 20_000), number => Assert.False(index.TryAdd(Key(number))));
        Assert.Equal(Enumerable.Range(0, 20_000).Select(Key).Order(), index.Sorted([Key(0)]).Select(entry => entry.Key));
        Assert.All(index.Sorted([Key(0)]), entry => Assert.Equal(Key(entry.Location.Offset), entry.Key));
    }

    [Fact]
    public void A_changed_bit_in_a_temporary_file_is_found()
    {
        using var index = new RunIndex(_folder, 10);
        for (var number = 0; number < 12; number++)
        {
            index.TryAdd(Key(number));
            index.SetPlace(Key(number), 0, new BlockEntry(Key(number), number, 1, 1, Codec.Stored, 0, 0));
        }

        Assert.Equal(12, index.Sorted([Key(0)]).Select(entry => entry.Key).Distinct().Count());
        using (var file = File.Open(Assert.Single(OpenSpills()), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = 36;
            file.WriteByte(0x40);
        }

        Assert.Equal(ErrorCode.StoreIo, Assert.Throws<AslException>(() => index.Sorted([Key(0)]).ToArray()).Error.Code);
    }

    [Fact]
    public void Without_room_for_temporary_files_the_run_ends_with_an_error_that_says_where()
    {
        var gone = Path.Combine(_folder, "gone");
        using var index = new RunIndex(gone, 1);
        index.TryAdd(Key(0));
        index.SetPlace(Key(0), 0, default);
        var error = Assert.Throws<AslException>(() => index.TryAdd(Key(1))).Error;
        Assert.Equal((ErrorCode.StoreIo, gone, false), (error.Code, error.Where, error.IsPermanent));
    }

    [Fact]
    public void The_filter_never_denies_a_key_and_seldom_takes_another_for_one()
    {
        var filter = new byte[KeyFilter.BytesFor(50_000)];
        for (var number = 0; number < 50_000; number++)
        {
            KeyFilter.Add(filter, Key(number));
        }

        Assert.All(Enumerable.Range(0, 50_000), number => Assert.True(KeyFilter.MayContain(filter, Key(number))));
        Assert.InRange(Enumerable.Range(50_000, 50_000).Count(number => KeyFilter.MayContain(filter, Key(number))), 1, 1000);
    }

    private static Digest Key(int number) => Digest.Of(BitConverter.GetBytes(number));

    /// <summary>The temporary files in the folder that this process has open: they can be reached by their descriptors alone.</summary>
    private List<string> OpenSpills() =>
        [.. Directory.EnumerateFiles("/proc/self/fd").Where(path => (new FileInfo(path).LinkTarget ?? "").StartsWith(_folder, StringComparison.Ordinal))];

    private static string Outcome(int[] artifacts, int indexed, int workers, int frameBytes)
    {
        using var backend = new MemoryBackend();
        using var nothing = new ArtifactIndex(backend, []);
        var format = WrittenBlocks.Format with { FrameBytes = frameBytes };
        using var writer = new BlockWriter(backend, format, nothing, [], () => null, _ => { }, workers: workers, indexedInMemory: indexed);
        foreach (var artifact in artifacts)
        {
            var raw = SeededBytes.Of((ulong)artifact, 20 + artifact);
            writer.Append(Digest.Of(raw), raw);
            writer.Put(SeededBytes.Text((ulong)artifact / 3, 50));
        }

        var (blocks, entries) = writer.Finish();
        var groups = GroupMerge.Run(backend, new StoreFormat { SegmentBytesMax = 4096 }, [], "run", entries).Groups;
        return string.Join('\n', [.. blocks.Select(block => block.ToString()), .. groups.SelectMany(group => group.Segments).Select(segment => segment.ToString())]);
    }
}
