using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>What a server holds against each other before it stores an object: how long that may take, how often it is done, and whose fault it is when it fails.</summary>
public sealed class CheckingTests : IDisposable
{
    private static readonly StoreFormat ManySegments = new() { BlockBytes = 1 << 20, Chunks = new(64, 256, 2048), FrameBytes = 4096, SegmentBytesMax = 4096 };
    private readonly MemoryBackend _memory = new();
    private readonly WatchedStorage _storage;
    private readonly ServerBench _bench;

    public CheckingTests()
    {
        _storage = new WatchedStorage(_memory);
        _bench = new ServerBench(storage: _storage, format: ManySegments);
    }

    public void Dispose()
    {
        _bench.Dispose();
        _storage.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void A_snapshot_whose_check_takes_longer_than_a_client_waits_for_all_else_is_stored()
    {
        using var patient = _bench.Open("intake");
        var (name, file) = Another(patient);
        using var client = new HttpBackend(_bench.Options("intake") with { Patience = TimeSpan.FromSeconds(3) }, TimeProvider.System);
        var (isHeldUp, isWaiting) = (0, false);
        _storage.Opening = opened =>
        {
            if (opened.Path.StartsWith("blocks/", StringComparison.Ordinal) && Interlocked.Exchange(ref isHeldUp, 1) == 0)
            {
                isWaiting = client.IsWaiting;
                Thread.Sleep(8000);
            }
        };
        Assert.True(client.TryCreate(name, file));
        Assert.Equal((1, true), (isHeldUp, isWaiting));
        Assert.False(client.IsWaiting);
    }

    [Fact]
    public void What_the_domain_has_already_is_not_checked_again()
    {
        using var client = _bench.Open("intake");
        var name = ObjectName.Snapshot(Takes.In(_bench, "intake", "domain").Name);
        var file = _memory[name.Path];
        var segment = _memory.Paths.First(path => path.StartsWith("segments/", StringComparison.Ordinal));
        _storage.Forget();
        Assert.False(client.TryCreate(name, file));
        Assert.True(client.Holds(name, file));
        Assert.False(client.TryCreate(ObjectPath.TryParse(segment)!.Name, _memory[segment]));
        Assert.DoesNotContain(_storage.Opened, path => path.StartsWith("blocks/", StringComparison.Ordinal));
        Assert.Contains(name.Path, _storage.Opened);
    }

    [Fact]
    public void A_snapshot_that_is_not_sealed_yet_is_refused_when_what_it_names_was_taken_away_since_it_was_stored()
    {
        using var client = _bench.Open("intake");
        var (name, file) = Another(client);
        Assert.True(client.TryCreate(name, file));
        Assert.False(client.TryCreate(name, file));
        var snapshot = SnapshotCodec.Decode(name.Path, file);
        var segment = snapshot.Groups[^1].Segments[0].Name;
        foreach (var lost in new[] { ObjectName.Block(snapshot.Blocks[^1].Name), ObjectName.Block(SegmentCheck.BlocksOf(_memory, segment)[0]), ObjectName.Segment(segment) })
        {
            var content = _memory[lost.Path];
            _memory.Remove(lost.Path);
            Assert.Contains("is not there", Refused(() => client.TryCreate(name, file)), StringComparison.Ordinal);
            _memory[lost.Path] = content;
        }

        Assert.False(client.TryCreate(name, file));
    }

    [Fact]
    public void Of_those_who_send_the_same_at_once_one_is_told_that_it_created_it_and_it_is_checked_once()
    {
        using var client = _bench.Open("intake");
        var snapshot = Sealings.Of(client, Takes.In(_bench, "intake", "domain").Snapshot with { Base = null });
        var file = SnapshotCodec.Encode(snapshot);
        var name = ObjectName.Snapshot(Digest.Of(file));
        using var release = new ManualResetEventSlim();
        using var reached = new ManualResetEventSlim();
        var stop = TestContext.Current.CancellationToken;
        _storage.Forget();
        _storage.Opening = opened =>
        {
            if (opened.Path.StartsWith("blocks/", StringComparison.Ordinal))
            {
                reached.Set();
                release.Wait(TimeSpan.FromMinutes(2), stop);
            }
        };
        var created = new bool[6];
        var senders = Enumerable.Range(0, created.Length).Select(index => new Thread(() =>
        {
            using var own = _bench.Open("intake");
            created[index] = own.TryCreate(name, file);
        })).ToList();
        senders[0].Start();
        Assert.True(reached.Wait(TimeSpan.FromMinutes(2), stop));
        senders.Skip(1).ToList().ForEach(thread => thread.Start());
        Assert.True(SpinWait.SpinUntil(() => _bench.Answers.Requests.Count(request => request == $"PUT /v1/objects/{name}") == created.Length, TimeSpan.FromMinutes(1)));
        Thread.Sleep(2000); // Until they have all joined the check.
        release.Set();
        senders.ForEach(thread => thread.Join());
        Assert.Single(created, isCreated => isCreated);
        Assert.Equal(2, _storage.Opened.Count(path => path == ObjectName.RunRecords("domain", snapshot.Run, 1).Path)); // Looked for, and read.
    }

    [Fact]
    public void What_is_sent_again_while_it_is_checked_takes_no_memory()
    {
        using var client = _bench.Open("intake");
        var (name, file) = Another(client);
        using var release = new ManualResetEventSlim();
        using var reached = new ManualResetEventSlim();
        var stop = TestContext.Current.CancellationToken;
        _storage.Opening = opened =>
        {
            if (opened.Path.StartsWith("blocks/", StringComparison.Ordinal))
            {
                reached.Set();
                release.Wait(TimeSpan.FromMinutes(3), stop);
            }
        };
        var sender = new Thread(() =>
        {
            using var own = _bench.Open("intake");
            own.TryCreate(name, file);
        });
        sender.Start();
        try
        {
            Assert.True(reached.Wait(TimeSpan.FromMinutes(2), stop));
            var one = _bench.BodyMemory();
            Assert.InRange(one, 1, 1 << 20);
            using var again = RawRequest.To(_bench);
            again.Write(Head(name, file));
            again.Write(file[..^1]);
            byte[] other = [.. file[..^1], (byte)(file[^1] ^ 1)];
            Assert.StartsWith("HTTP/1.1 422", RawRequest.Answer(_bench, Head(name, other).Replace("Host: localhost\r\nConnection: close\r\n", "", StringComparison.Ordinal).Trim(), other), StringComparison.Ordinal); // The server has seen both by then.
            Assert.Equal(one, _bench.BodyMemory());
            again.Write(file[^1..]);
            release.Set();
            Assert.StartsWith("HTTP/1.1 412", again.ReadAll(), StringComparison.Ordinal);
        }
        finally
        {
            release.Set();
            sender.Join();
        }

        static string Head(ObjectName name, byte[] file) => $"PUT /v1/objects/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer intake\r\nIf-None-Match: *\r\n" +
            $"Content-Length: {file.Length}\r\nContent-Digest: {Digests.Write(Digest.Of(file))}\r\n\r\n";
    }

    [Fact]
    public void What_was_taken_away_is_missing_whatever_was_known_before()
    {
        using var client = _bench.Open("intake");
        var block = ObjectName.Block(Takes.In(_bench, "intake", "domain").Snapshot.Blocks[0].Name);
        Assert.Empty(client.Missing([block]));
        _memory.Remove(block.Path);
        Assert.Equal([block], client.Missing([block]));
    }

    [Fact]
    public void A_snapshot_that_no_record_of_its_runs_journal_seals_is_refused()
    {
        using var client = _bench.Open("intake");
        var taken = Takes.In(_bench, "intake", "domain").Snapshot;
        var good = Sealings.Of(client, taken with { Base = null });
        var other = Sealings.Of(client, taken with { Base = null });
        var began = new RunLog(client, "domain", taken.Run).ReadJournal()[0];
        foreach (var lie in new[]
        {
            good with { Journal = (good.Journal!.Value.Sequence, Digest.Of("another"u8)) },
            good with { Journal = (7, good.Journal!.Value.Hash) },
            good with { Journal = other.Journal },
            good with { ProblemCount = good.ProblemCount + 1 },
            good with { Run = taken.Run, Journal = (began.Sequence, began.Hash) },
        })
        {
            Assert.Contains("its run's journal", Refused(() => Create(client, lie)), StringComparison.Ordinal);
        }

        Assert.True(Create(client, good));
    }

    [Fact]
    public void A_snapshot_that_says_something_else_of_a_segment_than_the_segment_is_refused()
    {
        using var client = _bench.Open("intake");
        var taken = Takes.In(_bench, "intake", "domain").Snapshot with { Base = null };
        var group = taken.Groups[0];
        Assert.InRange(group.Segments.Count, 2, 1000);
        var segments = group.Segments;
        foreach (var (lie, why) in new (SegmentSummary[], string)[]
        {
            ([segments[0] with { Count = segments[0].Count + 1 }, .. segments.Skip(1)], "has other rows than it says"),
            ([segments[0] with { First = default }, .. segments.Skip(1)], "has other rows than it says"),
            ([segments[0] with { Last = segments[0].First }, .. segments.Skip(1)], "has other rows than it says"),
            ([segments[1], segments[0], .. segments.Skip(2)], "does not stand in the order of its keys"),
            ([segments[0], segments[0], .. segments.Skip(1)], "does not stand in the order of its keys"),
        })
        {
            var snapshot = Sealings.Of(client, taken with { Groups = [group with { Segments = lie }, .. taken.Groups.Skip(1)] });
            Assert.Contains(why, Refused(() => Create(client, snapshot)), StringComparison.Ordinal);
        }

        Assert.True(Create(client, Sealings.Of(client, taken)));
    }

    [Fact]
    public void A_snapshot_that_lists_a_block_twice_is_refused()
    {
        using var client = _bench.Open("intake");
        var taken = Takes.In(_bench, "intake", "domain").Snapshot with { Base = null };
        var lie = Sealings.Of(client, taken with { Blocks = [.. taken.Blocks, taken.Blocks[0]] });
        Assert.Contains($"lists block {taken.Blocks[0].Name.Short}… twice", Refused(() => Create(client, lie)), StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_of_a_snapshot_and_of_a_segment_are_looked_at_several_at_once()
    {
        using var client = _bench.Open("intake");
        var taken = Takes.In(_bench, "intake", "domain").Snapshot with { Base = null };
        var snapshot = Sealings.Of(client, taken);
        var (open, most) = (0, 0);
        _storage.Opening = opened =>
        {
            if (opened.Path.StartsWith("blocks/", StringComparison.Ordinal))
            {
                InterlockedMost(ref most, Interlocked.Increment(ref open));
                SpinWait.SpinUntil(() => Volatile.Read(ref most) >= 2, TimeSpan.FromMinutes(1)); // Until there was a second one.
                Interlocked.Decrement(ref open);
            }
        };
        Assert.InRange(taken.Blocks.Count, 2, 100);
        Assert.True(Create(client, snapshot));
        Assert.InRange(most, 2, 8);
        most = 0;
        var rows = GroupMerge.Rows(_memory, taken.Groups[0]).ToList();
        SegmentGroupWriter.Write(rows, 64 << 20, (summary, bytes) => client.TryCreate(ObjectName.Segment(summary.Name), bytes.ToArray()));
        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public void While_one_client_has_snapshots_checked_all_else_is_stored_and_snapshots_of_others_too()
    {
        using var client = _bench.Open("intake");
        using var other = _bench.Open("intake-other");
        var taken = Takes.In(_bench, "intake", "domain").Snapshot with { Base = null };
        var foreign = Takes.In(_bench, "intake-other", "other", seed: 9).Snapshot with { Base = null };
        var snapshots = Enumerable.Range(0, Environment.ProcessorCount * 2).Select(_ => Sealings.Of(client, taken)).ToList();
        var another = Sealings.Of(other, foreign);
        using var release = new ManualResetEventSlim();
        using var reached = new CountdownEvent(Environment.ProcessorCount);
        var stop = TestContext.Current.CancellationToken;
        var first = ObjectName.Block(taken.Blocks[0].Name).Path;
        _storage.Opening = opened =>
        {
            if (opened.Path == first && !release.IsSet)
            {
                _ = reached.IsSet || reached.Signal();
                release.Wait(TimeSpan.FromMinutes(3), stop);
            }
        };
        var senders = snapshots.Select(snapshot => new Thread(() =>
        {
            using var own = new HttpBackend(_bench.Options("intake") with { Retry = new RemoteRetry { AttemptsMax = 20, Budget = TimeSpan.FromMinutes(5) } }, TimeProvider.System);
            Create(own, snapshot);
        })).ToList();
        senders.ForEach(thread => thread.Start());
        try
        {
            Assert.True(reached.Wait(TimeSpan.FromMinutes(2), stop));
            using var hasty = new HttpBackend(_bench.Options("intake") with { Retry = new RemoteRetry { AttemptsMax = 1 } }, TimeProvider.System);
            new RunLog(hasty, "domain", "r").Put("draft-1", "some"u8);
            Append(hasty, "r", 2);
            using var hastyOther = new HttpBackend(_bench.Options("intake-other") with { Retry = new RemoteRetry { AttemptsMax = 1 } }, TimeProvider.System);
            Assert.True(Create(hastyOther, another));
        }
        finally
        {
            release.Set();
            senders.ForEach(thread => thread.Join());
        }
    }

    [Fact]
    public void An_error_of_the_disk_that_passes_while_a_snapshot_is_checked_is_tried_again()
    {
        using var client = _bench.Open("intake");
        var (name, file) = Another(client);
        var blocks = 0;
        for (var failAt = 1; ; failAt++)
        {
            var (at, count) = (failAt, 0);
            _storage.Opening = opened =>
            {
                if (opened.Path.StartsWith("blocks/", StringComparison.Ordinal) && Interlocked.Increment(ref count) == at)
                {
                    throw WatchedStorage.Passing();
                }
            };
            client.TryCreate(name, file); // Repeated by the client; a refusal would be thrown.
            blocks = Math.Max(blocks, count);
            if (count < at)
            {
                break;
            }

            _memory.Remove(name.Path);
        }

        Assert.InRange(blocks, 3, 100_000);
    }

    [Fact]
    public void Damage_in_the_store_is_not_called_a_fault_of_what_is_sent()
    {
        using var client = _bench.Open("intake");
        var taken = Takes.In(_bench, "intake", "domain");
        var block = ObjectName.Block(taken.Snapshot.Blocks[0].Name).Path;
        var rows = GroupMerge.Rows(_memory, taken.Snapshot.Groups[0]).Where(row => ObjectName.Block(row.Location.Block).Path == block).Take(1).ToList();
        var (segment, file) = (default(ObjectName), Array.Empty<byte>());
        SegmentGroupWriter.Write(rows, 1 << 20, (summary, bytes) => (segment, file) = (ObjectName.Segment(summary.Name), bytes.ToArray()));
        var journal = new JournalWriter("r", "boot", new RunLog(client, "domain", "r"), TimeProvider.System);
        journal.Append(new JournalEntry("something"));
        var seal = ObjectName.Seal("domain", 1);
        var next = JournalLine.Write([new("seal", 2L), new("snapshot", taken.Name), new("run", taken.Seal.Run), new("wall", default(DateTimeOffset)), new("previous", taken.Seal.Hash)]).Line;
        var snapshot = Sealings.Of(client, taken.Snapshot with { Base = (1, taken.Name) });
        foreach (var (damaged, code, attempt) in new (string, ErrorCode, Action)[]
        {
            (block, ErrorCode.BlockCorrupt, () => client.TryCreate(segment, file)),
            (seal.Path, ErrorCode.LogCorrupt, () => client.TryCreate(ObjectName.Seal("domain", 2), next)),
            (seal.Path, ErrorCode.LogCorrupt, () => Create(client, snapshot)),
            (ObjectName.Segment(taken.Snapshot.Groups[0].Segments[0].Name).Path, ErrorCode.SegmentCorrupt, () => Create(client, snapshot)),
            (ObjectName.Snapshot(taken.Name).Path, ErrorCode.SnapshotCorrupt, () => client.TryCreate(ObjectName.Seal("domain", 2), next)),
            (ObjectName.RunRecords("domain", "r", 1).Path, ErrorCode.LogCorrupt, () => journal.Append(new JournalEntry("something"))),
        })
        {
            var whole = _memory[damaged];
            _memory[damaged] = damaged.StartsWith("segments/", StringComparison.Ordinal) ? [1, 2, 3] : [.. whole[..^40], .. new byte[40]];
            var error = Assert.Throws<AslException>(attempt).Error;
            Assert.True((code, true) == (error.Code, error.IsPermanent), $"{damaged}: {error}");
            _memory[damaged] = whole;
        }

        Assert.True(Create(client, snapshot));
    }

    [Fact]
    public void A_record_that_follows_one_is_taken_without_listing_its_run()
    {
        using var client = _bench.Open("intake");
        var log = new RunLog(_memory, "domain", "elsewhere");
        var writer = new JournalWriter("elsewhere", "boot", log, TimeProvider.System);
        for (var number = 1; number <= 5; number++)
        {
            writer.Append(new JournalEntry("something"));
        }

        byte[] Record(int number) => _memory[ObjectName.RunRecords("domain", "elsewhere", number).Path];
        var sent = Enumerable.Range(1, 5).Select(number => (Name: ObjectName.RunRecords("domain", "elsewhere", number), Bytes: Record(number))).ToList();
        sent.ForEach(record => _memory.Remove(record.Name.Path));
        _storage.Forget();
        sent.Take(3).ToList().ForEach(record => Assert.True(client.TryCreate(record.Name, record.Bytes)));
        Assert.DoesNotContain(ObjectName.RunFolder("domain", "elsewhere"), _storage.Listed);
        Assert.Contains("does not follow record 3", Refused(() => client.TryCreate(sent[4].Name, sent[4].Bytes)), StringComparison.Ordinal);
        Assert.True(client.TryCreate(sent[3].Name, [.. sent[3].Bytes, .. sent[4].Bytes]));
    }

    [Fact]
    public void What_the_disk_does_not_hold_as_it_was_sent_is_never_called_stored()
    {
        using var client = _bench.Open("intake");
        _storage.IsRotten = _ => true;
        foreach (var attempt in new Action[] { () => new RunLog(client, "domain", "r").Put("draft-1", "some"u8), () => Append(client, "r", 1) })
        {
            var error = Assert.Throws<AslException>(attempt).Error;
            Assert.Equal((ErrorCode.LogCorrupt, true), (error.Code, error.IsPermanent));
        }
    }

    private static void Append(HttpBackend client, string run, int records)
    {
        var journal = new JournalWriter(run, "boot", new RunLog(client, "domain", run), TimeProvider.System);
        for (var number = 1; number <= records; number++)
        {
            journal.Append(new JournalEntry("something"));
        }
    }

    private static void InterlockedMost(ref int most, int value)
    {
        for (var before = Volatile.Read(ref most); value > before && Interlocked.CompareExchange(ref most, value, before) != before;)
        {
            before = Volatile.Read(ref most);
        }
    }

    /// <summary>A snapshot that the server takes when it is sent.</summary>
    private (ObjectName Name, byte[] File) Another(HttpBackend client)
    {
        var file = SnapshotCodec.Encode(Sealings.Of(client, Takes.In(_bench, "intake", "domain").Snapshot with { Base = null }));
        return (ObjectName.Snapshot(Digest.Of(file)), file);
    }

    private static bool Create(HttpBackend client, Snapshot snapshot)
    {
        var file = SnapshotCodec.Encode(snapshot);
        return client.TryCreate(ObjectName.Snapshot(Digest.Of(file)), file);
    }

    private static string Refused(Action attempt)
    {
        var error = Assert.Throws<AslException>(attempt).Error;
        Assert.Equal((ErrorCode.RemoteContentRefused, true), (error.Code, error.IsPermanent));
        return error.Why ?? "";
    }
}
