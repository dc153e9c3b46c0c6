using AslRescue.Shared.Devices;
using AslRescue.Testing;

namespace AslRescue.Shared.Tests.Devices;

/// <summary>A folder that stands for /sys.</summary>
public sealed class DiskCountersTests : IDisposable
{
    // Documentation/block/stat.rst: fields of Linux 5.5 and later, and of 4.17 and before.
    private const string Stat = "  100  1  2000  30  40  5  6789  70  0  80  90  11  0  512  13  14  15\n";
    private const string OldStat = "100 1 2000 30 40 5 6789 70 0 80 90\n";
    private readonly ScratchFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_disk_is_counted_with_all_that_tells_it_from_others()
    {
        Add("sda", Stat, ("device/model", "ST500   \n"), ("device/serial", "A1\n"), ("wwid", "naa.5000c500a1b2c3d4\n"), ("diskseq", "9\n"));
        var disk = Assert.Single(Read());
        Assert.Equal(("sda", "8:0", 6789L, 512L, 9L, 4096L), (disk.Name, disk.Number, disk.Written, disk.Discarded, disk.Appearance, disk.Size));
        Assert.Equal(("ST500", "A1", "naa.5000c500a1b2c3d4"), (disk.Model, disk.Serial, disk.WorldWideName));
    }

    [Fact]
    public void An_older_kernel_counts_no_discards_and_no_appearances()
    {
        Add("vda", OldStat, ("serial", "virtual\n"));
        var disk = Assert.Single(Read());
        Assert.Equal((6789L, null, null, "virtual"), (disk.Written, disk.Discarded, disk.Appearance, disk.Serial));
    }

    [Theory]
    [InlineData("loop0", "")]
    [InlineData("ram15", "")]
    [InlineData("zram0", "")]
    [InlineData("zd16", "")]
    [InlineData("dm-0", "dm/name")]
    [InlineData("md127", "md/level")]
    [InlineData("bcache0", "slaves/sda")]
    public void What_lies_on_other_disks_on_files_or_in_memory_is_no_disk(string name, string file)
    {
        Add(name, Stat);
        if (file.Length > 0)
        {
            Put($"{name}/{file}", "x");
        }

        Add("sda", Stat);
        Assert.Equal("sda", Assert.Single(Read()).Name);
    }

    [Theory]
    [InlineData("size", "0\n")] // a drive without a medium
    [InlineData("stat", "1 2 3\n")]
    [InlineData("stat", "a b c d e f g h i j k\n")]
    public void What_has_no_medium_or_no_counter_is_left_out(string file, string text)
    {
        Add("sr0", Stat);
        Put($"sr0/{file}", text);
        Assert.Empty(Read());
    }

    [Fact]
    public void A_disk_whose_ways_are_counted_and_not_it_is_left_out()
    {
        Add("nvme0n1", Stat);
        Add("nvme0c0n1", Stat);
        Add("nvme1n1", Stat);
        File.Delete(_root["sys/block/nvme0c0n1/dev"]); // A way is hidden, and has no number.
        Assert.Equal("nvme1n1", Assert.Single(Read()).Name);
    }

    [Fact]
    public void Where_there_is_no_sys_nothing_is_counted() => Assert.Empty(Read());

    private IReadOnlyList<DiskCount> Read() => new DiskCounters(_root.Path).Read();

    private void Add(string name, string stat, params (string File, string Text)[] more)
    {
        Put($"{name}/dev", "8:0\n");
        Put($"{name}/size", "8\n");
        Put($"{name}/stat", stat);
        Directory.CreateDirectory(_root[$"sys/block/{name}/slaves"]);
        foreach (var (file, text) in more)
        {
            Put($"{name}/{file}", text);
        }
    }

    private void Put(string file, string text)
    {
        var path = _root[$"sys/block/{file}"];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
