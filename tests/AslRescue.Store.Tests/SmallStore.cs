using System.Globalization;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Store.Tests;

/// <summary>
/// A whole store of a few kilobytes, made in the order that docs/store-format.md demands, without a source to read and with clocks
/// that stand still: the same calls make the same objects.
/// </summary>
internal static class SmallStore
{
    internal const string Domain = "lab";
    private static readonly FixedTime Time = new();

    internal static StoreFormat Format => new() { Chunks = new(64, 256, 2048), FrameBytes = 4096, BlockBytes = 1 << 20, SegmentBytesMax = 4096 };

    internal static string RunName(int number) => string.Create(CultureInfo.InvariantCulture, $"20261123T02000{number}Z-0000000{number}");

    /// <summary>The files of one run, by name; those of the next are the same but for one.</summary>
    internal static SortedDictionary<string, byte[]> Files(int run) => new(StringComparer.Ordinal)
    {
        ["random"] = SeededBytes.Of(1, 700),
        ["text"] = SeededBytes.Text((ulong)run + 100, 900),
        ["twin of random"] = SeededBytes.Of(1, 700),
    };

    /// <summary>An empty store with runs in it, numbered from 1.</summary>
    internal static MemoryBackend Create(int runs)
    {
        var backend = new MemoryBackend();
        Create(backend, runs);
        return backend;
    }

    /// <summary>Makes the store, run after run. May be repeated after a failure.</summary>
    internal static void Create(IBackend backend, int runs)
    {
        backend.CreateSealed(ObjectName.Format, Format.ToBytes());
        for (var run = 1; run <= runs; run++)
        {
            Run(backend, run);
        }
    }

    internal static Seal Run(IBackend backend, int number)
    {
        using var store = ArtifactStore.Open(backend);
        var run = RunName(number);
        using var lease = backend.TryLease(Domain, run);
        Assert.NotNull(lease);
        var basis = store.At(Domain, number - 1);
        var log = new RunLog(backend, Domain, run);
        var journal = new JournalWriter(run, "boot", log, Time);
        journal.Append(new("run-started") { Fields = [new("sources", new[] { "/source" }), new("base", number - 1L)] });
        using var index = new ArtifactIndex(backend, basis.Groups);
        using var blocks = new BlockWriter(backend, store.Format, index, [], () => [1, 2, 3], block => Checkpoint(log, journal, block));
        var tree = WriteTree(store.Format, blocks, number);
        var (added, entries) = blocks.Finish();
        var (groups, _) = GroupMerge.Run(backend, store.Format, basis.Groups, run, entries);
        var snapshot = tree with
        {
            Run = run,
            Base = basis.Newest is { } newest ? (newest.Number, newest.Snapshot) : null,
            Groups = groups,
            Blocks = added,
        };
        var draft = SnapshotCodec.Encode(snapshot);
        var sealing = journal.Append(new("sealing") { Fields = [new("root", snapshot.Root), new("draft", "draft-1"), new("digest", log.Put("draft-1", draft))] });
        var file = SnapshotCodec.Encode(snapshot with { Journal = (sealing.Sequence, sealing.Hash) });
        var name = Digest.Of(file);
        backend.CreateSealed(ObjectName.Snapshot(name), file);
        SnapshotCodec.Load(backend, name);
        return new SealLog(backend, Domain).Append(name, run, sealing.Wall);
    }

    /// <summary>What the newest snapshot of a store holds: the bytes of each file, holes as zeros.</summary>
    internal static SortedDictionary<string, byte[]> Read(ArtifactStore store, Snapshot snapshot)
    {
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (var entry in tree.Listing(Assert.Single(tree.Roots(snapshot.Root))).Where(entry => entry.Kind == EntryKind.File))
        {
            files[Encoding.UTF8.GetString(entry.Name)] =
                [.. tree.Leaves(entry.Content).SelectMany(item => item.Kind == ContentKind.Artifact ? artifacts.Read(item.Key) : new byte[item.Length])];
        }

        return files;
    }

    private static void Checkpoint(RunLog log, JournalWriter journal, SealedBlock block)
    {
        List<KeyValuePair<string, object>> fields = [new("blocks", new[] { block.Block.Name.ToString() })];
        if (block.Mark is { } mark)
        {
            fields.AddRange([new("checkpoint", "checkpoint-1"), new("digest", log.Put("checkpoint-1", mark))]);
        }

        journal.Append(new("checkpoint") { Fields = fields });
    }

    private static Snapshot WriteTree(StoreFormat format, BlockWriter blocks, int number)
    {
        var (listing, side) = (new SequenceWriter(blocks.Put), new SequenceWriter(blocks.Put));
        var modified = new FileTime(1_795_392_000 + number, 5);
        listing.Add(new Entry { Name = "gone"u8.ToArray(), Kind = EntryKind.Unknown, Problems = [ProblemKind.Vanished] }.Write);
        foreach (var (name, content) in Files(number))
        {
            var items = WriteFile(format, blocks, content);
            listing.Add(new Entry
            {
                Name = Encoding.UTF8.GetBytes(name),
                Kind = EntryKind.File,
                Permissions = 0x1a4,
                Modified = modified,
                Size = content.Length,
                Content = items,
                Attributes = [new("user.note"u8.ToArray(), [0xff])],
            }.Write);
        }

        listing.Add(new Entry { Name = "way out"u8.ToArray(), Kind = EntryKind.SymbolicLink, Modified = modified, Target = "../text"u8.ToArray() }.Write);
        var count = listing.Count;
        for (var position = 0; position < count; position++)
        {
            side.Add(new SideRecord(1000 + (ulong)position, modified, null, null).Write);
        }

        var folder = new Entry { Kind = EntryKind.Directory, Permissions = 0x1ed, Modified = modified, Size = count, Content = listing.Finish() };
        var sources = new SequenceWriter(blocks.Put);
        sources.Add(new SideRecord(999, modified, modified, side.Finish()).Write);
        var problems = new SequenceWriter(blocks.Put);
        problems.Add(new Problem(0, "gone"u8.ToArray(), ProblemKind.Vanished, 2, "No such file or directory").Write);
        return ExampleSnapshot.Full with
        {
            Domain = Domain,
            Root = Put(blocks, folder),
            Side = sources.Finish(),
            Sources = [new("/source"u8.ToArray(), 0, null, (8, 1), 0xef53)],
            ProblemCount = 1,
            Problems = problems.Finish(),
            Journal = null,
            Format = format.Digest,
            Evidence = [new("decision.json", "{}"u8.ToArray()), new("empty", [])],
        };
    }

    private static ContentItem[] WriteFile(StoreFormat format, BlockWriter blocks, ReadOnlySpan<byte> content)
    {
        var chunker = new GearChunker(format.Chunks);
        var items = new ContentWriter(blocks.Put);
        while (!content.IsEmpty)
        {
            var chunk = content[..chunker.NextChunk(content, isLast: true)];
            var key = Digest.Of(chunk);
            blocks.Append(key, chunk);
            items.Add(ContentItem.Artifact(key, chunk.Length));
            content = content[chunk.Length..];
        }

        return items.Finish();
    }

    private static Digest Put(BlockWriter blocks, Entry root)
    {
        var writer = CborExtensions.NewWriter();
        root.Write(writer);
        return blocks.Put(writer.Encode());
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

        public override long GetTimestamp() => 1000;
    }
}
