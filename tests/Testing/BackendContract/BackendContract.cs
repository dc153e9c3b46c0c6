using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;

namespace AslRescue.Testing.BackendContract;

/// <summary>What every backend must do: the tests of each derive from this and say how one is made.</summary>
public abstract class BackendContract : IDisposable
{
    private const string Domain = "domain";
    private const string Run = "run";
    private IBackend? _backend;

    /// <summary>A backend on storage that is empty when the test begins.</summary>
    protected IBackend Backend => _backend ??= Open();

    /// <summary>A further client of the same storage, as another process would have it.</summary>
    protected abstract IBackend Open();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _backend?.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData((3 << 20) + 1)]
    public void An_object_reads_back_as_it_was_created(int length)
    {
        var content = SeededBytes.Of(1, length);
        Assert.True(Backend.TryCreate(Name("a"), content));
        Assert.Equal(content, Backend.ReadAll(Name("a")));
        using var later = Open();
        Assert.Equal(content, later.ReadAll(Name("a")));
    }

    [Fact]
    public void A_name_that_is_taken_is_refused_and_keeps_its_bytes()
    {
        Assert.True(Backend.TryCreate(Name("a"), "first"u8));
        Assert.False(Backend.TryCreate(Name("a"), "second"u8));
        Assert.False(Open().TryCreate(Name("a"), "third, and longer"u8));
        Assert.Equal("first"u8.ToArray(), Backend.ReadAll(Name("a")));
    }

    [Fact]
    public void Of_racing_creators_exactly_one_wins_and_the_others_see_its_object()
    {
        const int creators = 8;
        for (var round = 0; round < 25; round++)
        {
            var name = Name($"race-{round}");
            var contents = Enumerable.Range(0, creators).Select(index => SeededBytes.Of((ulong)index, 20_000 + index)).ToArray();
            var won = new bool[creators];
            var seen = new byte[creators][];
            InParallel(creators, index =>
            {
                using var client = Open();
                won[index] = client.TryCreate(name, contents[index]);
                seen[index] = client.ReadAll(name);
            });
            var winner = Assert.Single(Enumerable.Range(0, creators), index => won[index]);
            Assert.All(seen, bytes => Assert.Equal(contents[winner], bytes));
        }
    }

    [Fact]
    public void A_reader_that_races_a_creator_sees_nothing_or_all()
    {
        var content = SeededBytes.Of(2, 1 << 20);
        for (var round = 0; round < 10; round++)
        {
            var name = Name($"race-{round}");
            InParallel(2, index =>
            {
                if (index == 0)
                {
                    Backend.TryCreate(name, content);
                    return;
                }

                IStoredObject? file;
                while ((file = Backend.Open(name)) is null)
                {
                    Thread.Yield();
                }

                using (file)
                {
                    var read = new byte[file.Length];
                    file.Read(0, read);
                    Assert.Equal(content, read);
                }
            });
        }
    }

    [Fact]
    public void What_does_not_exist_opens_as_null()
    {
        Assert.Null(Backend.Open(ObjectName.Segment(Digest.Of([]))));
        Assert.Null(Backend.Open(ObjectName.Block(Digest.Of([]))));
        Backend.TryCreate(Name("a"), "x"u8);
        Assert.Null(Backend.Open(Name("b")));
        Assert.Null(Backend.Open(Name("a/below-an-object")));
    }

    [Fact]
    public void Any_range_reads_as_it_was_written()
    {
        const int seed = 7;
        var random = new Random(seed);
        var content = SeededBytes.Of(3, 100_000);
        Backend.TryCreate(Name("a"), content);
        using var file = Backend.OpenExisting(Name("a"));
        Assert.Equal(content.Length, file.Length);
        for (var round = 0; round < 200; round++)
        {
            var start = random.Next(content.Length);
            var read = new byte[random.Next(content.Length - start + 1)];
            file.Read(start, read);
            Assert.True(content.AsSpan(start, read.Length).SequenceEqual(read), $"seed {seed}, round {round}: {start}, {read.Length}");
        }
    }

    [Theory]
    [InlineData(0, 101)]
    [InlineData(99, 2)]
    [InlineData(100, 1)]
    [InlineData(1_000_000, 1)]
    [InlineData(-1, 1)]
    public void Reading_past_either_end_fails(long offset, int count)
    {
        Backend.TryCreate(Name("a"), SeededBytes.Of(4, 100));
        using var file = Backend.OpenExisting(Name("a"));
        var error = Assert.Throws<AslException>(() => file.Read(offset, new byte[count])).Error;
        Assert.Equal(ErrorCode.StoreIo, error.Code);
        Assert.Contains(Name("a").Path, error.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_read_one_open_object()
    {
        var content = SeededBytes.Of(5, 1 << 18);
        Backend.TryCreate(Name("a"), content);
        using var file = Backend.OpenExisting(Name("a"));
        InParallel(8, index =>
        {
            var read = new byte[1000];
            for (var offset = index; offset + read.Length <= content.Length; offset += 5003)
            {
                file.Read(offset, read);
                Assert.True(content.AsSpan(offset, read.Length).SequenceEqual(read));
            }
        });
    }

    [Fact]
    public void A_folder_lists_its_objects_with_their_lengths_and_its_folders()
    {
        Backend.TryCreate(Name("b"), "1"u8);
        Backend.TryCreate(Name("a"), "123"u8);
        Assert.Contains(new FolderItem("logs", true, 0), Listed(""));
        Assert.Equal([new("runs", true, 0)], Listed($"logs/{Domain}"));
        Assert.Equal([new("a", false, 3), new("b", false, 1)], Listed(ObjectName.RunFolder(Domain, Run)));
        Assert.Empty(Backend.List("blocks"));
        Assert.Empty(Backend.List("blocks/ab"));
    }

    [Fact]
    public void Numbers_are_listed_in_order_and_nothing_else_with_them()
    {
        var journal = new MemoryBackend();
        var writer = new JournalWriter(Run, "boot", new RunLog(journal, Domain, Run), TimeProvider.System);
        for (var record = 1; record <= 100; record++)
        {
            writer.Append(new JournalEntry("test"));
        }

        foreach (var (first, last) in new[] { (1, 1), (2, 8), (9, 9), (10, 99), (100, 100) })
        {
            var lines = Enumerable.Range(first, last - first + 1).SelectMany(record => journal.ReadAll(ObjectName.RunRecords(Domain, Run, record)));
            Assert.True(Backend.TryCreate(ObjectName.RunRecords(Domain, Run, first), lines.ToArray()));
        }

        foreach (var other in new[] { "draft-1", "000000001", "00000000011", "0000000000", "+000000003", "0000000003.1-1.unsealed" })
        {
            try
            {
                Backend.TryCreate(Name(other), "x"u8);
            }
            catch (AslException refused) when (refused.Error.Code == ErrorCode.RemoteRequestInvalid)
            {
                // A server takes no names that the format does not have.
            }
        }

        Assert.Equal([1, 2, 9, 10, 100], Backend.ListNumbers(ObjectName.RunFolder(Domain, Run)));
    }

    [Fact]
    public void A_folder_can_be_listed_while_objects_are_created_in_it()
    {
        const int objects = 150;
        var isDone = false;
        InParallel(3, index =>
        {
            if (index < 2)
            {
                for (var number = 1; number <= objects; number++)
                {
                    Backend.TryCreate(Name($"checkpoint-{(number * 2) + index}"), "12345"u8);
                }

                if (index == 0)
                {
                    Volatile.Write(ref isDone, true);
                }

                return;
            }

            while (!Volatile.Read(ref isDone))
            {
                Assert.All(Backend.List(ObjectName.RunFolder(Domain, Run)).Where(item => !item.Name.EndsWith(".unsealed", StringComparison.Ordinal)),
                    item => Assert.Equal(5, item.Length));
            }
        });
        Assert.Equal(2 * objects, Backend.List(ObjectName.RunFolder(Domain, Run)).Count());
    }

    [Fact]
    public void A_sealed_object_may_be_created_again_with_the_same_bytes_only()
    {
        Assert.True(Backend.CreateSealed(Name("a"), "same"u8));
        Assert.False(Backend.CreateSealed(Name("a"), "same"u8));
        Assert.Equal(ErrorCode.StoreOccupied, Assert.Throws<AslException>(() => Backend.CreateSealed(Name("a"), "else"u8)).Error.Code);
        Assert.Equal(ErrorCode.StoreOccupied, Assert.Throws<AslException>(() => Backend.CreateSealed(Name("a"), "same and more"u8)).Error.Code);
        Assert.Equal("same"u8.ToArray(), Backend.ReadAll(Name("a")));
    }

    [Fact]
    public void An_object_that_must_exist_is_missed_by_name()
    {
        var error = Assert.Throws<AslException>(() => Backend.ReadAll(Name("a"))).Error;
        Assert.Equal(ErrorCode.ObjectMissing, error.Code);
        Assert.Contains(Name("a").Path, error.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_that_is_too_long_is_refused_before_it_is_read()
    {
        Backend.TryCreate(Name("a"), new byte[101]);
        Assert.Equal(101, Backend.ReadAll(Name("a"), 101).Length);
        Assert.Throws<AslException>(() => Backend.ReadAll(Name("a"), 100));
    }

    [Fact]
    public void What_is_read_past_a_cache_is_what_was_written()
    {
        Assert.Null(Backend.Open(Name("a"), pastCache: true));
        var content = SeededBytes.Of(1, (3 << 20) + 123);
        using var aligned = new AlignedBuffer(content.Length);
        content.CopyTo(aligned.Span);
        Backend.TryCreate(Name("a"), aligned.Span[..content.Length]);
        Backend.TryCreate(Name("b"), "x"u8);
        Assert.Equal(content, Backend.ReadAll(Name("a"), pastCache: true));
        Assert.Equal(content, Backend.ReadAll(Name("a")));
        Assert.Equal("x"u8.ToArray(), Backend.ReadAll(Name("b"), pastCache: true));
        using var file = Backend.OpenExisting(Name("a"), pastCache: true);
        foreach (var (offset, length) in new[] { (0, 1), (4095, 2), (1_048_570, 20), (content.Length - 5, 5), (7, 2_500_000) })
        {
            var part = new byte[length];
            file.Read(offset, part);
            Assert.Equal(content.AsSpan(offset, length).ToArray(), part);
        }

        Assert.Throws<AslException>(() => file.Read(content.Length - 5, new byte[6]));
    }

    [Fact]
    public void A_lease_keeps_a_second_one_off_until_it_ends()
    {
        var first = Backend.TryLease(Domain, Run);
        Assert.NotNull(first);
        using (var other = Backend.TryLease(Domain, "another-run"))
        {
            Assert.NotNull(other);
        }

        Assert.Null(Backend.TryLease(Domain, Run));
        first.Dispose();
        using var second = Backend.TryLease(Domain, Run);
        Assert.NotNull(second);
    }

    [Fact]
    public void Of_racing_leases_exactly_one_is_granted()
    {
        var granted = new ConcurrentBag<IDisposable>();
        InParallel(8, _ =>
        {
            if (Backend.TryLease(Domain, Run) is { } lease)
            {
                granted.Add(lease);
            }
        });
        Assert.Single(granted).Dispose();
    }

    /// <summary>A name that the format leaves to the writer.</summary>
    protected static ObjectName Name(string name) => ObjectName.RunObject(Domain, Run, name);

    /// <summary>Runs something on threads that start together; the first failure is the test's.</summary>
    protected static void InParallel(int threads, Action<int> work)
    {
        using var start = new Barrier(threads);
        var failures = new ConcurrentQueue<Exception>();
        var running = Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                work(index);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        running.ForEach(thread => thread.Start());
        running.ForEach(thread => thread.Join());
        if (failures.TryDequeue(out var failure))
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private List<FolderItem> Listed(string folder) => [.. Backend.List(folder).OrderBy(item => item.Name, StringComparer.Ordinal)];
}
