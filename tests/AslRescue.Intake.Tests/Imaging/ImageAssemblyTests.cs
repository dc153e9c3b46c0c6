using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>Whatever the order and the sizes in which an image came in, its content is the same.</summary>
public sealed class ImageAssemblyTests : IDisposable
{
    private const int Sector = 512;
    private const int Sectors = 1500; // twelve chunks, the last one short
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_root_does_not_depend_on_the_order_in_which_a_device_was_read()
    {
        var content = MakeContent();
        File.WriteAllBytes(_scratch["image"], content);
        var bad = Gen.Select(Gen.Int[0, Sectors - 1], Gen.Int[1, 200]).Array[0, 5];
        Gen.Select(bad, Gen.Int, Gen.Int).Sample((ranges, seed, other) =>
        {
            var isBad = new bool[Sectors];
            foreach (var (start, length) in ranges)
            {
                Array.Fill(isBad, true, start, Math.Min(length, Sectors - start));
            }

            var (root, badBytes) = Assemble(isBad, new Random(seed));
            Assert.Equal(isBad.Count(sector => sector) * (long)Sector, badBytes);
            Assert.Equal((root, badBytes), Assemble(isBad, new Random(other)));
        }, iter: 60);
    }

    [Fact]
    public void A_byte_that_was_read_and_is_not_there_ends_the_program_rather_than_become_a_hole()
    {
        File.WriteAllBytes(_scratch["image"], MakeContent());
        Assert.Throws<InvalidOperationException>(() => Assemble(new bool[Sectors], new Random(1), loses: 700));
    }

    [Fact]
    public void A_checkpoint_is_in_memory_only_until_it_is_stored_also_when_it_is_put_together_with_others()
    {
        File.WriteAllBytes(_scratch["image"], MakeContent());
        var isBad = new bool[Sectors];
        Array.Fill(isBad, true, 300, 3);
        var inMemory = Assemble(isBad, new Random(1));
        List<int> marks = [];
        Assert.Equal(inMemory, Assemble(isBad, new Random(2), stored: marks));
        Assert.Contains(marks, count => count > 1);
    }

    private static byte[] MakeContent()
    {
        var content = new byte[Sectors * Sector];
        new Random(7).NextBytes(content.AsSpan(0, content.Length / 2)); // the rest is zero
        new Random(8).NextBytes(content.AsSpan(content.Length - 5000));
        return content;
    }

    /// <summary>Reads what is not bad, in pieces of any length and in any order, and puts it together.</summary>
    /// <param name="isBad">By sector.</param>
    /// <param name="random">Decides the order.</param>
    /// <param name="loses">A sector that is read and not handed on.</param>
    /// <param name="stored">Told of each checkpoint object that was stored how many it was put together of; null: they stay in memory.</param>
    private (Digest Root, long BadBytes) Assemble(bool[] isBad, Random random, int loses = -1, List<int>? stored = null)
    {
        var format = new StoreFormat() with { FrameBytes = 1 << 17 };
        using var backend = new MemoryBackend();
        using var index = new ArtifactIndex(backend, []);
        var log = new RunLog(backend, "test", "run");
        var recorder = new ImageRecorder(log, TimeProvider.System);
        TreeAssembler? assembler = null;
        using var blocks = new BlockWriter(backend, format, index, [], () => assembler!.TakeCheckpoint(), block => Store(block.Mark), Store);
        var progress = new IngestProgress();
        assembler = new TreeAssembler(blocks, new StoreFormat().Chunks, progress, recorder);
        var worker = new Worker(new StoreFormat().Chunks, progress);
        var device = ImageDevice.Open(_scratch["image"]);
        using var image = new ImageSource(0, _scratch["image"], device, DeviceFacts.Describe(device), null, new AreaMap(device.Size), null, []);
        foreach (var (start, count) in Pieces(isBad, random))
        {
            Take(image, device, assembler, worker, start, count, isBad[start], isLost: loses >= start && loses < start + count);
            if (random.Next(stored is null ? 10 : 40) == 0)
            {
                blocks.Checkpoint();
            }
        }

        if (stored is not null)
        {
            blocks.Checkpoint();
            Assert.True(SpinWait.SpinUntil(() => recorder.OnTheirWay == 0, TimeSpan.FromMinutes(1)), $"{recorder.OnTheirWay} checkpoints are in memory still");
        }

        new ImageEnd(image, []).Apply(assembler);
        var tree = assembler.Finish();
        return (tree.Root, tree.Counts.BadBytes);

        void Store(byte[]? mark)
        {
            if (stored is null || mark is null)
            {
                return;
            }

            var before = recorder.OnTheirWay;
            recorder.OnStored(mark.Length, $"checkpoint-{stored.Count}", log.Put($"checkpoint-{stored.Count}", mark));
            stored.Add(before - recorder.OnTheirWay);
        }
    }

    private static void Take(ImageSource image, ImageDevice device, TreeAssembler assembler, Worker worker, int start, int count, bool isBad, bool isLost)
    {
        var (offset, length) = ((long)start * Sector, count * Sector);
        if (isBad)
        {
            image.Map.Set(offset, offset + length, AreaState.Bad, Errno.EIO);
            new ImageFailed(image, new(offset, offset + length, AreaState.Bad, Errno.EIO)).Apply(assembler);
            return;
        }

        image.Map.Set(offset, offset + length, AreaState.Good);
        if (!isLost)
        {
            var buffer = ReadBuffer.Rent();
            Assert.Equal(length, device.Read(buffer.Span[..length], offset));
            var step = new ImageRead(image, buffer, 0, offset, length);
            step.Prepare(worker);
            step.Apply(assembler);
        }
    }

    private static (int Start, int Count)[] Pieces(bool[] isBad, Random random)
    {
        List<(int, int)> pieces = [];
        for (var start = 0; start < Sectors;)
        {
            var count = 1;
            for (var max = random.Next(1, 400); count < max && start + count < Sectors && isBad[start + count] == isBad[start];)
            {
                count++;
            }

            pieces.Add((start, count));
            start += count;
        }

        (int, int)[] shuffled = [.. pieces];
        random.Shuffle(shuffled);
        return shuffled;
    }
}
