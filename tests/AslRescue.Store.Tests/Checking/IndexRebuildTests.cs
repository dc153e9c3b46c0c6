using AslRescue.Shared;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Inspection;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Checking;

public sealed class IndexRebuildTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_directory_receives_every_segment_byte_for_byte_and_the_store_is_not_touched()
    {
        using var store = SmallStore.Create(3);
        using var before = store.Copy();

        var report = Rebuild(store);

        Assert.Empty(report.Errors);
        Assert.Empty(report.Differing);
        Assert.Equal(Segments(store), report.Made.Select(name => name.Path).Order(StringComparer.Ordinal));
        Assert.All(Segments(store), path => Assert.Equal(store[path], File.ReadAllBytes(_folder[path])));
        Assert.Equal(before.Paths, store.Paths);
        Assert.All(before.Paths, path => Assert.Equal(before[path], store[path]));
    }

    [Fact]
    public void Without_snapshots_one_group_over_all_blocks_finds_every_artifact()
    {
        using var store = SmallStore.Create(3);
        var keys = StoreFolders.Blocks(store).SelectMany(name => BlockFooter.Read(store, name).Entries).Select(entry => entry.Key).ToHashSet();
        foreach (var path in store.Paths.Where(path => path.StartsWith("snapshots/", StringComparison.Ordinal) || path.StartsWith("logs/", StringComparison.Ordinal)).ToList())
        {
            store.Remove(path);
        }

        var report = Rebuild(store);

        HashSet<Digest> found = [];
        foreach (var name in report.Made)
        {
            using var file = InspectedFile.Open(_folder[name.Path]);
            var survey = new InspectedSegment(file).Survey(row => found.Add(row.Key));
            Assert.Empty(survey.Damages);
        }

        Assert.Equal(keys, found);
    }

    [Fact]
    public void A_damaged_block_is_named_and_the_other_groups_are_made()
    {
        using var store = SmallStore.Create(3);
        var path = Inspected(store);
        store[path] = store[path][..^1];

        var report = Rebuild(store);

        Assert.Contains(report.Errors, error => error.Where!.Contains(path, StringComparison.Ordinal));
        Assert.NotEmpty(report.Made);
    }

    /// <summary>A block of the last run, which the groups of earlier ones do not need.</summary>
    private static string Inspected(MemoryBackend store)
    {
        using var earlier = SmallStore.Create(2);
        return store.Paths.Except(earlier.Paths).First(path => path.StartsWith("blocks/", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Segments(MemoryBackend store) => store.Paths.Where(path => path.StartsWith("segments/", StringComparison.Ordinal));

    private RebuildReport Rebuild(MemoryBackend store)
    {
        using var target = new DirectoryBackend(_folder.Path);
        return new IndexRebuild(store, SmallStore.Format).To(target);
    }
}
