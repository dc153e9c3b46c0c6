using System.Text;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Faults;
using AslRescue.Store.Logs;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Logs;

/// <summary>The journal of a run, through the folder of a run in a backend.</summary>
public sealed class JournalTests : IDisposable
{
    private const string Run = "run-1";
    private readonly MemoryBackend _backend = new();

    private RunLog Log => new(_backend, "d", Run);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void Records_read_back_in_order_and_chained()
    {
        var written = Append(5);
        var read = Log.ReadJournal();
        Assert.Equal(written.Select(record => record.Hash), read.Select(record => record.Hash));
        Assert.Equal([1, 2, 3, 4, 5], read.Select(record => record.Sequence));
        Assert.Equal(read.SkipLast(1).Select(record => record.Hash).Prepend(default), read.Select(record => record.Previous));
        Assert.All(read, record => Assert.Equal((Run, "boot", "test"), (record.Run, record.Boot, record.Kind)));
        Assert.Equal("é\n\"\\ 😀 <&>", read[3].Text("text"));
        Assert.Equal(["a", ""], read[3].Texts("list"));
        Assert.Equal(4, read[3].Number("number"));
        Assert.Equal([null, null], new[] { read[3].Text("number"), read[3].Text("none") });
        Assert.Empty(read[3].Texts("text"));
    }

    [Fact]
    public void A_line_holds_its_own_hash_for_sha256sum()
    {
        Append(1);
        var line = _backend[Path(1)];
        var end = line.AsSpan().IndexOf(",\"hash\":\""u8);
        Assert.Equal($",\"hash\":\"{Digest.Of(line.AsSpan(0, end))}\"}}\n", Encoding.ASCII.GetString(line[end..]));
    }

    [Fact]
    public void The_bytes_of_a_line_never_change() => Frozen.Is(
        """
        {"text":"é\"\\\n<","flag":true,"long":-9223372036854775808,"int":7,"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","time":"2026-11-23T02:00:00.1230000Z","list":["a","b"],"json":{"x":[1,null]},"hash":"3850c8b67bbfeeedaf0da9819f065c85f2b7f787ec105d29cbd494c40538fb7c"}

        """,
        Encoding.UTF8.GetString(JournalLine.Write(
    [
        new("text", "é\"\\\n<"), new("flag", true), new("long", long.MinValue), new("int", 7), new("digest", Digest.Of([])),
        new("time", new DateTimeOffset(2026, 11, 23, 3, 0, 0, 123, TimeSpan.FromHours(1))), new("list", new[] { "a", "b" }),
        new("json", JsonSerializer.Deserialize<JsonElement>("{\"x\":[1,null]}")),
    ]).Line));

    [Fact]
    public void Any_text_reads_back() => Gen.String.Where(text => text.EnumerateRunes().All(rune => rune.Value != 0xfffd)).Sample(text =>
    {
        var (line, hash) = JournalLine.Write([new("text", text)]);
        Assert.Equal(line.Length - 1, Array.IndexOf(line, (byte)'\n'));
        Assert.True(JournalLine.TryRead(line.AsMemory(0, line.Length - 1), out var parsed, out var read, out _));
        Assert.Equal((text, hash), (parsed.GetProperty("text").GetString(), read));
    }, iter: 1000);

    [Fact]
    public void A_line_that_is_too_long_is_not_written() =>
        Assert.Throws<ArgumentException>(() => JournalLine.Write([new("text", new string('x', JournalLine.BytesMax))]));

