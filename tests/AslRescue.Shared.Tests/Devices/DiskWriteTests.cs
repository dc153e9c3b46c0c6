using AslRescue.Shared.Devices;

namespace AslRescue.Shared.Tests.Devices;

public sealed class DiskWriteTests
{
    private static readonly DiskCount Quiet = new("sda", "8:0", 100) { Discarded = 7, Appearance = 3, Serial = "A1", Sources = ["/mnt/crashed"], IsQuiet = true };

    [Fact]
    public void A_counter_that_stands_still_says_that_nothing_was_written()
    {
        var write = Assert.Single(DiskWrite.Of([Counted(DiskMoments.Reading, 1, Quiet), Counted(DiskMoments.Sealing, 2, Quiet)]));
        Assert.Equal((0L, false), (write.Sectors, write.IsAgainstExpectation));
    }

    [Theory]
    [InlineData(8, 0, true, true)]
    [InlineData(0, 16, true, true)] // a discard takes data away too
    [InlineData(8, 0, false, false)] // somebody may write to it: then it only stands in the journal
    public void A_counter_that_moved_counts_where_nobody_should_write(long written, long discarded, bool isQuiet, bool isAgainst)
    {
        var before = Quiet with { IsQuiet = isQuiet };
        var after = before with { Written = before.Written + written, Discarded = before.Discarded + discarded };

        // In any order: documents in a snapshot stand in the order of their names.
        var write = Assert.Single(DiskWrite.Of([Counted(DiskMoments.Sealing, 2, after), Counted(DiskMoments.Reading, 1, before)]));
        Assert.Equal((written + discarded, isAgainst), (write.Sectors, write.IsAgainstExpectation));
    }

    [Fact]
    public void Documents_of_one_moment_stand_in_the_order_of_a_run()
    {
        var write = Assert.Single(DiskWrite.Of([Counted(DiskMoments.Sealing, 1, Quiet with { Written = 108, IsQuiet = false }), Counted(DiskMoments.Reading, 1, Quiet)]));
        Assert.Equal((100L, true), (write.Before.Written, write.IsAgainstExpectation));
    }

    [Fact]
    public void What_was_written_before_the_reading_began_does_not_count()
    {
        var (early, mended) = (Quiet, Quiet with { Written = 900 });
        var write = Assert.Single(DiskWrite.Of(
            [Counted(DiskMoments.Begun, 1, early), Counted(DiskMoments.Stopped, 2, early), Counted(DiskMoments.Reading, 3, mended), Counted(DiskMoments.Sealing, 4, mended)]));
        Assert.Equal((900L, 0L), (write.Before.Written, write.Sectors));
    }

    [Fact]
    public void Whether_anybody_may_write_is_what_was_seen_when_the_reading_began()
    {
        // Mounted for writing meanwhile: that is what the flag is for.
        var after = Quiet with { Written = 108, IsQuiet = false };
        Assert.True(Assert.Single(DiskWrite.Of([Counted(DiskMoments.Reading, 1, Quiet), Counted(DiskMoments.Stopped, 2, Quiet), Counted(DiskMoments.Sealing, 3, after)])).IsAgainstExpectation);
    }

    [Fact]
    public void Counters_of_another_boot_another_plugging_in_or_another_disk_are_not_compared()
    {
        DiskCounts[] documents =
        [
            Counted(DiskMoments.Reading, 1, Quiet), Counted(DiskMoments.Reading, 1, Quiet with { Written = 5 }) with { Boot = "boot-2" },
            Counted(DiskMoments.Sealing, 2, Quiet with { Written = 6, Appearance = 4 }), Counted(DiskMoments.Sealing, 3, Quiet with { Written = 7, Serial = "B2" }),
        ];
        var writes = DiskWrite.Of(documents);
        Assert.Equal(["boot-1", "boot-2"], writes.Select(write => write.Boot).Order(StringComparer.Ordinal));
        Assert.All(writes, write => Assert.Equal(0, write.Sectors));
    }

    [Fact]
    public void A_document_is_read_as_it_was_written()
    {
        var counts = Counted(DiskMoments.Reading, 5, Quiet with { Holds = ["the store, /mnt/asl/local"], WorldWideName = "w" });
        var read = DiskCounts.TryParse(counts.Bytes())!;
        Assert.Equal(("reading", "boot-1", 5L), (read.When, read.Boot, read.Monotonic));
        Assert.Equivalent(counts.Disks[0], read.Disks[0], strict: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":null}""")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":[null]}""")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":[{"name":"sda","number":"8:0"}]}""")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":[{"name":"sda","number":"8:0","written":-9223372036854775808}]}""")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":[{"name":"sda","number":"8:0","written":1,"discarded":-1}]}""")]
    [InlineData("""{"when":"reading","boot":"b","monotonic":1,"disks":[{"name":"\ud800","number":"8:0","written":1}]}""")]
    public void What_no_intake_writes_is_no_document(string text) => Assert.Null(DiskCounts.TryParse(System.Text.Encoding.UTF8.GetBytes(text)));

    private static DiskCounts Counted(string when, long monotonic, DiskCount disk) => new(when, "boot-1", monotonic, [disk]);
}
