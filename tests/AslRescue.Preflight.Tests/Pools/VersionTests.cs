using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Shared.Devices;

namespace AslRescue.Preflight.Tests.Pools;

/// <summary>Output of several versions of the tools; recordings/README.md says which were printed and which were written.</summary>
public sealed class VersionTests
{
    [Theory]
    [InlineData("zdb-2.1.11-exported.txt", "ztest", LabelState.Exported, "crashed", "file", false)]
    [InlineData("zdb-2.1.11-destroyed.txt", "ztest", LabelState.Destroyed, "crashed", "file", false)]
    [InlineData("zdb-0.8.6-written.txt", "tank", LabelState.Exported, "fileserver", "mirror", false)]
    [InlineData("zdb-2.3.4-written.txt", "tank", LabelState.Exported, "fileserver", "draid", true)]
    public void A_label_is_read(string file, string name, LabelState state, string owner, string type, bool mayBeEncrypted)
    {
        var label = ZdbText.Read(Text(file))!;
        Assert.Equal(
            (name, state, owner, type, mayBeEncrypted),
            (label.Name, label.State, label.HostName, label.Tree.Type, label.MayBeEncrypted));
    }

    [Fact]
    public void A_removed_part_is_not_missing()
    {
        var label = ZdbText.Read(Text("zdb-2.3.4-written.txt"))!;
        Assert.Equal((1UL, 4), (label.TopLevels, label.Tree.Children.Count));
    }

    [Theory]
    [InlineData("zdb-2.1.11-blank.txt")]
    [InlineData("zdb-2.1.11-stale.txt")]
    [InlineData("zdb-2.1.11-unreadable.txt")]
    public void What_holds_no_label_is_none(string file) => Assert.Null(ZdbText.Read(Text(file)));

    [Theory]
    [InlineData("zpool-import-2.1.11-module-not-loaded.txt", "")]
    [InlineData("zpool-import-0.8.6-written.txt", "tank 3816532917460128841 ONLINE False False")]
    [InlineData(
        "zpool-import-2.1.11-written.txt", "crashedroot 11836502947162540377 DEGRADED True False; old 7 ONLINE False True")]
    [InlineData(
        "zpool-import-2.3.4-written.txt", "tank 3816532917460128841 ONLINE False False; gone 5550001112223334445 UNAVAIL False False")]
    public void A_list_of_importable_pools_is_read(string file, string pools) => Assert.Equal(
        pools,
        string.Join("; ", ZpoolImportReader.Read(Text(file)).Select(
            pool => $"{pool.Name} {pool.Guid} {pool.State} {pool.IsForeign} {pool.IsDestroyed}")));

    [Theory]
    [InlineData("lsblk-2.33.1-written.json", "zfs_member")]
    [InlineData("lsblk-2.38.1-without-udev.json", "")]
    [InlineData("lsblk-2.41.1-written.json", "zfs_member")]
    public void The_devices_of_lsblk_are_read(string file, string fileSystems)
    {
        var devices = LsblkReader.Read(Text(file))!.Devices;
        Assert.All(devices, device => Assert.True(device.Bytes > 0 && device.IsReadOnly is not null && device.Type is not null, device.Path));
        Assert.Equal(fileSystems, string.Join(' ', devices.Select(device => device.FileSystem).OfType<string>()));
    }

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Tests, "recordings", file));
}
