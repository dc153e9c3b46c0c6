using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Errors;

public sealed class PrintableTests
{
    [Theory]
    [InlineData(new byte[] { 0x61, 0xff, 0x62 }, "a\\xffb")]
    [InlineData(new byte[] { 0x61, 0x0a }, "a\\x0a")]
    [InlineData(new byte[] { 0x5c }, "\\x5c")]
    [InlineData(new byte[] { 0xc3, 0xa9 }, "é")]
    [InlineData(new byte[] { 0xe2, 0x80, 0xae }, "\\xe2\\x80\\xae")]
    public void Raw_names_are_shown_without_loss(byte[] raw, string shown) => Assert.Equal(shown, Printable.Bytes(raw));

    [Fact]
    public void An_error_says_what_where_why_and_how_to_fix()
    {
        var error = new AslError(ErrorCode.BlockCorrupt, "block 3f9a51c2 is corrupt")
        {
            Where = "blocks/3f/3f9a51c2, offset 16384",
            Why = "its bytes hash to 77c10b44,\u001b[31m its name says otherwise",
            Fix = "asl-admin verify --data",
        };
        Assert.Equal(
            """
            error ASL2041: block 3f9a51c2 is corrupt
              where: blocks/3f/3f9a51c2, offset 16384
              why:   its bytes hash to 77c10b44,\u001b[31m its name says otherwise
              fix:   asl-admin verify --data
            """,
            error.ToString());
        Assert.Equal(ExitCodes.StoreDamaged, ExitCodes.For(error.Code));
    }
}
