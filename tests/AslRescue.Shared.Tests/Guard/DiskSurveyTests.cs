using AslRescue.Shared.Devices;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Tests.Guard;

/// <summary>What each disk of a recorded machine is there for, and which of them nobody should write to.</summary>
public sealed class DiskSurveyTests
{
    private const string Crashed = "/mnt/crashed";
    private const string ReadOnly = "- ext4 /dev/sda1 ro,norecovery";

    [Fact]
    public async Task A_disk_of_which_only_read_only_sources_are_mounted_is_one_that_nobody_should_write_to()
    {
        var disks = await SurveyAsync("systemrescue", Crashed);
        AssertUnder(disks["sda"], Crashed, isQuiet: true);
        Assert.Equal(("A1", "ST500"), (disks["sda"].Serial, disks["sda"].Model));
        Assert.Empty(disks["sda"].Holds);
    }

    [Fact]
    public async Task The_disks_of_the_backend_and_of_the_running_system_are_named_as_that()
    {
        var disks = await SurveyAsync("systemrescue", Crashed);
        Assert.Equal(["the running system"], disks["sdb"].Holds);
        Assert.Equal(["the store, /mnt/asl/local"], disks["sdc"].Holds);
        Assert.All((string[])["sdb", "sdc"], name => Assert.Equal((0, false), (disks[name].Sources.Count, disks[name].IsQuiet)));
    }

    [Fact]
    public async Task A_bystander_is_there_for_nothing_also_where_it_is_mounted()
    {
        var disks = await SurveyAsync("desktop-luks-lvm", Crashed);
        Assert.True(disks["sda"].IsQuiet);
        Assert.Equal((0, 0, false), (disks["sdb"].Holds.Count, disks["sdb"].Sources.Count, disks["sdb"].IsQuiet));
    }

    [Theory]
    [InlineData("- ext4 /dev/sda1 rw", "")] // its mount refuses writes, the file system does not
    [InlineData(ReadOnly, "68 60 8:2 / /mnt/other rw,relatime - ext4 /dev/sda2 rw\n")]
    [InlineData(ReadOnly, "68 60 8:0 / /mnt/other rw,relatime - ext4 /dev/sda rw\n")]
    public async Task Where_anything_of_the_disk_is_mounted_for_writing_it_is_only_recorded(string own, string more)
    {
        var disks = await SurveyAsync("systemrescue", Crashed, mounts => mounts.Replace(ReadOnly, own, StringComparison.Ordinal) + more);
        AssertUnder(disks["sda"], Crashed, isQuiet: false);
    }

    [Fact]
    public async Task A_disk_of_an_array_is_only_recorded_for_the_array_writes_by_itself()
    {
        const string mirrored = "/mnt/array";
        var disks = await SurveyAsync("lvm-on-luks-on-md", mirrored, mounts => mounts + "60 22 9:1 / /mnt/array ro - ext4 /dev/md1 ro\n");
        AssertUnder(disks["sdc"], mirrored, isQuiet: false);
    }

    [Fact]
    public async Task A_tree_that_is_named_by_a_link_is_told_by_its_real_path_as_in_the_snapshot()
    {
        var disks = await SurveyAsync("desktop-luks-lvm", "/home/u/linked/documents");
        Assert.Equal(["/home/u/documents"], Assert.Single(disks.Values, disk => disk.Sources.Count > 0).Sources);
    }

    [Fact]
    public async Task What_is_mounted_within_a_tree_lies_under_it()
    {
        var disks = await SurveyAsync("systemrescue", "/mnt");
        AssertUnder(disks["sda"], "/mnt", isQuiet: true);
        AssertUnder(disks["sdc"], "/mnt", isQuiet: false);
    }

    [Fact]
    public async Task An_images_disk_is_left_to_the_images_own_counter()
    {
        var disks = await SurveyAsync("systemrescue", "/dev/sda1");
        AssertUnder(disks["sda"], "/dev/sda1", isQuiet: false);
    }

    [Fact]
    public async Task A_tree_in_memory_lies_on_no_disk() =>
        Assert.All((await SurveyAsync("systemrescue", "/run/archiso/cowspace")).Values, disk => Assert.Empty(disk.Sources));

    [Fact]
    public async Task A_tree_on_the_running_systems_own_disk_is_only_recorded()
    {
        var disks = await SurveyAsync("desktop-luks-lvm", "/home/somebody");
        var own = Assert.Single(disks.Values, disk => disk.Sources.Count > 0);
        AssertUnder(own, "/home/somebody", isQuiet: false);
        Assert.Contains("the running system", own.Holds);
    }

    [Fact]
    public async Task Without_lsblk_the_counters_are_all_there_is()
    {
        var disks = await SurveyAsync("lsblk-missing", Crashed);
        Assert.Equal(4, disks.Count);
        Assert.All(disks.Values, disk => Assert.Equal((0, 0, false), (disk.Holds.Count, disk.Sources.Count, disk.IsQuiet)));
    }

    private static void AssertUnder(DiskCount disk, string source, bool isQuiet)
    {
        Assert.Equal([source], disk.Sources);
        Assert.Equal(isQuiet, disk.IsQuiet);
    }

    private static async Task<Dictionary<string, DiskCount>> SurveyAsync(string name, string source, Func<string, string>? remount = null)
    {
        var machine = await GuardMachine.OpenAsync(name);
        var mounts = await File.ReadAllTextAsync(Path.Combine(GuardMachine.All, name, "proc/self/mountinfo"), TestContext.Current.CancellationToken);
        var storage = remount is null ? machine.Storage : machine.Storage with { Mounts = MountTable.Read(remount(mounts)) };
        ProtectedPlace[] places =
        [
            ProtectedPlace.Written("the store", machine.Word("store")), ProtectedPlace.Written("the state of intake", machine.Word("state")), ProtectedPlace.RunningSystem,
        ];
        DiskCount[] counted = [new("nvme0n1", "259:0", 1), new("sda", "8:0", 1), new("sdb", "8:16", 1), new("sdc", "8:32", 1)];
        return new DiskSurvey(storage, places, [source]).Describe(counted).ToDictionary(disk => disk.Name);
    }
}
