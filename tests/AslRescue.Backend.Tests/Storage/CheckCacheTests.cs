using AslRescue.Backend.Objects;
using AslRescue.Backend.Serving;
using AslRescue.Backend.Storage;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>Copies of a bucket's segments: used when they are whole, fetched again when not, and gone with the server.</summary>
public sealed class CheckCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_segment_is_fetched_once_and_again_when_its_copy_is_damaged()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        byte[] content = [1, 2, 3];
        var name = ObjectName.Segment(Digest.Of(content));
        storage.TryCreate(name, content);
        Assert.Equal(1, FetchedToRead());
        Assert.Equal(1, FetchedToRead());
        var copy = Path.Combine(_folder.Path, name.Path);
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(copy, [1, 2, 4]);
        Assert.Equal(2, FetchedToRead());
        Assert.Equal(content, File.ReadAllBytes(copy));

        // Another start of the server each time: in one process it is hashed once.
        int FetchedToRead()
        {
            using var cache = new ObjectCache(_folder.Path, 1 << 20);
            using var checking = new CheckedStorage(storage, cache);
            Assert.Equal(content, checking.ReadAll(name));
            return storage.Opened.Count;
        }
    }

    [Fact]
    public void What_does_not_fit_or_is_not_what_it_is_called_is_read_from_the_storage()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        var (large, other) = (ObjectName.Segment(Digest.Of(new byte[2000])), ObjectName.Segment(Digest.Of("another"u8)));
        storage.TryCreate(large, new byte[2000]);
        storage.TryCreate(other, [9]);
        using var cache = new ObjectCache(_folder.Path, 1000);
        using var checking = new CheckedStorage(storage, cache);
        Assert.Equal(new byte[2000], checking.ReadAll(large));
        Assert.Equal([9], checking.ReadAll(other)); // Whoever reads it finds out.
        Assert.Null(checking.Open(ObjectName.Segment(Digest.Of("none"u8))));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_was_not_used_for_longest_makes_room_but_nothing_that_is_open()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        var names = Enumerable.Range(1, 4).Select(number => Stored(storage, 400, (byte)number)).ToList();
        using var cache = new ObjectCache(_folder.Path, 1000);
        using var checking = new CheckedStorage(storage, cache);
        _ = checking.ReadAll(names[0]);
        _ = checking.ReadAll(names[1]);
        _ = checking.ReadAll(names[0]); // A copy.
        _ = checking.ReadAll(names[2]); // In the place of the second.
        Assert.Equal([true, false, true, false], names.Select(IsHere));
        using (checking.Open(names[0]))
        {
            using var other = checking.Open(names[2]);
            Assert.Equal(400, checking.ReadAll(names[3]).Length); // From the storage.
            Assert.Equal([true, false, true, false], names.Select(IsHere));
        }

        _ = checking.ReadAll(names[3]);
        Assert.Equal([false, false, true, true], names.Select(IsHere));
        Assert.Equal(5, storage.Opened.Count);

        bool IsHere(ObjectName name) => File.Exists(Path.Combine(_folder.Path, name.Path));
    }

    [Fact]
    public void What_others_keep_in_the_folder_is_neither_counted_nor_taken_away()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        string[] foreign = ["key.pem", "segments/notes.txt", "other/" + new string('0', 64)];
        foreach (var path in foreign.Select(path => Path.Combine(_folder.Path, path)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, new byte[900]);
        }

        using var cache = new ObjectCache(_folder.Path, 1000);
        using var checking = new CheckedStorage(storage, cache);
        foreach (var name in Enumerable.Range(1, 3).Select(number => Stored(storage, 800, (byte)number)))
        {
            _ = checking.ReadAll(name);
            Assert.True(File.Exists(Path.Combine(_folder.Path, name.Path)));
        }

        Assert.All(foreign, path => Assert.True(File.Exists(Path.Combine(_folder.Path, path))));
    }

    [Fact]
    public void What_is_longer_than_the_cache_is_not_fetched_for_it()
    {
        var large = new Unread(1001);
        using var cache = new ObjectCache(_folder.Path, 1000);
        Assert.Null(cache.Keep(ObjectName.Segment(Digest.Of("large"u8)), large));
    }

    [Fact]
    public void A_cache_whose_folder_was_deleted_takes_in_again()
    {
        using var storage = new WatchedStorage(new MemoryBackend());
        var name = Stored(storage, 400, 1);
        var folder = Path.Combine(_folder.Path, "cache");
        using var cache = new ObjectCache(folder, 1000);
        using var checking = new CheckedStorage(storage, cache);
        for (var fetched = 1; fetched <= 3; fetched++)
        {
            _ = checking.ReadAll(name);
            _ = checking.ReadAll(name);
            Assert.Equal(fetched, storage.Opened.Count);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_a_folder_that_is_named_the_copies_go_with_the_server()
    {
        using var engine = new FakeEngine();
        using var bucket = new S3Backend(engine.Options);
        using var directory = new MemoryBackend();
        Assert.Null(CheckCache.For(directory, null));
        var before = Temporary();
        string own;
        using (CheckCache.For(bucket, null))
        {
            own = Assert.Single(Temporary().Except(before));
        }

        Assert.DoesNotContain(own, Temporary());
        CheckCache.For(bucket, Path.Combine(_folder.Path, "named"))!.Dispose();
        Assert.True(Directory.Exists(Path.Combine(_folder.Path, "named")));
    }

    private static ObjectName Stored(WatchedStorage storage, int length, byte fill)
    {
        var content = new byte[length];
        Array.Fill(content, fill);
        var name = ObjectName.Segment(Digest.Of(content));
        storage.TryCreate(name, content);
        return name;
    }

    private sealed class Unread(long length) : IStoredObject
    {
        public long Length => length;

        public void Read(long offset, Span<byte> buffer) => Assert.Fail("it was fetched");

        public void Dispose()
        {
        }
    }

    private static IReadOnlyList<string> Temporary() => [.. Directory.EnumerateDirectories(Path.GetTempPath(), "asl-backend-*").Order(StringComparer.Ordinal)];
}
