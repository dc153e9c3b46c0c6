using AslRescue.Store.Backends;
using AslRescue.Store.Inspection;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Inspection;

public sealed class InspectedLogTests
{
    private static readonly byte[] Lines = JournalOf(SmallStore.Create(1));

    [Fact]
    public void The_lines_of_a_whole_journal_follow_each_other()
    {
        var lines = Read(Lines);

        Assert.Equal([ChainState.First, ChainState.Follows, ChainState.Follows, ChainState.Follows], lines.Select(line => line.Chain));
        Assert.Equal(["run-started", "checkpoint", "checkpoint", "sealing"], lines.Select(line => line.Kind));
        Assert.Equal(Lines.Length, lines.Sum(line => line.Length + 1));
    }

    [Fact]
    public void Every_byte_that_is_changed_is_found_and_the_lines_behind_it_are_read()
    {
        var second = Array.IndexOf(Lines, (byte)'\n') + 1;
        for (var position = 0; position < Lines.Length; position++)
        {
            var lines = Read(Inspected.Flipped(Lines, position));
            Assert.Contains(lines, line => line.Chain == ChainState.Damaged && line.Why is not null);
            Assert.True(position >= second - 1 || lines[^1].Chain != ChainState.Damaged, $"byte {position} of the first line made the last one unreadable");
        }
    }

    [Fact]
    public void A_line_that_is_missing_leaves_a_gap_and_two_that_changed_places_a_fork()
    {
        var lines = Split(Lines);

        Assert.Equal([ChainState.First, ChainState.Gap, ChainState.Follows], Read([.. lines[0], .. lines[2], .. lines[3]]).Select(line => line.Chain));
        Assert.Equal([ChainState.First, ChainState.Gap, ChainState.Forked, ChainState.Gap], Read([.. lines[0], .. lines[2], .. lines[1], .. lines[3]]).Select(line => line.Chain));
        Assert.Equal([ChainState.First, ChainState.Forked], Read([.. lines[0], .. Split(JournalOf(SmallStore.Create(2), SmallStore.RunName(2)))[1]]).Select(line => line.Chain));
    }

    [Fact]
    public void A_line_that_is_longer_than_any_is_passed_over_and_one_without_an_end_is_told()
    {
        var lines = Split(Lines);
        byte[] huge = [.. new byte[3 << 20], (byte)'\n'];

        var read = Read([.. lines[0], .. huge, .. lines[1], .. lines[2][..^1]]);

        Assert.Equal([ChainState.First, ChainState.Damaged, ChainState.Follows, ChainState.Damaged], read.Select(line => line.Chain));
        Assert.Equal((lines[0].Length, 3 << 20), ((int)read[1].Offset, (int)read[1].Length));
        Assert.Equal("the last line has no end", read[3].Why);
    }

    [Fact]
    public void Long_journals_are_read_in_a_time_that_grows_with_them()
    {
        byte[] many = [.. Enumerable.Repeat("{\"sequence\":1,\"kind\":\"x\"}\n"u8.ToArray(), 40_000).SelectMany(line => line)];
        using var backend = new MemoryBackend { ["logs/lab/seals/0000000001"] = many };
        using var file = InspectedFile.Open(backend, ObjectName.Seal("lab", 1))!;

        Assert.Equal(40_000, InspectedLog.Journal().Read(file).Count());
        Assert.True(backend.Reads < 10, $"{backend.Reads} reads of {many.Length} bytes");
    }

    private static List<InspectedLine> Read(byte[] content)
    {
        using var file = Inspected.Nameless(content);
        return [.. InspectedLog.Journal().Read(file)];
    }

    private static byte[] JournalOf(MemoryBackend backend, string? run = null) => new Store.Logs.RunLog(backend, SmallStore.Domain, run ?? SmallStore.RunName(1)).ReadLines();

    private static List<byte[]> Split(byte[] content)
    {
        List<byte[]> lines = [];
        while (content.Length > 0)
        {
            var end = Array.IndexOf(content, (byte)'\n') + 1;
            lines.Add(content[..end]);
            content = content[end..];
        }

        return lines;
    }
}
