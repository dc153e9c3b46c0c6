using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Tests.Blocks;

/// <summary>What a writer of blocks left behind, open for reading.</summary>
internal sealed class WrittenBlocks : IDisposable
{
    private readonly ArtifactIndex _index;

    private WrittenBlocks(IBackend backend, StoreFormat format, IReadOnlyList<AddedBlock> blocks, IReadOnlyList<SegmentEntry> entries)
    {
        (Blocks, Entries) = (blocks, entries);
        Groups = GroupMerge.Run(backend, format, [], "run", entries).Groups;
        _index = new(backend, Groups);
        Artifacts = new(backend, _index);
        Tree = new(Artifacts);
    }

    internal IReadOnlyList<AddedBlock> Blocks { get; }

    internal IReadOnlyList<SegmentEntry> Entries { get; }

    internal IReadOnlyList<SegmentGroup> Groups { get; }

    internal ArtifactReader Artifacts { get; }

    internal TreeReader Tree { get; }

    /// <summary>Small blocks, and each artifact in a frame of its own, so that little data makes many. Not a format that a store may have.</summary>
    internal static StoreFormat Format => new() { FrameBytes = 1, BlockBytes = 8192, SegmentBytesMax = 4096 };

    /// <summary>Writes chunks, in order, and then lets <paramref name="write"/> add metadata.</summary>
    internal static WrittenBlocks Write(
        IBackend backend, StoreFormat format, IEnumerable<byte[]> chunks, Action<BlockWriter>? write = null, IReadOnlyList<Digest>? earlier = null, int indexedInMemory = 1 << 20)
    {
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(backend, format, nothing, earlier ?? [], () => null, _ => { }, indexedInMemory: indexedInMemory);
        foreach (var chunk in chunks)
        {
            writer.Append(Digest.Of(chunk), chunk);
        }

        write?.Invoke(writer);
        var (blocks, entries) = writer.Finish();
        return new(backend, format, blocks, [.. entries]);
    }

    public void Dispose()
    {
        Artifacts.Dispose();
        _index.Dispose();
    }
}
