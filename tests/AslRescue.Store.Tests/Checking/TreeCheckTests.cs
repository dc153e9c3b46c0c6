using System.Formats.Cbor;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Checking;

/// <summary>Trees that somebody made so that walking them takes all memory or never ends. Alone: what is held is counted for the whole process.</summary>
[CollectionDefinition(nameof(TreeCheckTests), DisableParallelization = true)]
[Collection(nameof(TreeCheckTests))]
public sealed class TreeCheckTests
{
    private readonly Artifacts _artifacts = new();
    private readonly List<(byte[] Path, AslError Error)> _errors = [];

    [Fact]
    public void A_deep_tree_takes_memory_for_its_names_and_not_for_its_paths()
    {
        // Paths of up to 64,000 bytes, 16,000 levels: 512 MB if each folder held its own.
        Walk(Nested(16_000, depth => Letter(depth)), out var held);
        Assert.Empty(_errors);
        Assert.InRange(held, long.MinValue, 64L << 20);
    }

    [Fact]
    public void A_path_that_no_writer_records_is_refused_and_told_by_its_names()
    {
        var name = Enumerable.Repeat((byte)'n', 255).ToArray();
        Walk(Nested(1000, _ => name), out _);
        var (path, error) = Assert.Single(_errors);
        Assert.Equal(ErrorCode.TreeCorrupt, error.Code);
        Assert.Equal("/source".Length + (257 * 256), path.Length);
    }

    [Fact]
    public void Of_the_listings_of_open_folders_none_is_held()
    {
        // An entry of ten bytes takes two hundred and more when it is read: 600 MB if each open folder held its own.
        Entry[] others = [.. Enumerable.Range(0, 8000).Select(number => new Entry { Name = Encoding.ASCII.GetBytes($"{number:D4}"), Kind = EntryKind.Unknown })];
        Walk(Nested(300, _ => "z"u8.ToArray(), others), out var held);
        Assert.Empty(_errors);
        Assert.InRange(held, long.MinValue, 100L << 20);
    }

    [Fact]
    public void An_attribute_of_an_open_folder_is_not_held()
    {
        var attribute = new ExtendedAttribute("user.x"u8.ToArray(), new byte[1 << 20]);
        Walk(Nested(150, _ => "n"u8.ToArray(), attribute: attribute), out var held);
        Assert.Empty(_errors);
        Assert.InRange(held, long.MinValue, 100L << 20);
    }

    [Fact]
    public void Side_tables_deeper_than_any_folder_are_refused()
    {
        IReadOnlyList<ContentItem> items = [];
        for (var depth = 0; depth < Entry.DepthMax + 10; depth++)
        {
            items = [Sequence(new SideRecord(1, default, null, items).Write)];
        }

        Run(Snapshot(new Entry { Kind = EntryKind.Unknown }) with { Side = items });
        Assert.Equal(ErrorCode.TreeCorrupt, Assert.Single(_errors).Error.Code);
    }

    [Fact]
    public void An_artifact_without_elements_is_refused()
    {
        var empty = _artifacts.Put([]);
        Run(Snapshot(new Entry { Kind = EntryKind.Unknown }) with { Problems = Repeated(ContentItem.Artifact(empty, 1)) });
        Assert.Equal(ErrorCode.TreeCorrupt, Assert.Single(_errors).Error.Code);
    }

    [Fact]
    public void The_time_limit_is_looked_at_on_each_read()
    {
        using var limit = new CancellationTokenSource();
        var recent = new RecentArtifacts(_artifacts, limit.Token);
        var key = _artifacts.Put([1]);
        Assert.Equal([1], recent.Read(key));
        limit.Cancel();
        Assert.Throws<OperationCanceledException>(() => recent.Read(key));
        Assert.Throws<OperationCanceledException>(() => recent.Read(key, new byte[1]));
    }

    [Fact]
    public void What_was_read_last_is_kept_up_to_a_limit()
    {
        var recent = new RecentArtifacts(_artifacts, TestContext.Current.CancellationToken, bytesMax: 20);
        var (first, second, third) = (_artifacts.Put(new byte[10]), _artifacts.Put(new byte[9]), _artifacts.Put(new byte[8]));
        foreach (var key in new[] { first, second, first, third, first, second })
        {
            recent.Read(key);
        }

        Assert.Equal([first, second, third, second], _artifacts.Reads);
    }

