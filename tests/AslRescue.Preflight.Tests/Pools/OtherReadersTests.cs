using AslRescue.Preflight.Mounts;
using AslRescue.Preflight.Network;
using AslRescue.Preflight.Pools;
using CsCheck;

namespace AslRescue.Preflight.Tests.Pools;

public sealed class OtherReadersTests
{
    private const string Lsblk =
        """
        {
           "blockdevices": [
              {"name":"sda","path":"/dev/sda","type":"disk","fstype":null,"label":null,"uuid":null,"size":"1073741824","ro":"0",
                 "children": [
                    {"name":"sda1","path":"/dev/sda1","type":"part","fstype":"zfs_member","label":"rescuepool","uuid":"42","size":1,"ro":false}
                 ]
              },
              {"name":"sdb","path":"/dev/sdb","type":"disk","fstype":"ext4","label":"data","uuid":"x","size":1,"ro":true,
                 "children": [{"name":"md0","path":"/dev/md0","type":"raid1"}]},
              {"name":"sdc","path":"/dev/sdc","type":"disk","children": [{"name":"md0","path":"/dev/md0","type":"raid1"}]}
           ]
        }
        """;

    [Fact]
    public void Lsblk_is_read_through_its_tree_and_each_device_once() => Assert.Equal(
        ["/dev/sda", "/dev/sda1", "/dev/sdb", "/dev/md0", "/dev/sdc"],
        BlockDevice.ReadLsblk(Lsblk)!.Select(device => device.Path));

    [Theory]
    [InlineData("")]
    [InlineData("NAME MAJ:MIN RM SIZE")]
    [InlineData("[]")]
    [InlineData("{\"blockdevices\": 3}")]
    [InlineData("{\"blockdevices\": [1]}")]
    [InlineData("{\"blockdevices\": [{\"name\":\"sda\"}]}")]
    public void What_lsblk_never_prints_is_no_answer(string text) => Assert.Null(BlockDevice.ReadLsblk(text));

    [Fact]
    public void An_empty_list_is_an_answer() => Assert.Empty(BlockDevice.ReadLsblk("{\"blockdevices\": []}")!);

    [Fact]
    public void A_cut_lsblk_never_throws() =>
        Gen.Int[0, Lsblk.Length].Sample(length => BlockDevice.ReadLsblk(Lsblk[..length]), iter: 300);

    [Fact]
    public void Zpool_import_lists_names_states_and_foreign_pools() => Assert.Equal(
        [
            new ImportablePool("rescuepool", 4207341592117738091, "ONLINE", IsForeign: false, IsDestroyed: false),
            new ImportablePool("crashedroot", 11836502947162540377, "DEGRADED", IsForeign: true, IsDestroyed: false),
            new ImportablePool("old", 7, "ONLINE", IsForeign: false, IsDestroyed: true),
        ],
        ZpoolImportReader.Read(
            """
               pool: rescuepool
                 id: 4207341592117738091
              state: ONLINE
             action: The pool can be imported using its name or numeric identifier.
             config:

            	rescuepool  ONLINE
            	  vda1      ONLINE

               pool: crashedroot
                 id: 11836502947162540377
              state: DEGRADED
            status: The pool was last accessed by another system.
             action: The pool can be imported using its name or numeric identifier and
            	the '-f' flag.
               see: https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-EY

               pool: old
                 id: 7
              state: ONLINE (DESTROYED)
            """));

    [Theory]
    [InlineData("no pools available to import\n")]
    [InlineData("pool: x\n")]
    [InlineData("")]
    public void Zpool_import_without_a_list_names_no_pool(string text) => Assert.Empty(ZpoolImportReader.Read(text));

    [Fact]
    public void Random_text_never_throws() => Gen.String[0, 300].Sample(text =>
    {
        ZpoolImportReader.Read(text);
        BlockDevice.ReadLsblk(text);
        MountTable.Read(text);
        _ = LinkFacts.FourIn(text).Count() + LinkFacts.SixIn(text).Count();
    });

    [Fact]
    public void A_mount_with_blanks_in_its_name_is_found() => Assert.Equal(
        "ext4", MountTable.Read("36 35 8:1 / /mnt/a\\040b\\134c rw,noatime master:1 - ext4 /dev/sda1 rw").At("/mnt/a b\\c")!.FileSystem);

    [Fact]
    public void The_later_mount_hides_the_earlier() => Assert.Equal(
        "xfs", MountTable.Read("1 0 8:1 / /mnt rw - ext4 /dev/a rw\n2 0 8:2 / /mnt rw - xfs /dev/b rw").At("/mnt")!.FileSystem);

    [Theory]
    [InlineData("/usb/x", true)]
    [InlineData("/ram/x", false)]
    [InlineData("/live", false)]
    [InlineData("/container", null)]
    public void What_outlasts_a_power_off_is_told_from_the_mounts(string path, bool? lasting) => Assert.Equal(
        lasting,
        MountTable.Read(
            """
            1 0 0:1 / / rw - overlay root rw,lowerdir=/l,upperdir=/hidden/u
            2 1 8:1 / /usb rw - ext4 /dev/sda1 rw
            3 1 0:2 / /ram rw - tmpfs t rw
            4 1 0:3 / /live rw - overlay o rw,lowerdir=/l,upperdir=/ram/u,workdir=/ram/w
            """).IsLasting(path));
}
