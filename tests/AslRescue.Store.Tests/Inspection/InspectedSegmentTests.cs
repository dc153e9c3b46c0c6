using AslRescue.Shared;
using AslRescue.Store.Inspection;
using AslRescue.Store.Segments;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Inspection;

public sealed class InspectedSegmentTests
{
    private static readonly MemoryBackend Store = SmallStore.Create(2);
    private static readonly string Path = Inspected.First(Store, "segments/");

    [Fact]
    public void A_whole_segment_has_no_damage_and_the_rows_that_a_reader_sees()
    {
        using var file = Inspected.File(Path, Store[Path]);
        var segment = new InspectedSegment(file);
        List<InspectedRow> rows = [];

        var survey = segment.Survey(rows.Add);

        using var read = Segment.Open(Store, new(file.Name!.Value, rows.Count, rows[0].Key, rows[^1].Key));
        Assert.Empty(segment.Damages.Concat(survey.Damages));
        Assert.Equal(read.ReadAll(), rows.Select(row => new SegmentEntry(row.Key, row.Location!.Value)));
        Assert.Equal((file.Name, 0L, 0L), (survey.Digest, survey.Unsorted, survey.FilterBits!.Value.Surplus));
    }

    [Fact]
    public void Every_byte_that_is_changed_is_found()
    {
        for (var position = 0; position < Store[Path].Length; position++)
        {
            using var file = Inspected.File(Path, Inspected.Flipped(Store[Path], position));
            var segment = new InspectedSegment(file);
            Assert.True(segment.Damages.Count + segment.Survey().Damages.Count > 0, $"nobody saw that byte {position} was changed");
        }
    }

    [Fact]
    public void At_every_length_rows_are_read_or_it_is_said_that_none_can_be()
    {
        for (var length = 0; length < Store[Path].Length; length++)
        {
            using var file = Inspected.File(Path, Store[Path][..length]);
            var segment = new InspectedSegment(file);
            Assert.NotEmpty(segment.Damages.Concat(segment.Survey().Damages));
            Assert.Equal(segment.Layout?.Rows ?? 0, segment.Rows().LongCount());
        }
    }

    [Theory]
    [InlineData(12, "blocks")]
    [InlineData(16, "rows")]
    public void Of_two_numbers_the_one_that_is_wrong_follows_from_the_other_and_the_length(int position, string what)
    {
        using var whole = Inspected.File(Path, Store[Path]);
        using var file = Inspected.File(Path, Inspected.Flipped(Store[Path], position, 0x40));

        var segment = new InspectedSegment(file);

        Assert.Equal(new InspectedSegment(whole).Layout, segment.Layout);
        Assert.Contains(what, Assert.Single(segment.Damages).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_out_of_order_and_a_filter_that_lacks_a_key_are_told_with_their_offsets()
    {
        using var whole = Inspected.File(Path, Store[Path]);
        var layout = new InspectedSegment(whole).Layout!;
        var row = (int)layout.RowsOffset + (3 * SegmentEntry.Bytes);
        byte[] swapped = [.. Store[Path]];
        Store[Path].AsSpan(row, SegmentEntry.Bytes).CopyTo(swapped.AsSpan(row + SegmentEntry.Bytes));
        Store[Path].AsSpan(row + SegmentEntry.Bytes, SegmentEntry.Bytes).CopyTo(swapped.AsSpan(row));
        using var unsorted = Inspected.Nameless(swapped);
        byte[] emptied = [.. Store[Path][..(int)layout.FilterOffset], .. new byte[Store[Path].Length - layout.FilterOffset]];
        using var unfiltered = Inspected.Nameless(emptied);

        var order = new InspectedSegment(unsorted).Survey();
        var filter = new InspectedSegment(unfiltered).Survey();

        Assert.Equal((1L, row + (long)SegmentEntry.Bytes), (order.Unsorted, Assert.Single(order.Damages).Offset));
        Assert.Equal(layout.Rows, filter.NotInFilter);
        Assert.All(filter.Damages, damage => Assert.True(damage.Offset >= layout.FilterOffset));
    }
}
