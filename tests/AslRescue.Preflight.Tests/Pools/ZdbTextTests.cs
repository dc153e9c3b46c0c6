using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;
using CsCheck;

namespace AslRescue.Preflight.Tests.Pools;

/// <summary>
/// Recordings are what zdb 2.1.11 printed for pools that ztest made in files; paths and host names are changed.
/// </summary>
public sealed class ZdbTextTests
{
    [Fact]
    public void A_mirror_is_read_with_its_children()
    {
        var label = Read("mirror", 1);
        Assert.Equal(("ztest", 8362537631348645010UL, LabelState.Active, 94UL), (label.Name, label.PoolGuid, label.State, label.Txg));
        Assert.Equal((null, "crashed"), (label.HostId, label.HostName));
        Assert.Equal((1UL, 9865748678053527963UL), (label.TopLevels, label.DeviceGuid));
        Assert.Equal("mirror", label.Tree.Type);
        Assert.Equal([18058338679397291651UL, 9865748678053527963UL], label.Tree.Children.Select(child => child.Guid));
        Assert.Equal("/ztest/ztest.1a", label.Tree.Children[1].Path);
        Assert.Equal(["com.delphix:hole_birth", "com.delphix:embedded_data"], label.Features);
    }

    [Fact]
    public void Raidz_below_a_mirror_keeps_its_parity()
    {
        var raidz = Assert.Single(Read("raidz", 0).Tree.Children);
        Assert.Equal(("raidz", 1UL, 4), (raidz.Type, raidz.Parity, raidz.Children.Count));
    }

    [Theory]
    [InlineData("mirror", new[] { 0, 1 }, "complete", 0)]
    [InlineData("mirror", new[] { 1 }, "degraded", 1)]
    [InlineData("raidz", new[] { 0, 1, 2, 3 }, "complete", 0)]
    [InlineData("raidz", new[] { 0, 1, 3 }, "degraded", 1)]
    [InlineData("raidz", new[] { 0, 3 }, "incomplete", 2)]
    [InlineData("stripe", new[] { 0, 1 }, "complete", 0)]
    [InlineData("stripe", new[] { 1 }, "incomplete", 1)]
    public void Health_follows_from_the_devices_that_are_here(string pool, int[] devices, string health, int missing) =>
        Assert.Equal((health, missing), PoolHealth.Judge([.. devices.Select(device => Read(pool, device))], isEverythingSeen: true));

    [Fact]
    public void A_missing_device_is_not_asserted_while_another_cannot_be_read() =>
        Assert.Equal("unknown", PoolHealth.Judge([Read("mirror", 0)], isEverythingSeen: false).Health);

    [Fact]
    public void The_newest_of_several_labels_counts()
    {
        var text = Text("mirror", 0);
        var older = text.Replace("txg: 94", "txg: 90", StringComparison.Ordinal).Replace("state: 0", "state: 1", StringComparison.Ordinal);
        Assert.Equal(LabelState.Active, ZdbText.Read(older + text)!.State);
        Assert.Equal(LabelState.Active, ZdbText.Read(text + older)!.State);
    }

    [Fact]
    public void A_label_with_a_wrong_checksum_does_not_count_however_new_it_is()
    {
        var text = Text("mirror", 0);
        var newer = text.Replace("txg: 94", "txg: 99", StringComparison.Ordinal).Replace("LABEL 0", "LABEL 0 (Bad label cksum)", StringComparison.Ordinal);
        Assert.NotEqual(text, newer);
        Assert.Equal(94UL, ZdbText.Read(newer + text)!.Txg);
        Assert.Null(ZdbText.Read(newer));
    }

    [Fact]
    public void A_device_that_was_just_about_to_be_added_has_no_label_that_counts() =>
        Assert.Null(ZdbText.Read(Text("mirror", 0).Replace("txg: 94", "txg: 0", StringComparison.Ordinal)));

    [Fact]
    public void A_name_cannot_pretend_to_be_a_line()
    {
        var text = Text("mirror", 0).Replace("'crashed'", "'LABEL 9: state: 1'", StringComparison.Ordinal);
        Assert.Equal(("LABEL 9: state: 1", LabelState.Active), (ZdbText.Read(text)!.HostName, ZdbText.Read(text)!.State));
    }

    [Theory]
    [InlineData("failed to unpack label 0\nfailed to unpack label 1\n")]
    [InlineData("LABEL 0\n    name: 'x'\n")]
    [InlineData("")]
    public void What_is_no_whole_label_is_none(string text) => Assert.Null(ZdbText.Read(text));

    [Fact]
    public void A_label_that_is_cut_anywhere_never_throws() => Gen.Int[0, Text("raidz", 0).Length].Sample(
        length => ZdbText.Read(Text("raidz", 0)[..length]), iter: 500);

    [Fact]
    public void Random_text_never_throws() => Gen.String[Gen.Char["LABE 0\n':[]guidstatevdev_treechildren123\t"], 0, 500].Sample(
        text => ZdbText.Read("LABEL 0\n" + text));

    internal static PoolLabel Read(string pool, int device) => ZdbText.Read(Text(pool, device))!;

    private static string Text(string pool, int device) =>
        File.ReadAllText(Path.Combine(Repository.Tests, $"recordings/zdb-2.1.11-{pool}-ztest.{device}a.txt"));
}