    [Fact]
    public void A_lean_reader_reads_what_another_reads()
    {
        var names = new SequenceWriter(raw => _artifacts.Put(raw));
        foreach (var number in Enumerable.Range(0, 20_000))
        {
            names.Add(new Entry { Name = Encoding.ASCII.GetBytes($"{number:D6}"), Kind = EntryKind.Unknown }.Write);
        }

        var folder = new Entry { Kind = EntryKind.Directory, Content = names.Finish() };
        Assert.Equal(
            new TreeReader(_artifacts).Listing(folder).Select(entry => Convert.ToHexString(entry.Name)),
            new TreeReader(new RecentArtifacts(_artifacts, TestContext.Current.CancellationToken), isLean: true).Listing(folder).Select(entry => Convert.ToHexString(entry.Name)));
    }

    private static byte[] Letter(int depth) => [(byte)('a' + (depth % 26)), (byte)'x', (byte)'x'];

    /// <summary>Folders in each other; the root of a source.</summary>
    private Entry Nested(int depth, Func<int, byte[]> name, IReadOnlyList<Entry>? others = null, ExtendedAttribute? attribute = null)
    {
        var inner = new Entry { Kind = EntryKind.Unknown };
        for (var level = depth; level > 0; level--)
        {
            inner = new Entry
            {
                Kind = EntryKind.Directory,
                Attributes = attribute is null ? [] : [attribute with { Value = [.. BitConverter.GetBytes(level), .. attribute.Value] }],
                Content = [Sequence([.. (others ?? []).Select(entry => (Action<CborWriter>)entry.Write), (inner with { Name = name(level) }).Write])],
            };
        }

        return inner;
    }

    /// <summary>Lists of lists, each of 8,192 times the same: 2⁵² items in five artifacts.</summary>
    private ContentItem[] Repeated(ContentItem item)
    {
        for (var depth = 1; depth <= 4; depth++)
        {
            var all = Enumerable.Repeat(item, ContentItem.ListItemsMax);
            item = ContentItem.List(Put([.. all.Select(one => (Action<CborWriter>)one.Write)]).Key, item.Length * ContentItem.ListItemsMax, depth);
        }

        return [item];
    }

    private ContentItem Sequence(params Action<CborWriter>[] elements)
    {
        var (key, length) = Put(elements);
        return ContentItem.Artifact(key, length);
    }

    private (Digest Key, int Length) Put(Action<CborWriter>[] elements)
    {
        var writer = CborExtensions.NewWriter();
        Array.ForEach(elements, write => write(writer));
        var bytes = writer.Encode();
        return (_artifacts.Put(bytes), bytes.Length);
    }

    private Snapshot Snapshot(Entry root) => ExampleSnapshot.Full with
    {
        Root = Put([root.Write]).Key,
        Sources = [new("/source"u8.ToArray(), 0, null, (8, 1), 0xef53)],
        Side = [],
        Problems = [],
        Groups = [],
    };

    private void Run(Snapshot snapshot)
    {
        using var backend = new MemoryBackend();
        using var index = new ArtifactIndex(backend, []);
        new TreeCheck(_artifacts, index, [], (path, error) => _errors.Add((path, error)), TestContext.Current.CancellationToken).Run(snapshot);
    }

    /// <summary>Walks a tree; what is reachable where it is deepest, above what the artifacts themselves take.</summary>
    private void Walk(Entry root, out long held)
    {
        var snapshot = Snapshot(root);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var last = 0L;
        _artifacts.Deepest = () => last = GC.GetTotalMemory(forceFullCollection: true);
        Run(snapshot);
        held = last - before;
    }

    /// <summary>Artifacts in memory.</summary>
    private sealed class Artifacts : IArtifactSource
    {
        private readonly Dictionary<Digest, byte[]> _all = [];
        private readonly HashSet<Digest> _unread = [];

        internal List<Digest> Reads { get; } = [];

        /// <summary>Done once, when the last artifact that was not read yet is asked for: that of the innermost folder.</summary>
        internal Action? Deepest { get; set; }

        internal Digest Put(ReadOnlySpan<byte> raw)
        {
            var key = Digest.Of(raw);
            _all[key] = raw.ToArray();
            _unread.Add(key);
            return key;
        }

        public byte[] Read(Digest key)
        {
            Reads.Add(key);
            if (_unread.Remove(key) && _unread.Count == 0)
            {
                Deepest?.Invoke();
            }

            return [.. _all[key]];
        }

        public void Read(Digest key, Span<byte> raw) => _all[key].CopyTo(raw);
    }
}
