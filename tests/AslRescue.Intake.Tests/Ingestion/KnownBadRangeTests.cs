using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class KnownBadRangeTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_bad_range_that_an_interrupted_run_found_is_a_problem_of_the_resumed_one()
    {
        File.WriteAllBytes(_scratch["file"], new byte[8192]);
        var folder = Posix.OpenAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch.Path), OpenFlags.ReadOnly | OpenFlags.Directory);
        Assert.Equal(0, Posix.StatAt(folder, "file"u8, out var status));
        Assert.Equal(0, Posix.Stat(folder, out var folderStatus));
        var format = new StoreFormat();
        using var backend = new DirectoryBackend(Directory.CreateDirectory(_scratch["store"]).FullName);
        using var index = new ArtifactIndex(backend, []);
        using var blocks = new BlockWriter(backend, format, index, [], () => null, _ => { });
        var progress = new IngestProgress();
        var assembler = new TreeAssembler(blocks, format.Chunks, progress);
        var worker = new Worker(format.Chunks, progress);
        CheckpointPart known = new(0, "file"u8.ToArray(), SourceIdentity.Of(status), 0, 8192, [ContentItem.BadRange(8192, Errno.EIO)], IsComplete: true);
        var step = new FileStep(new OpenFolder(folder), "file"u8.ToArray(), "file"u8.ToArray(), status, [known], slice: null, new StoreFormat().Chunks);

        assembler.OpenFolder(new([], EntryFactory.Of([], folderStatus), SourceIdentity.Side(folderStatus, [])));
        step.Prepare(worker);
        step.Apply(assembler);
        assembler.CloseFolder(null);
        var tree = assembler.Finish();

        Assert.Equal(1, tree.ProblemCount);
        Assert.Equal(8192, tree.Counts.BadBytes);
        Assert.Equal(0, tree.Counts.ReadBytes);
    }

    [Fact]
    public void A_file_that_another_one_replaced_before_it_was_opened_is_read_under_its_second_name()
    {
        File.WriteAllText(_scratch["first"], "what both names had");
        Assert.Equal(0, Posix.LinkAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch["first"]),
            Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch["second"])));
        var folder = Posix.OpenAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch.Path), OpenFlags.ReadOnly | OpenFlags.Directory);
        Assert.Equal(0, Posix.StatAt(folder, "first"u8, out var listed));
        Assert.Equal(0, Posix.Stat(folder, out var folderStatus));
        File.WriteAllText(_scratch["other"], "an atomic save");
        File.Move(_scratch["other"], _scratch["first"], overwrite: true);

        var format = new StoreFormat();
        using var backend = new DirectoryBackend(Directory.CreateDirectory(_scratch["store"]).FullName);
        using var index = new ArtifactIndex(backend, []);
        using var blocks = new BlockWriter(backend, format, index, [], () => null, _ => { });
        var progress = new IngestProgress();
        var assembler = new TreeAssembler(blocks, format.Chunks, progress);
        var open = new OpenFolder(folder);
        var first = new FileStep(open.Share(), "first"u8.ToArray(), "first"u8.ToArray(), listed, [], slice: null, format.Chunks);
        var again = new FileStep(open.Share(), "second"u8.ToArray(), "second"u8.ToArray(), listed, [], slice: null, format.Chunks);
        var second = new FurtherHardLink(
            new("second"u8.ToArray(), EntryFactory.Of("second"u8.ToArray(), listed), SourceIdentity.Side(listed)), InodeKey.Of(listed), again);
        var third = new FurtherHardLink(new("third"u8.ToArray(), EntryFactory.Of("third"u8.ToArray(), listed), SourceIdentity.Side(listed)), InodeKey.Of(listed), byItself: null);

        assembler.OpenFolder(new([], EntryFactory.Of([], folderStatus), SourceIdentity.Side(folderStatus, [])));
        first.Prepare(new Worker(format.Chunks, progress));
        first.Apply(assembler);
        second.Apply(assembler);
        third.Apply(assembler);
        assembler.CloseFolder(null);
        var tree = assembler.Finish();

        Assert.Equal(["first: ", "second: ", "third: second"], Names(backend, blocks, format, tree));
        Assert.True(blocks.Contains(Digest.Of("what both names had"u8)));
        Assert.True(blocks.Contains(Digest.Of("an atomic save"u8)));
        Assert.NotEqual(0, tree.ProblemCount);
    }

    [Fact]
    public void A_file_of_any_length_whose_first_name_vanished_is_read_under_its_second_name_part_by_part()
    {
        const long size = 3L << 30;
        var data = SeededBytes.Of(7, 9 << 20);
        using (var file = new FileStream(_scratch["second"], FileMode.CreateNew))
        {
            file.SetLength(size);
            file.Position = size - data.Length;
            file.Write(data);
        }

        Assert.Equal(0, Posix.LinkAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch["second"]),
            Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch["first"])));
        var folder = Posix.OpenAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch.Path), OpenFlags.ReadOnly | OpenFlags.Directory);
        Assert.Equal(0, Posix.StatAt(folder, "first"u8, out var listed));
        Assert.Equal(0, Posix.Stat(folder, out var folderStatus));
        File.Delete(_scratch["first"]);

        var format = new StoreFormat();
        using var backend = new DirectoryBackend(Directory.CreateDirectory(_scratch["store"]).FullName);
        using var index = new ArtifactIndex(backend, []);
        using var blocks = new BlockWriter(backend, format, index, [], () => null, _ => { });
        var progress = new IngestProgress();
        var assembler = new TreeAssembler(blocks, format.Chunks, progress);
        var open = new OpenFolder(folder);
        var first = new FileStep(open.Share(), "first"u8.ToArray(), "first"u8.ToArray(), listed, [], slice: null, format.Chunks);
        var again = new FileStep(open.Share(), "second"u8.ToArray(), "second"u8.ToArray(), listed, [], slice: null, format.Chunks);
        var second = new FurtherHardLink(
            new("second"u8.ToArray(), EntryFactory.Of("second"u8.ToArray(), listed), SourceIdentity.Side(listed)), InodeKey.Of(listed), again);
        assembler.OpenFolder(new([], EntryFactory.Of([], folderStatus), SourceIdentity.Side(folderStatus, [])));
        first.Prepare(new Worker(format.Chunks, progress));
        first.Apply(assembler);
        var before = GC.GetAllocatedBytesForCurrentThread();
        second.Apply(assembler);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 8 << 20);
        assembler.CloseFolder(null);
        var tree = assembler.Finish();
        Assert.Equal((1, data.Length, size), (tree.ProblemCount, tree.Counts.ReadBytes, tree.Counts.SourceBytes));
        Assert.All(Cuts(data, format), chunk => Assert.True(blocks.Contains(Digest.Of(chunk))));
    }

    /// <summary>The names in the one folder of a tree, each with the first name of its inode.</summary>
    private static IEnumerable<string> Names(DirectoryBackend backend, BlockWriter blocks, StoreFormat format, IngestedTree tree)
    {
        SegmentGroup group = new(["run"], SegmentGroupWriter.Write(blocks.Finish().Entries, format, backend));
        using var index = new ArtifactIndex(backend, [group]);
        using var artifacts = new ArtifactReader(backend, index);
        var reader = new TreeReader(artifacts);
        return [.. reader.Listing(reader.Roots(tree.Root)[0]).Select(entry => $"{System.Text.Encoding.UTF8.GetString(entry.Name)}: {System.Text.Encoding.UTF8.GetString(entry.HardLink ?? [])}")];
    }

    private static IEnumerable<byte[]> Cuts(byte[] data, StoreFormat format)
    {
        var chunker = new GearChunker(format.Chunks);
        for (var start = 0; start < data.Length;)
        {
            var length = chunker.NextChunk(data.AsSpan(start), isLast: true);
            yield return data[start..(start + length)];
            start += length;
        }
    }
}
