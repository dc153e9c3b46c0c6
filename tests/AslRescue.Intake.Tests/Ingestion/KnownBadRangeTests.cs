using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
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
        var step = new FileStep(new OpenFolder(folder), "file"u8.ToArray(), "file"u8.ToArray(), status, [known], slice: null);

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
        var first = new FileStep(open.Share(), "first"u8.ToArray(), "first"u8.ToArray(), listed, [], slice: null);
        var again = new FileStep(open.Share(), "second"u8.ToArray(), "second"u8.ToArray(), listed, [], slice: null);
        var second = new FurtherHardLink(
            new("second"u8.ToArray(), EntryFactory.Of("second"u8.ToArray(), listed), SourceIdentity.Side(listed)), InodeKey.Of(listed), "first"u8.ToArray(), again);

        assembler.OpenFolder(new([], EntryFactory.Of([], folderStatus), SourceIdentity.Side(folderStatus, [])));
        first.Prepare(new Worker(format.Chunks, progress));
        first.Apply(assembler);
        second.Apply(assembler);
        assembler.CloseFolder(null);
        var tree = assembler.Finish();

        Assert.True(blocks.Contains(Digest.Of("what both names had"u8)));
        Assert.True(blocks.Contains(Digest.Of("an atomic save"u8)));
        Assert.NotEqual(0, tree.ProblemCount);
    }
}
