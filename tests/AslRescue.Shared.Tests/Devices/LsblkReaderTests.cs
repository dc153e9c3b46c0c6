using AslRescue.Shared.Devices;
using CsCheck;

namespace AslRescue.Shared.Tests.Devices;

public sealed class LsblkReaderTests
{
    private const string Old =
        """
        {
           "blockdevices": [
              {"name":"sda","path":"/dev/sda","type":"disk","fstype":null,"label":null,"uuid":null,"size":"1073741824","ro":"0",
                 "children": [
                    {"name":"sda1","path":"/dev/sda1","type":"part","fstype":"zfs_member","label":"rescuepool","uuid":"42","size":1,"ro":false,
                     "mountpoint":"[SWAP]"}
                 ]
              },
              {"name":"sdb","path":"/dev/sdb","type":"disk","fstype":"ext4","label":"data","uuid":"x","size":1,"ro":true,
                 "children": [{"name":"md0","path":"/dev/md0","type":"raid1"}]},
              {"name":"sdc","kname":"sdc","type":"disk","ro":"1","rm":1,"children": [{"name":"md0","path":"/dev/md0","type":"raid1"}]}
           ]
        }
        """;

    private const string New =
        """
        {
           "blockdevices": [
              {"name":"vg-root","kname":"dm-0","path":"/dev/mapper/vg-root","maj:min":"253:0","type":"lvm","size":8589934592,"ro":false,"rm":false,
               "model":"  WDC WD40  ","serial":"","wwn":"0x50014ee2","tran":"sata","fstype":"ext4","label":"root","uuid":"7e2c",
               "parttypename":"Linux LVM","log-sec":512,"phy-sec":4096,"mountpoint":"/", "mountpoints":[null,"/mnt/x","/"]}
           ]
        }
        """;

    [Fact]
    public void The_tree_is_read_and_each_device_once() => Assert.Equal(
        ["/dev/sda", "/dev/sda1", "/dev/sdb", "/dev/md0", "/dev/sdc"],
        LsblkReader.Read(Old)!.Devices.Select(device => device.Path));

    [Fact]
    public void A_mirror_lies_on_both_its_disks()
    {
        var tree = LsblkReader.Read(Old)!;
        var mirror = tree.ByPath("/dev/md0")!;
        Assert.Equal(["/dev/sdb", "/dev/sdc"], tree.ParentsOf(mirror).Select(device => device.Path));
        Assert.Equal(["/dev/md0"], tree.ChildrenOf(tree.ByPath("/dev/sdc")!).Select(device => device.Path));
        Assert.Empty(tree.ChildrenOf(mirror));
    }

    [Fact]
    public void Numbers_and_flags_may_be_text_or_not()
    {
        var tree = LsblkReader.Read(Old)!;
        Assert.Equal((1073741824L, false), (tree.ByPath("/dev/sda")!.Bytes, tree.ByPath("/dev/sda")!.IsReadOnly));
        Assert.Equal((1L, false), (tree.ByPath("/dev/sda1")!.Bytes, tree.ByPath("/dev/sda1")!.IsReadOnly));
        Assert.True(tree.ByPath("/dev/sdb")!.IsReadOnly);
        Assert.Equal((true, true), (tree.ByPath("/dev/sdc")!.IsReadOnly, tree.ByPath("/dev/sdc")!.IsRemovable));
    }

    [Fact]
    public void A_column_that_is_missing_or_null_is_not_known()
    {
        var device = LsblkReader.Read(Old)!.ByPath("/dev/md0")!;
        Assert.Equal(new BlockDevice("/dev/md0") { Type = "raid1", MountPoints = device.MountPoints }, device);
        Assert.Empty(device.MountPoints);
        Assert.Equal(["[SWAP]"], LsblkReader.Read(Old)!.ByPath("/dev/sda1")!.MountPoints);
    }

    [Fact]
    public void Every_column_of_a_new_version_is_read()
    {
        var device = LsblkReader.Read(New)!.ByNumber("253:0")!;
        Assert.Equal(
            new BlockDevice("/dev/mapper/vg-root")
            {
                KernelName = "dm-0",
                Number = "253:0",
                Type = "lvm",
                Bytes = 8589934592,
                IsReadOnly = false,
                IsRemovable = false,
                Model = "WDC WD40",
                Serial = null,
                WorldWideName = "0x50014ee2",
                Transport = "sata",
                FileSystem = "ext4",
                Label = "root",
                Uuid = "7e2c",
                PartitionType = "Linux LVM",
                MountPoints = device.MountPoints,
                LogicalSectorBytes = 512,
                PhysicalSectorBytes = 4096,
            },
            device);
        Assert.Equal(["/mnt/x", "/"], device.MountPoints);
    }

    [Theory]
    [InlineData("")]
    [InlineData("NAME MAJ:MIN RM SIZE")]
    [InlineData("[]")]
    [InlineData("{\"blockdevices\": 3}")]
    [InlineData("{\"blockdevices\": [1]}")]
    [InlineData("{\"blockdevices\": [{\"name\":\"sda\"}]}")]
    public void What_lsblk_never_prints_is_no_answer(string text) => Assert.Null(LsblkReader.Read(text));

    [Fact]
    public void An_empty_list_is_an_answer() => Assert.Empty(LsblkReader.Read("{\"blockdevices\": []}")!.Devices);

    [Fact]
    public void A_cut_lsblk_never_throws() =>
        Gen.Int[0, New.Length].Sample(length => LsblkReader.Read(New[..length]), iter: 300);

    [Fact]
    public void Random_text_never_throws() => Gen.String[0, 300].Sample(text => LsblkReader.Read(text), iter: 1000);
}
