using AslRescue.Shared.Mounts;
using CsCheck;

namespace AslRescue.Shared.Tests.Mounts;

public sealed class MountTableTests
{
    [Fact]
    public void The_kernels_lines_are_read_with_their_escapes()
    {
        var table = MountTable.Read(
            """
            22 1 0:21 / / rw,relatime - overlay overlay rw
            40 22 0:40 / /mnt/with\040blank\134x rw,nosuid shared:7 master:2 - zfs rescue\040pool/asl rw,xattr
            41 22 0:41 / /mnt/ro ro - zfs rescuepool/ro rw
            42 22 8:1 /sub\011dir /mnt/süper-ro rw - ext4 /dev/sda1 ro,errors=continue
            garbage
            43 22 - x
            """);
        Assert.Equal(
            [
                ("/", "overlay", "overlay", false), ("/mnt/with blank\\x", "zfs", "rescue pool/asl", false),
                ("/mnt/ro", "zfs", "rescuepool/ro", true), ("/mnt/süper-ro", "ext4", "/dev/sda1", true),
            ],
            table.Mounts.Select(mount => (mount.Point, mount.FileSystem, mount.Source, mount.IsReadOnly)));
        Assert.Equal(("42", "22", "8:1", "/sub\tdir"), (table.Mounts[3].Id, table.Mounts[3].ParentId, table.Mounts[3].Number, table.Mounts[3].Root));
        Assert.Equal([false, false, false, true], table.Mounts.Select(mount => mount.IsFileSystemReadOnly));
        Assert.Equal(4, table.Points.Count);
    }

    [Fact]
    public void A_backslash_before_letters_of_many_bytes_is_kept() => Assert.Equal(
        "/mnt/\\€x", Assert.Single(MountTable.Read("1 0 8:1 / /mnt/\\€x rw - ext4 /dev/a rw").Mounts).Point);

    [Fact]
    public void The_later_mount_hides_the_earlier() => Assert.Equal(
        "xfs", MountTable.Read("1 0 8:1 / /mnt rw - ext4 /dev/a rw\n2 0 8:2 / /mnt rw - xfs /dev/b rw").At("/mnt")!.FileSystem);

    [Theory]
    [InlineData("/etc", "/dev/a")]
    [InlineData("/data", "/dev/b")]
    [InlineData("/database", "/dev/a")]
    [InlineData("/data/inner/x", "/dev/c")]
    [InlineData("/over/inner/x", "/dev/e")]
    [InlineData("/twice/x", "/dev/g")]
    public void A_path_lies_on_the_mount_that_the_kernel_would_walk_to(string path, string source) => Assert.Equal(
        source,
        MountTable.Read(
            """
            1 0 8:1 / / rw - ext4 /dev/a rw
            2 1 8:2 / /data rw - ext4 /dev/b rw
            3 2 8:3 / /data/inner rw - ext4 /dev/c rw
            4 1 8:4 / /over/inner rw - ext4 /dev/d rw
            5 1 8:5 / /over rw - ext4 /dev/e rw
            6 1 8:6 / /twice rw - ext4 /dev/f rw
            7 6 8:7 / /twice rw - ext4 /dev/g rw
            """).Holding(path)!.Source);

    [Theory]
    [InlineData("/mnt/none", null)]
    [InlineData("/mnt/asl/local", "zfs")]
    [InlineData("/mnt/other", "overlay")]
    [InlineData("/mnt/asl", null)]
    public void A_folder_that_a_sandbox_mounted_onto_itself_is_no_mount(string path, string? fileSystem) => Assert.Equal(
        fileSystem,
        MountTable.Read(
            """
            1 0 0:9 / / ro - overlay airootfs rw
            2 1 0:9 /mnt/none /mnt/none rw - overlay airootfs rw
            3 1 0:40 / /mnt/asl/local rw - zfs rescuepool/asl rw
            4 3 0:9 /mnt/asl/local /mnt/asl/local rw - overlay airootfs rw
            5 4 0:40 / /mnt/asl/local rw - zfs rescuepool/asl rw
            6 1 0:9 /etc /mnt/other rw - overlay airootfs rw
            """).SeenAt(path)?.FileSystem);

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

    [Theory]
    [InlineData("")]
    [InlineData("relative")]
    [InlineData("/nul\\000")]
    public void A_line_whose_mount_point_is_no_path_is_none(string point)
    {
        var table = MountTable.Read($"1 0 8:1 / {point} rw - ext4 /dev/sda1 rw\n2 1 8:1 / /a rw - ext4 /dev/sda1 rw\n");

        Assert.Equal("/a", Assert.Single(table.Mounts).Point);
        Assert.NotNull(table.SeenAt("/a"));
    }

    [Fact]
    public void Random_text_never_throws() => Gen.String[0, 300].Sample(text =>
    {
        var table = MountTable.Read(text);
        table.Holding("/a/b");
        table.IsLasting("/a/b");
    });

    [Fact]
    public void This_process_sees_its_own_mounts() => Assert.Equal("proc", MountTable.ReadLive().Holding("/proc/self")!.FileSystem);
}
