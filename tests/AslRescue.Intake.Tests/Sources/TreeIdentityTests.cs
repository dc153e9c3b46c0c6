using AslRescue.Intake.Sources;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Sources;

public sealed class TreeIdentityTests
{
    private const string Begun = "type ef53, id 00000000deadbeef, uuid 1-2, inode 2, born 1700000000.000000001";

    [Theory]
    [InlineData("", "type 1021994, inode 1")] // a journal of an earlier version
    [InlineData(Begun, Begun)]
    [InlineData(Begun, "type ef53, id 00000000deadbeef, inode 2, born 1700000000.000000001")] // no udev in this boot
    [InlineData("type 4d44, uuid ABCD-1234", "type 4d44")]
    public void Nothing_speaks_against_what_is_alike_as_far_as_both_sides_know(string begun, string now) => Assert.Null(TreeIdentity.WhyOther(begun, now));

    [Theory]
    [InlineData(Begun, "type 1021994, inode 1, born 1.000000000")]
    [InlineData(Begun, "type ef53, id 00000000cafecafe, inode 2")]
    [InlineData(Begun, "type ef53, inode 12, born 1700000000.000000001")]
    [InlineData(Begun, "type ef53, inode 2, born 1700000001.000000001")]
    [InlineData("type 4d44, uuid ABCD-1234", "type 4d44, uuid ABCD-1235")]
    public void Whatever_is_known_of_both_and_differs_tells_them_apart(string begun, string now) =>
        Assert.Equal($"it began with a file system of {begun}; there is one of {now}", TreeIdentity.WhyOther(begun, now));

    [Fact]
    public void A_folder_is_itself_and_no_other_and_a_file_may_be_replaced()
    {
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["one"]);
        Directory.CreateDirectory(scratch["other"]);
        File.WriteAllText(scratch["file"], "");
        File.WriteAllText(scratch["newer"], "");
        Assert.Null(TreeIdentity.WhyOther(TreeIdentity.Of(scratch["one"]), TreeIdentity.Of(scratch["one"])));
        Assert.NotNull(TreeIdentity.WhyOther(TreeIdentity.Of(scratch["one"]), TreeIdentity.Of(scratch["other"])));
        Assert.Equal(TreeIdentity.Of(scratch["file"]), TreeIdentity.Of(scratch["newer"]));
    }
}