    /// <summary>It is hashed right: parsed, one of 64 MiB took a server more than a gigabyte.</summary>
    [Fact]
    public void A_line_that_is_too_long_is_refused_before_it_is_looked_into()
    {
        var head = new byte[JournalLine.BytesMax];
        head.AsSpan().Fill((byte)' ');
        "{\"x\":1"u8.CopyTo(head);
        byte[] line = [.. head, .. Encoding.ASCII.GetBytes($",\"hash\":\"{Digest.Of(head)}\"}}")];
        Assert.False(JournalLine.TryRead(line, out _, out _, out _)); // What is made once is made here.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(JournalLine.TryRead(line, out _, out _, out var reason));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        Assert.Contains("longer than", reason, StringComparison.Ordinal);

        _backend[Path(1)] = [.. line, (byte)'\n'];
        var error = Assert.Throws<AslException>(() => Log.ReadJournal()).Error;
        Assert.Equal(ErrorCode.LogCorrupt, error.Code);
        Assert.Contains("longer than", error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_line_that_is_written_reads_back()
    {
        var bare = JournalLine.Write([new("text", "")]).Line.Length;
        var (line, hash) = JournalLine.Write([new("text", new string('x', JournalLine.BytesMax - bare))]);
        Assert.Equal(JournalLine.BytesMax, line.Length);
        Assert.True(JournalLine.TryRead(line.AsMemory(0, line.Length - 1), out _, out var read, out _));
        Assert.Equal(hash, read);
    }

    [Fact]
    public void A_journal_goes_on_behind_what_is_there()
    {
        Append(3);
        var writer = NewWriter();
        writer.ContinueAfter(Log.ReadJournal()[^1]);
        Assert.Equal(3, writer.Head.Sequence);
        Append(writer, 2);
        Assert.Equal(5, Log.ReadJournal().Count);
        Assert.Equal(Log.ReadJournal()[^1].Hash, writer.Head.Hash);
    }

    [Fact]
    public void Two_writers_of_one_journal_do_not_both_win()
    {
        Append(1);
        var other = new JournalWriter(Run, "other boot", Log, TimeProvider.System);
        Assert.Equal(ErrorCode.StoreOccupied, Assert.Throws<AslException>(() => other.Append(new("test"))).Error.Code);
        Assert.Single(Log.ReadJournal());
    }

    [Fact]
    public void Records_of_many_threads_are_in_one_order()
    {
        var writer = NewWriter();
        Parallel.For(0, 200, index => writer.Append(new("test") { Fields = [new("number", (long)index)] }));
        Assert.Equal(Enumerable.Range(0, 200).Select(index => (long?)index), Log.ReadJournal().Select(record => record.Number("number")).Order());
    }

    [Fact]
    public void A_record_that_was_refused_is_stored_before_the_next_one()
    {
        using var backend = new FaultyBackend(_backend, failAt: 2);
        var writer = new JournalWriter(Run, "boot", new RunLog(backend, "d", Run), TimeProvider.System);
        writer.Append(new("first"));
        Assert.Equal(ErrorCode.StoreIo, Assert.Throws<AslException>(() => writer.Append(new("refused"))).Error.Code);
        Assert.Equal(3, writer.Append(new("next")).Sequence);
        Assert.Equal(["first", "refused", "next"], Log.ReadJournal().Select(record => record.Kind));
    }

    [Fact]
    public void After_a_lost_reply_the_journal_is_read_again_and_goes_on()
    {
        using var backend = new FaultyBackend(_backend, failAt: 2, isReplyLost: true);
        var writer = new JournalWriter(Run, "boot", new RunLog(backend, "d", Run), TimeProvider.System);
        writer.Append(new("first"));
        Assert.Throws<AslException>(() => writer.Append(new("stored all the same")));
        writer.ContinueAfter(Log.ReadJournal()[^1]);
        writer.Append(new("third"));
        Assert.Equal(["first", "stored all the same", "third"], Log.ReadJournal().Select(record => record.Kind));
    }

    [Fact]
    public void A_flip_of_any_byte_is_found_and_located()
    {
        Append(3);
        for (var sequence = 1; sequence <= 3; sequence++)
        {
            for (var position = 0; position < _backend[Path(sequence)].Length; position++)
            {
                _backend[Path(sequence)][position] ^= 1;
                Assert.Equal($"memory/{Path(sequence)}, offset 0", Corruption().Where);
                _backend[Path(sequence)][position] ^= 1;
            }
        }
    }

    [Fact]
    public void An_object_that_was_cut_short_or_prolonged_is_found()
    {
        Append(3);
        foreach (var sequence in new[] { 1, 2, 3 })
        {
            var whole = _backend[Path(sequence)];
            foreach (var content in Enumerable.Range(0, whole.Length).Select(length => whole[..length]).Append([.. whole, 32]).Append([.. whole, .. whole]))
            {
                _backend[Path(sequence)] = content;
                Assert.Contains(Path(sequence), Corruption().Where, StringComparison.Ordinal);
            }

            _backend[Path(sequence)] = whole;
        }

        Assert.Equal(3, Log.ReadJournal().Count);
    }

    [Fact]
    public void A_gap_a_swap_and_a_wrong_name_are_found()
    {
        Append(4);
        var kept = _backend[Path(2)];
        _backend.Remove(Path(2));
        Assert.Contains("record 3 stands where 2 belongs", Corruption().Why, StringComparison.Ordinal);
        (_backend[Path(2)], _backend[Path(3)]) = (_backend[Path(3)], kept);
        Assert.Equal(ErrorCode.LogCorrupt, Corruption().Code);
        (_backend[Path(2)], _backend[Path(3)]) = (kept, _backend[Path(2)]);
        Assert.Equal(4, Log.ReadJournal().Count);
        _backend[Path(7)] = _backend[Path(4)];
        _backend.Remove(Path(4));
        Assert.Contains(Path(7), Corruption().Where, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_from_a_fork_or_another_run_is_found()
    {
        using var fork = new MemoryBackend();
        Append(new JournalWriter(Run, "another boot", new RunLog(fork, "d", Run), TimeProvider.System), 2);
        Append(new JournalWriter("run-2", "boot", new RunLog(fork, "d", "run-2"), TimeProvider.System), 1);
        Append(3);
        var (first, second) = (_backend[Path(1)], _backend[Path(2)]);
        _backend[Path(2)] = fork[Path(2)];
        Assert.Contains("it follows record", Corruption().Why, StringComparison.Ordinal);
        _backend[Path(2)] = second;
        _backend[Path(1)] = fork[Path(1)];
        Assert.Contains("it follows record", Corruption().Why, StringComparison.Ordinal);
        _backend[Path(1)] = fork[ObjectName.RunRecords("d", "run-2", 1).Path];
        Assert.Contains("belongs to run run-2", Corruption().Why, StringComparison.Ordinal);
        _backend[Path(1)] = first;
        Assert.Equal(3, Log.ReadJournal().Count);
    }

    [Fact]
    public void Several_lines_in_one_object_are_read_and_located()
    {
        Append(3);
        byte[] together = [.. _backend[Path(1)], .. _backend[Path(2)], .. _backend[Path(3)]];
        var second = _backend[Path(1)].Length;
        _backend.Remove(Path(2));
        _backend.Remove(Path(3));
        _backend[Path(1)] = together;
        Assert.Equal(3, Log.ReadJournal().Count);
        together[second + 20] ^= 1;
        Assert.EndsWith($", offset {second}", Corruption().Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":1""")]
    [InlineData("""{"sequence":"1"}""")]
    [InlineData("""{"sequence":1,"run":"\ud800","boot":"b","monotonic":1,"wall":"2026-11-23T02:00:00Z","kind":"k","previous":""}""")]
    [InlineData("""[1,2]""")]
    [InlineData("""{"sequence":1.5,"run":"run-1","boot":"b","monotonic":1,"wall":"2026-11-23T02:00:00Z","kind":"k"}""")]
    [InlineData("""{"sequence":1,"run":"run-1","boot":"b","monotonic":1,"wall":"9999-12-31T23:59:59-14:00","kind":"k","previous":"00"}""")]
    public void Lines_with_a_right_hash_that_are_no_records_are_found(string text)
    {
        var hashed = Encoding.UTF8.GetBytes(text)[..^1];
        _backend[Path(1)] = [.. hashed, .. Encoding.ASCII.GetBytes($",\"hash\":\"{Digest.Of(hashed)}\"}}\n")];
        Assert.Equal(ErrorCode.LogCorrupt, Corruption().Code);
    }

    [Fact]
    public void Random_lines_with_a_right_hash_are_records_or_found() => Gen.Select(Gen.Int[0, 300], Gen.Byte).Array[1, 3].Sample(changes =>
    {
        using var backend = new MemoryBackend();
        var log = new RunLog(backend, "d", Run);
        Append(new JournalWriter(Run, "boot", log, TimeProvider.System), 1);
        var line = backend[Path(1)];
        var hashed = line[..line.AsSpan().IndexOf(",\"hash\":\""u8)];
        foreach (var (position, value) in changes)
        {
            hashed[position % hashed.Length] = value;
        }

        backend[Path(1)] = [.. hashed, .. Encoding.ASCII.GetBytes($",\"hash\":\"{Digest.Of(hashed)}\"}}\n")];
        var exception = Record.Exception(() => log.ReadJournal());
        Assert.True(exception is null or AslException { Error.Code: ErrorCode.LogCorrupt }, exception?.ToString());
    }, iter: 3000);

    [Fact]
    public void Random_bytes_are_no_journal() => Gen.Byte.Array[1, 200].Sample(bytes =>
    {
        var error = Assert.Throws<AslException>(() => new JournalReader(Run).Read("here", bytes)).Error;
        Assert.Equal((ErrorCode.LogCorrupt, "here, offset 0"), (error.Code, error.Where));
    }, iter: 2000);

    [Fact]
    public void What_a_journal_refers_to_is_checked_against_its_digest()
    {
        var digest = Log.Put("draft", "content"u8);
        Assert.Equal("content"u8.ToArray(), Log.Get("draft", digest));
        Assert.Equal(ErrorCode.ObjectMissing, Assert.Throws<AslException>(() => Log.Get("none", digest)).Error.Code);
        _backend[ObjectName.RunObject("d", Run, "draft").Path] = "contend"u8.ToArray();
        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => Log.Get("draft", digest)).Error.Code);
    }

    [Fact]
    public void Runs_are_listed_by_name()
    {
        Assert.Empty(RunLog.ListRuns(_backend, "d"));
        foreach (var run in new[] { "b", "a", "C" })
        {
            new RunLog(_backend, "d", run).Put("x", []);
        }

        Assert.Equal(["C", "a", "b"], RunLog.ListRuns(_backend, "d"));
    }

    private static string Path(int sequence) => ObjectName.RunRecords("d", Run, sequence).Path;

    private AslError Corruption()
    {
        var error = Assert.Throws<AslException>(() => Log.ReadJournal()).Error;
        Assert.Equal(ErrorCode.LogCorrupt, error.Code);
        return error;
    }

    private JournalWriter NewWriter() => new(Run, "boot", Log, TimeProvider.System);

    private List<JournalRecord> Append(int count) => Append(NewWriter(), count);

    private static List<JournalRecord> Append(JournalWriter writer, int count) =>
    [
        .. Enumerable.Range(1, count).Select(number => writer.Append(new("test")
        {
            Fields = [new("number", (long)number), new("text", "é\n\"\\ 😀 <&>"), new("list", new[] { "a", "" })],
        })),
    ];
}
