using AslRescue.Intake.Sources;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Sources;

public sealed class DisksBelowTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly DisksBelow _disks;

    public DisksBelowTests() => _disks = new(_scratch["block"]);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_disk_is_gone_when_the_kernel_has_it_no_more_or_it_has_no_size()
    {
        Add("7:0");
        Add("8:16");
        Assert.False(_disks.AreGone((8, 16)));
        File.WriteAllText(_scratch["block/8:16/size"], "0\n");
        Assert.True(_disks.AreGone((8, 16)));
        Directory.Delete(_scratch["block/8:16"], recursive: true);
        Assert.True(_disks.AreGone((8, 16)));
    }

    [Fact]
    public void Without_a_block_device_or_any_there_is_no_answer()
    {
        Assert.False(_disks.AreGone((8, 1)));
        Add("8:16");
        Assert.False(_disks.AreGone((0, 45)));
    }

    [Fact]
    public void A_disk_that_was_gone_before_the_program_was_started_is_gone()
    {
        Add("8:32");
        Assert.True(_disks.AreGone((8, 16)));
    }

    [Theory]
    [InlineData("running\n", false)]
    [InlineData("offline\n", true)]
    [InlineData("transport-offline\n", true)]
    public void A_disk_that_the_kernel_has_given_up_is_gone(string state, bool isGone)
    {
        Add("8:16");
        Directory.CreateDirectory(_scratch["block/8:16/device"]);
        File.WriteAllText(_scratch["block/8:16/device/state"], state);
        Assert.Equal(isGone, _disks.AreGone((8, 16)));
    }

    /// <summary>As the kernel has it: each link leads from where its folder really lies.</summary>
    [Fact]
    public void A_mapping_over_a_partition_is_there_and_gone_with_its_disk()
    {
        Directory.CreateDirectory(_scratch["devices/pci/sdb/sdb1"]);
        Directory.CreateDirectory(_scratch["devices/virtual/dm-0/slaves"]);
        Directory.CreateDirectory(_scratch["block"]);
        File.WriteAllText(_scratch["devices/pci/sdb/size"], "100\n");
        File.WriteAllText(_scratch["devices/pci/sdb/sdb1/size"], "50\n");
        File.WriteAllText(_scratch["devices/pci/sdb/sdb1/partition"], "1\n");
        File.WriteAllText(_scratch["devices/virtual/dm-0/size"], "50\n");
        Directory.CreateSymbolicLink(_scratch["block/253:0"], "../devices/virtual/dm-0");
        Directory.CreateSymbolicLink(_scratch["block/7:0"], "../devices/virtual/dm-0");
        Directory.CreateSymbolicLink(_scratch["devices/virtual/dm-0/slaves/sdb1"], "../../../pci/sdb/sdb1");
        Assert.False(_disks.AreGone((253, 0)));
        File.WriteAllText(_scratch["devices/pci/sdb/size"], "0\n");
        Assert.True(_disks.AreGone((253, 0)));
        Directory.Delete(_scratch["devices/pci/sdb"], recursive: true);
        Assert.True(_disks.AreGone((253, 0)));
    }

    [Fact]
    public void A_mirror_of_parts_of_LVM_does_with_one_of_them()
    {
        foreach (var (part, disk) in new[] { ("253:1", "8:16"), ("253:2", "8:32") })
        {
            Add(disk);
            Add(part);
            Directory.CreateDirectory(_scratch[$"block/{part}/dm"]);
            File.WriteAllText(_scratch[$"block/{part}/dm/name"], $"vg-lv_rimage_{part[^1]}\n");
            Directory.CreateDirectory(_scratch[$"block/{part}/slaves"]);
            Directory.CreateSymbolicLink(_scratch[$"block/{part}/slaves/disk"], _scratch[$"block/{disk}"]);
        }

        Add("253:0");
        Directory.CreateDirectory(_scratch["block/253:0/slaves"]);
        Directory.CreateSymbolicLink(_scratch["block/253:0/slaves/dm-1"], _scratch["block/253:1"]);
        Directory.CreateSymbolicLink(_scratch["block/253:0/slaves/dm-2"], _scratch["block/253:2"]);
        Directory.Delete(_scratch["block/8:16"], recursive: true);
        Assert.False(_disks.AreGone((253, 0)));
        Directory.Delete(_scratch["block/8:32"], recursive: true);
        Assert.True(_disks.AreGone((253, 0)));
    }

    [Theory]
    [InlineData("dm", "uuid", "CRYPT-LUKS2-1\n", true)]
    [InlineData("dm", "uuid", "mpath-1\n", false)]
    [InlineData("md", "level", "raid1\n", false)]
    public void What_needs_several_disks_is_gone_without_one_unless_the_others_do(string folder, string name, string text, bool isGone)
    {
        Add("8:16");
        Add("8:32");
        Add("253:0");
        Directory.CreateDirectory(_scratch[$"block/253:0/{folder}"]);
        File.WriteAllText(_scratch[$"block/253:0/{folder}/{name}"], text);
        Directory.CreateDirectory(_scratch["block/253:0/slaves"]);
        Directory.CreateSymbolicLink(_scratch["block/253:0/slaves/sdb"], _scratch["block/8:16"]);
        Directory.CreateSymbolicLink(_scratch["block/253:0/slaves/sdc"], _scratch["block/8:32"]);
        Directory.Delete(_scratch["block/8:16"], recursive: true);
        Assert.Equal(isGone, _disks.AreGone((253, 0)));
        Directory.Delete(_scratch["block/8:32"], recursive: true);
        Assert.True(_disks.AreGone((253, 0)));
    }

    [Fact]
    public void A_partition_is_gone_with_its_disk()
    {
        Directory.CreateDirectory(_scratch["devices/sdb/sdb1"]);
        File.WriteAllText(_scratch["devices/sdb/size"], "100\n");
        File.WriteAllText(_scratch["devices/sdb/sdb1/size"], "50\n");
        File.WriteAllText(_scratch["devices/sdb/sdb1/partition"], "1\n");
        Directory.CreateDirectory(_scratch["block"]);
        Directory.CreateSymbolicLink(_scratch["block/8:17"], _scratch["devices/sdb/sdb1"]);
        Assert.False(_disks.AreGone((8, 17)));
        File.WriteAllText(_scratch["devices/sdb/size"], "0\n");
        Assert.True(_disks.AreGone((8, 17)));
    }

    private void Add(string number)
    {
        Directory.CreateDirectory(_scratch[$"block/{number}"]);
        File.WriteAllText(_scratch[$"block/{number}/size"], "100\n");
    }
}
