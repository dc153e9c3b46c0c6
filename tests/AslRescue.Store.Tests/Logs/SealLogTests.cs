using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Logs;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Logs;

public sealed class SealLogTests : IDisposable
{
    private static readonly DateTimeOffset Wall = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);
    private readonly MemoryBackend _backend = new();

    private SealLog Log => new(_backend, "d");

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void Seals_are_numbered_and_chained()
    {
        for (var number = 1; number <= 12; number++)
        {
            var seal = Append(number);
            Assert.Equal((number, Name(number), $"run {number}", Wall), (seal.Number, seal.Snapshot, seal.Run, seal.Wall));
        }

        var seals = Log.Read();
        Assert.Equal(Enumerable.Range(1, 12).Select(number => (long)number), seals.Select(seal => seal.Number));
        Assert.Equal(seals.Select(seal => seal.Hash).SkipLast(1).Prepend(default), seals.Select(seal => seal.Previous));
    }

    [Fact]
    public void An_empty_domain_has_no_seals()
    {
        Assert.Empty(Log.Read());
        Assert.Empty(SealLog.ListDomains(_backend));
        Append(1);
        Assert.Equal(["d"], SealLog.ListDomains(_backend));
    }

    [Fact]
    public void The_bytes_of_a_seal_never_change()
    {
        Append(1);
        Frozen.Is(
            """
            {"seal":1,"snapshot":"67abdd721024f0ff4e0b3f4c2fc13bc5bad42d0b7851d456d88d203d15aaa450","run":"run 1","wall":"2026-11-23T02:00:00.0000000Z","previous":"0000000000000000000000000000000000000000000000000000000000000000","hash":"292d25d7f122bd0d57a47daf74fe4c61239e34321def28bd28ab2de61a9b5644"}

            """,
            System.Text.Encoding.UTF8.GetString(_backend[ObjectName.Seal("d", 1).Path]));
    }

    [Fact]
    public void A_snapshot_that_has_a_seal_keeps_it()
    {
        var first = Append(1);
        Append(2);
        Assert.Equal(first, Append(1));
        Assert.Equal(2, Log.Read().Count);
    }

    [Fact]
    public void Seals_that_are_appended_at_once_get_the_numbers_from_one_on()
    {
        using var folder = new TemporaryFolder();
        const int threads = 6;
        const int each = 5;
        var seals = new ConcurrentBag<Seal>();
        var failures = new ConcurrentBag<Exception>();
        var running = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            try
            {
                using var backend = new DirectoryBackend(folder.Path);
                for (var index = 0; index < each; index++)
                {
                    seals.Add(new SealLog(backend, "d").Append(Name((thread * each) + index), "run", Wall));
                }
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        })).ToList();
        running.ForEach(thread => thread.Start());
        running.ForEach(thread => thread.Join());
        Assert.Empty(failures);
        using var after = new DirectoryBackend(folder.Path);
        Assert.Equal(new SealLog(after, "d").Read(), seals.OrderBy(seal => seal.Number));
        Assert.Equal(Enumerable.Range(1, threads * each).Select(number => (long)number), seals.Select(seal => seal.Number).Order());
        Assert.Equal(Enumerable.Range(0, threads * each).Select(Name).Order(), seals.Select(seal => seal.Snapshot).Order());
    }

    [Fact]
    public void A_listing_that_misses_what_others_create_meanwhile_is_no_gap()
    {
        Append(1);
        Append(2);
        Append(3);
        using var backend = new ForgetfulBackend(_backend, ObjectName.Seal("d", 2).Path);
        Assert.Equal(3, new SealLog(backend, "d").Read().Count);
    }

    [Fact]
    public void A_flip_of_any_byte_of_any_seal_is_found()
    {
        AppendThree();
        for (var number = 1; number <= 3; number++)
        {
            var path = ObjectName.Seal("d", number).Path;
            for (var position = 0; position < _backend[path].Length; position++)
            {
                _backend[path][position] ^= 1;
                Assert.Contains(path, Corruption().Where, StringComparison.Ordinal);
                _backend[path][position] ^= 1;
            }
        }
    }

    [Fact]
    public void A_seal_that_was_cut_short_or_prolonged_is_found()
    {
        AppendThree();
        var path = ObjectName.Seal("d", 2).Path;
        var whole = _backend[path];
        foreach (var content in Enumerable.Range(0, whole.Length).Select(length => whole[..length]).Append([.. whole, .. whole]).Append([.. whole, 32]))
        {
            _backend[path] = content;
            Assert.Contains(path, Corruption().Where, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_gap_is_found()
    {
        AppendThree();
        _backend.Remove(ObjectName.Seal("d", 2).Path);
        Assert.Contains("it is missing, and seal 3 is there", Corruption().Why, StringComparison.Ordinal);
        _backend.Remove(ObjectName.Seal("d", 3).Path);
        _backend.Remove(ObjectName.Seal("d", 1).Path);
        Append(1);
        Assert.Single(Log.Read());
    }

    [Fact]
    public void Seals_in_another_order_are_found()
    {
        AppendThree();
        var (second, third) = (ObjectName.Seal("d", 2).Path, ObjectName.Seal("d", 3).Path);
        (_backend[second], _backend[third]) = (_backend[third], _backend[second]);
        Assert.Contains("it says that it is seal 3", Corruption().Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seal_from_a_fork_is_found()
    {
        using var fork = new MemoryBackend();
        new SealLog(fork, "d").Append(Name(77), "run 77", Wall);
        new SealLog(fork, "d").Append(Name(2), "run 2", Wall);
        AppendThree();
        var path = ObjectName.Seal("d", 2).Path;
        _backend[path] = fork[path];
        Assert.Contains("it follows", Corruption().Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_with_a_right_hash_and_wrong_fields_is_found()
    {
        IReadOnlyList<KeyValuePair<string, object>> whole =
        [
            new("seal", 1L), new("snapshot", Name(1)), new("run", "r"), new("wall", Wall), new("previous", default(Digest)),
        ];
        Assert.Single(Read(whole));
        foreach (var (field, _) in whole)
        {
            foreach (var wrong in new object[] { "", "word", true, -5L, new[] { "a" } })
            {
                if (field != "run" || wrong is not string)
                {
                    Assert.Throws<AslException>(() => Read([.. whole.Select(pair => pair.Key == field ? new(field, wrong) : pair)]));
                }
            }

            Assert.Throws<AslException>(() => Read([.. whole.Where(pair => pair.Key != field)]));
        }

        IReadOnlyList<Seal> Read(IReadOnlyList<KeyValuePair<string, object>> fields)
        {
            _backend[ObjectName.Seal("d", 1).Path] = JournalLine.Write(fields).Line;
            return Log.Read();
        }
    }

    [Fact]
    public void The_state_of_a_domain_at_a_seal_that_is_not_there_is_an_error_of_the_log()
    {
        using var backend = SmallStore.Create(2);
        using var store = ArtifactStore.Open(backend);
        Assert.Null(store.At(SmallStore.Domain, 0).Newest);
        Assert.Equal(1, store.At(SmallStore.Domain, 1).Newest?.Number);
        Assert.Equal(2, store.Current(SmallStore.Domain).Newest?.Number);
        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => store.At(SmallStore.Domain, 3)).Error.Code);
        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => store.At(SmallStore.Domain, -1)).Error.Code);
    }

    private AslError Corruption()
    {
        var error = Assert.Throws<AslException>(() => Log.Read()).Error;
        Assert.Equal(ErrorCode.LogCorrupt, error.Code);
        return error;
    }

    private void AppendThree()
    {
        Append(1);
        Append(2);
        Append(3);
    }

    private Seal Append(int number) => Log.Append(Name(number), $"run {number}", Wall);

    private static Digest Name(int number) => Digest.Of(BitConverter.GetBytes(number));

    /// <summary>Leaves one object out of its listings, as a folder may that is read while others write into it.</summary>
    private sealed class ForgetfulBackend(MemoryBackend inner, string forgotten) : IBackend
    {
        public string Location => inner.Location;

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => inner.TryCreate(name, content);

        public IStoredObject? Open(ObjectName name, bool pastCache = false) => inner.Open(name, pastCache);

        public IEnumerable<FolderItem> List(string folder) => inner.List(folder).Where(item => $"{folder}/{item.Name}" != forgotten);

        public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

        public void Dispose()
        {
        }
    }
}
