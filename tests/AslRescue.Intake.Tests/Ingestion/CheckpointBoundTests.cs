using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>What is stored already fills no block; what a run learned of it must still not grow into one object that no reader takes.</summary>
public sealed class CheckpointBoundTests
{
    private const int Bound = 4 << 10;

    [Fact]
    public void Many_files_of_known_content_are_checkpointed_in_objects_of_bounded_length()
    {
        var marks = Marks(assembler =>
        {
            for (var index = 0; index < 1000; index++)
            {
                var name = System.Text.Encoding.UTF8.GetBytes(index.ToString("D4", CultureInfo.InvariantCulture));
                assembler.OpenFile(name, new((ulong)index, 5, default, default), []);
                assembler.AddPiece(ContentItem.Artifact(Digest.Of("known"u8), 5), "known"u8);
                assembler.CloseFile(new(name, new Entry { Name = name, Kind = EntryKind.File }, new SideRecord((ulong)index, default, null, null)), isStable: true);
            }
        });
        Assert.InRange(marks.Sum(mark => CheckpointElements.Read(mark).Count()), 900, 1000); // The last ones are in none: the seal follows.
        Assert.All(marks, mark => Assert.InRange(mark.Length, 1, Bound * 3 / 2));
    }

    [Fact]
    public void A_long_file_of_known_content_is_checkpointed_on_the_way()
    {
        var marks = Marks(assembler =>
        {
            assembler.OpenFile("file"u8.ToArray(), new(1, 5000, default, default), []);
            for (var index = 0; index < 1000; index++)
            {
                assembler.AddPiece(ContentItem.Artifact(Digest.Of("known"u8), 5), "known"u8);
            }

            assembler.CloseFile(new("file"u8.ToArray(), new Entry { Name = "file"u8.ToArray(), Kind = EntryKind.File }, new SideRecord(1, default, null, null)), isStable: true);
        });
        Assert.All(marks, mark => Assert.InRange(mark.Length, 1, Bound * 3 / 2));
        Assert.InRange(marks.Count, 5, 100);
    }

    [Fact]
    public void Marks_that_are_short_for_their_block_close_none_early()
    {
        var content = SeededBytes.Of(1, 8 << 10);
        void Fill(TreeAssembler assembler)
        {
            for (var index = 0; index < 1000; index++)
            {
                var name = System.Text.Encoding.UTF8.GetBytes(index.ToString("D4", CultureInfo.InvariantCulture));
                BitConverter.TryWriteBytes(content, index);
                assembler.OpenFile(name, new((ulong)index, content.Length, default, default), []);
                assembler.AddPiece(ContentItem.Artifact(Digest.Of(content), content.Length), content);
                assembler.CloseFile(new(name, new Entry { Name = name, Kind = EntryKind.File }, new SideRecord((ulong)index, default, null, null)), isStable: true);
            }
        }

        var format = new StoreFormat { BlockBytes = 1 << 20, FrameBytes = 64 << 10 };
        List<Digest> few = [], many = [];
        var marks = Marks(Fill, few, format, 16 << 10);
        Assert.InRange(marks.Sum(mark => mark.Length), 32 << 10, 1 << 20); // Of all blocks together it is more.
        Marks(Fill, many, format, 1 << 30);
        Assert.Equal(many, few);
    }

    private static ConcurrentQueue<byte[]> Marks(Action<TreeAssembler> fill) => Marks(fill, [], new StoreFormat(), Bound);

    private static ConcurrentQueue<byte[]> Marks(Action<TreeAssembler> fill, List<Digest> sealedBlocks, StoreFormat format, int bound)
    {
        using var backend = new MemoryBackend();
        using var index = new ArtifactIndex(backend, []);
        var marks = new ConcurrentQueue<byte[]>();
        TreeAssembler? assembler = null;
        using var blocks = new BlockWriter(backend, format, index, [], () => assembler!.TakeCheckpoint(), block =>
        {
            sealedBlocks.Add(block.Block.Name);
            Keep(block.Mark);
        }, Keep, markBytesMax: bound);
        assembler = new TreeAssembler(blocks, format.Chunks, new IngestProgress()) { MarkBytesMax = bound };
        assembler.OpenFolder(new([], new Entry { Kind = EntryKind.Directory }, new SideRecord(1, default, null, [])));
        fill(assembler);
        assembler.CloseFolder(null);
        _ = assembler.Finish();
        _ = blocks.Finish();
        return marks;

        void Keep(byte[]? mark)
        {
            if (mark is not null)
            {
                marks.Enqueue(mark);
            }
        }
    }
}
