using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Tests.Pools;

public sealed class DiskMapTests
{
    private const string Devices =
        """
        {"blockdevices": [
          {"path": "/dev/sda", "type": "disk", "children": [
            {"path": "/dev/sda1", "type": "part", "children": [{"path": "/dev/md0", "type": "raid1", "fstype": "ext4"}]},
            {"path": "/dev/sda2", "type": "part", "fstype": "btrfs", "uuid": "b-1"}]},
          {"path": "/dev/sdb", "type": "disk", "children": [
            {"path": "/dev/sdb1", "type": "part", "children": [{"path": "/dev/md0", "type": "raid1", "fstype": "ext4"}]}]},
          {"path": "/dev/sdc", "type": "disk", "fstype": "btrfs", "uuid": "b-1"},
          {"path": "/dev/sdd", "type": "disk", "children": [{"path": "/dev/sdd1", "type": "part", "fstype": "zfs_member"}]},
          {"path": "/dev/loop0", "type": "loop", "fstype": "ext4"}]}
        """;

    private const string Mounts =
        """
        20 1 0:25 / / rw - overlay airootfs rw,lowerdir=/x,upperdir=/cow/upper,workdir=/cow/work
        21 20 0:26 / /cow rw - tmpfs cow rw
        22 20 9:0 / /mirror rw - ext4 /dev/md0 rw
        23 20 0:30 / /many rw - btrfs /dev/sda2 rw
        24 20 0:31 / /tank rw - zfs tank/data rw
        25 20 7:0 / /image rw - ext4 /dev/loop0 rw
        26 20 0:32 / /far rw - nfs4 203.0.113.9:/export rw
        27 20 0:33 / /share rw - cifs //203.0.113.9/share rw
        28 20 0:34 / /odd rw - fuse.something something rw
        29 20 0:35 / /overlaid rw - overlay o rw,lowerdir=/x,upperdir=/mirror/upper,workdir=/mirror/work
        """;

    private const string BackingFile = "sys/block/loop0/loop/backing_file";

    [Theory]
    [InlineData("/dev/sda1", "/dev/sda")]
    [InlineData("/dev/md0", "/dev/sda /dev/sdb")]
    [InlineData("/mirror/a/b", "/dev/sda /dev/sdb")]
    [InlineData("/overlaid/a", "/dev/sda /dev/sdb")]
    [InlineData("/many", "/dev/sda /dev/sdc")]
    [InlineData("/tank", "/dev/sdd")]
    [InlineData("/image", "/dev/sda /dev/sdb")]
    [InlineData("/var/lib/asl", "")]
    [InlineData("/far", "")]
    [InlineData("/share", "")]
    [InlineData("/odd", null)]
    [InlineData("/dev/sdz", null)]
    public void A_path_lies_on_the_disks_below_it(string path, string? disks)
    {
        using var folder = new MachineFolder("pool-exported");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.Root, BackingFile))!);
        File.WriteAllText(Path.Combine(folder.Root, BackingFile), "/mirror/disk.img\n");
        var map = new DiskMap(
            Machine.Open(folder.Root, TimeProvider.System), MountTable.Read(Mounts), LsblkReader.Read(Devices)!, [Tank]);
        Assert.Equal(disks, map.Under(path) is { } under ? string.Join(' ', under.Order()) : null);
    }

    private static PoolSeen Tank => new()
    {
        Name = "tank", Guid = 1, State = "imported", Health = "complete", MissingDevices = 0, MayBeEncrypted = false, Devices = ["/dev/sdd1"],
    };
}
