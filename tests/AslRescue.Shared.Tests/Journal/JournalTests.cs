using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Shared.Tests.Journal;

public sealed class JournalTests
{
    private readonly MemorySink _sink = new();

    [Fact]
    public void What_is_written_is_read_back_and_chained()
    {
        var writer = new JournalWriter("run-1", "boot", _sink, TimeProvider.System);
        var first = writer.Append(new JournalEntry("one") { Fields = [new("text", "ä \"quoted\"\n"), new("list", new[] { "a", "b" })] });
        writer.Append(new JournalEntry("two") { Fields = [new("number", 7L)] });
        var read = new JournalReader("run-1").Read("memory", _sink.Bytes());
        Assert.Equal(["one", "two"], read.Select(record => record.Kind));
        Assert.Equal(("ä \"quoted\"\n", first.Hash), (read[0].Text("text"), read[1].Previous));
        Assert.Equal(["a", "b"], read[0].Texts("list"));
        Assert.Equal(7, read[1].Number("number"));
    }

    [Fact]
    public void Every_changed_byte_is_found()
    {
        var writer = new JournalWriter("run-1", "boot", _sink, TimeProvider.System);
        writer.Append(new JournalEntry("one"));
        writer.Append(new JournalEntry("two"));
        var bytes = _sink.Bytes();
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 1;
            Assert.Throws<AslException>(() => new JournalReader("run-1").Read("memory", damaged));
        }
    }

    [Fact]
    public void A_line_can_be_checked_with_nothing_but_sha256sum()
    {
        new JournalWriter("run-1", "boot", _sink, TimeProvider.System).Append(new JournalEntry("one"));
        var line = Encoding.UTF8.GetString(_sink.Bytes()).TrimEnd('\n');
        var at = line.IndexOf(",\"hash\":\"", StringComparison.Ordinal);
        Assert.Equal(line[^66..^2], Digest.Of(Encoding.UTF8.GetBytes(line[..at])).ToString());
    }

    [Fact]
    public void A_line_that_the_sink_refused_is_offered_again_unchanged_before_the_next()
    {
        var writer = new JournalWriter("run-1", "boot", _sink, TimeProvider.System);
        writer.Append(new JournalEntry("one"));
        _sink.Refusals = 2;
        Assert.Throws<AslException>(() => writer.Append(new JournalEntry("two")));
        Assert.Throws<AslException>(() => writer.Append(new JournalEntry("never")));
        Assert.Equal(1, writer.Head.Sequence);
        writer.Append(new JournalEntry("three"));
        var read = new JournalReader("run-1").Read("memory", _sink.Bytes());
        Assert.Equal(["one", "two", "three"], read.Select(record => record.Kind));
        Assert.Single(_sink.Offered.Where(offer => offer.Sequence == 2).Select(offer => offer.Line).Distinct());
    }

    [Fact]
    public void What_the_sink_refuses_goes_to_the_fallback_if_there_is_one()
    {
        var (writer, fallback) = (new JournalWriter("run-1", "boot", _sink, TimeProvider.System), new MemorySink());
        _sink.Refusals = 3;
        Assert.Throws<AslException>(() => writer.Append(new JournalEntry("one")));
        writer.Append(new JournalEntry("two"), fallback);
        writer.Append(new JournalEntry("three"), fallback);
        Assert.Equal(["one", "two"], new JournalReader("run-1").Read("memory", fallback.Bytes()).Select(record => record.Kind));
        Assert.Equal(3, writer.Head.Sequence);
    }

    [Fact]
    public void A_copy_with_gaps_is_read_only_when_gaps_are_allowed()
    {
        var writer = new JournalWriter("run-1", "boot", _sink, TimeProvider.System);
        for (var record = 0; record < 4; record++)
        {
            writer.Append(new JournalEntry("one"));
        }

        _sink.Lines.RemoveAt(1);
        Assert.Throws<AslException>(() => new JournalReader("run-1").Read("memory", _sink.Bytes()));
        Assert.Equal([1, 3, 4], new JournalReader("run-1", allowGaps: true).Read("memory", _sink.Bytes()).Select(record => record.Sequence));
        _sink.Lines.Reverse();
        Assert.Throws<AslException>(() => new JournalReader("run-1", allowGaps: true).Read("memory", _sink.Bytes()));
    }

    private sealed class MemorySink : IJournalSink
    {
        public List<byte[]> Lines { get; } = [];

        public List<(long Sequence, string Line)> Offered { get; } = [];

        public int Refusals { get; set; }

        public byte[] Bytes() => [.. Lines.SelectMany(line => line)];

        public void Append(long firstSequence, ReadOnlySpan<byte> lines)
        {
            Offered.Add((firstSequence, Encoding.UTF8.GetString(lines)));
            if (Refusals-- > 0)
            {
                throw new AslException(new AslError(ErrorCode.StoreIo, "full") { Fix = "none" });
            }

            Lines.Add(lines.ToArray());
        }
    }
}
