using System.Text;
using AslRescue.Intake.Imaging;
using AslRescue.Shared.Errors;
using CsCheck;

namespace AslRescue.Intake.Tests.Imaging;

public sealed class MapfileTests
{
    private const string Head = "# Mapfile. Created by GNU ddrescue version 1.27\n# current_pos  current_status  current_pass\n0x00010000     ?               1\n";

    [Fact]
    public void What_is_written_is_read_back()
    {
        var change = Gen.Select(Gen.Int[0, 100], Gen.Int[1, 60], Gen.Int[0, 4]);
        change.Array[0, 20].Sample(changes =>
        {
            var map = new AreaMap(100 * 512);
            foreach (var (start, length, state) in changes)
            {
                map.Set(start * 512L, (start + length) * 512L, (AreaState)state);
            }

            var read = Mapfile.Parse("map", Encoding.ASCII.GetBytes(Mapfile.Format(map, "test")));
            Assert.Equal(map.Areas, read.Areas);
        });
    }

    [Fact]
    public void Numbers_are_hexadecimal_decimal_or_octal()
    {
        var map = Parse(Head + "0 0x200 +\n512\t01000 -  # five hundred and twelve\n\n0x400 0x200 /\n");
        Assert.Equal(
            [new Area(0, 512, AreaState.Good, 0), new(512, 1024, AreaState.Bad, 0), new(1024, 1536, AreaState.Unscraped, 0)], map.Areas);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("0x0 0x200 +\n", "the first line must be a position")]
    [InlineData("0x0 ?\n0x0 0x200\n", "a line must be a position")]
    [InlineData("0x0 ?\n0x0 0x200 x\n", "a line must be a position")]
    [InlineData("0x0 ?\n-1 0x200 +\n", "a line must be a position")]
    [InlineData("0x0 ?\n0x7fffffffffffffff 0x7fffffffffffffff +\n", "a line must be a position")]
    [InlineData("0x0 ?\n0xffffffffffffffff 1 +\n", "a line must be a position")]
    [InlineData("0x0 ?\n0 99999999999999999999 +\n", "a line must be a position")]
    [InlineData("0x0 ?\n0x200 0x200 +\n0x0 0x200 -\n", "its areas must ascend")]
    [InlineData("0x0 ?\n0x0 0x201 +\n0x200 0x200 -\n", "its areas must ascend")]
    public void What_is_no_mapfile_is_refused_with_its_line(string text, string why)
    {
        var error = Assert.Throws<AslException>(() => Parse(text)).Error;
        Assert.Equal(ErrorCode.MapfileInvalid, error.Code);
        Assert.StartsWith(why, error.Why);
        Assert.Matches("^map:[0-9]+$", error.Where);
    }

    [Fact]
    public void What_was_rescued_beside_a_bad_sector_stays_good_whatever_the_disk_has_where_the_file_lies()
    {
        var map = Parse("0x0 ?\n0x0 0x1200 +\n0x1200 0x200 -\n0x1400 0xc00 +\n").ToMap(0x2000, ImageFormat.RescuedUnitBytes, readsOnlyGood: true);
        Assert.Equal([(0, 0x1200, AreaState.Untried), (0x1200, 0x1400, AreaState.Bad), (0x1400, 0x2000, AreaState.Untried)], map.Areas.Select(area => (area.Start, area.End, area.State)));
    }

    [Fact]
    public void Arbitrary_text_never_does_worse_than_be_refused() => Gen.String["0123456789abcdefx?*/-+F \t\r\n#"].Sample(text =>
    {
        try
        {
            _ = Parse(text).ToMap(100_000, 512, readsOnlyGood: true);
        }
        catch (AslException exception)
        {
            Assert.Equal(ErrorCode.MapfileInvalid, exception.Error.Code);
        }
    }, iter: 2000);

    [Fact]
    public void Of_the_file_that_ddrescue_wrote_only_the_good_is_read()
    {
        var map = Parse(Head + "0 0x1000 +\n0x1000 0x200 -\n0x1200 0x200 /\n0x1400 0x200 ?\n0x1600 0xa00 +\n").ToMap(0x3000, 512, readsOnlyGood: true);
        Assert.Equal(
            [
                new Area(0, 0x1000, AreaState.Untried, 0), new(0x1000, 0x1200, AreaState.Bad, 5), new(0x1200, 0x1400, AreaState.Bad, -5),
                new(0x1400, 0x1600, AreaState.Bad, 0), new(0x1600, 0x2000, AreaState.Untried, 0), new(0x2000, 0x3000, AreaState.Bad, 0),
            ], map.Areas);
    }

    [Fact]
    public void On_a_device_what_was_good_is_read_like_what_was_not_tried_and_trouble_comes_last()
    {
        var map = Parse(Head + "0 0x1000 +\n0x1000 0x200 -\n0x1200 0x300 *\n0x1500 0xb00 +\n").ToMap(0x2000, 512, readsOnlyGood: false);
        Assert.Equal(
            [
                new Area(0, 0x1000, AreaState.Untried, 0), new(0x1000, 0x1200, AreaState.Bad, 5), new(0x1200, 0x1600, AreaState.Untrimmed, 5),
                new(0x1600, 0x2000, AreaState.Untried, 0),
            ], map.Areas);
    }

    private static Mapfile Parse(string text) => Mapfile.Parse("map", Encoding.UTF8.GetBytes(text));
}
