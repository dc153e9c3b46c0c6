using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;

namespace AslRescue.Preflight.Tests.Pools.Labels;

/// <summary>
/// Our reader against recordings: labels of real devices, and what zdb printed for them; then the same labels damaged.
/// tests/acceptance/real_pools.py compares with a zdb that runs.
/// </summary>
public sealed partial class DeviceLabelsTests
{
    public static TheoryData<string> Recordings => LabelDevice.Recordings;

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_label_says_what_zdb_says(string recording)
    {
        using var device = new LabelDevice(recording);
        var labels = device.Read();
        Assert.All(labels.Copies, copy => Assert.Equal(CopyState.Whole, copy.State));
        Assert.Equal(Everything(ZdbText.Read(Zdb(recording))!), Everything(labels.Label!));
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Uberblocks_are_those_that_zdb_prints(string recording)
    {
        using var device = new LabelDevice(recording);
        var printed = UberblockText().Matches(Zdb(recording))
            .Select(match => (Number(match, 1), Number(match, 2), Number(match, 3), Number(match, 4))).ToList();
        Assert.NotEmpty(printed);
        foreach (var copy in device.Read().Copies)
        {
            Assert.Equal(printed, copy.Uberblocks.Select(uberblock => ((ulong)uberblock.Slot, uberblock.Txg, uberblock.GuidSum, uberblock.Timestamp)));
            Assert.Equal(0, copy.DamagedUberblocks);
        }

        Assert.Equal(printed.Max(uberblock => uberblock.Item2), device.Read().Newest!.Txg);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(LabelDevice.Label - 512)]
    public void What_is_left_behind_the_last_whole_label_does_not_count(int rest)
    {
        using var device = new LabelDevice("single", (64 << 20) + rest);
        Assert.Equal(4, device.Read().Copies.Count(copy => copy.State == CopyState.Whole));
    }

    [Theory]
    [InlineData(0, 90)]
    [InlineData(3, 90)]
    [InlineData(1, 0)]
    public void Of_labels_that_disagree_the_highest_transaction_group_counts(int copy, ulong txg)
    {
        using var device = new LabelDevice("single").With(copy, "txg", txg).With(copy, "state", 1);
        Assert.Equal(txg > 0 ? LabelState.Exported : LabelState.Active, device.Read().Label!.State);
        Assert.Equal(txg > 0 ? CopyState.Whole : CopyState.NotUsable, device.Read().Copies[copy].State);
    }

    [Fact]
    public void A_label_with_a_wrong_checksum_does_not_count_however_new_it_is()
    {
        using var device = new LabelDevice("single").With(2, "txg", 99);
        device.Configuration(2)[100_000] ^= 1;
        var labels = device.Read();
        Assert.Equal((CopyState.BadChecksum, 99UL), (labels.Copies[2].State, labels.Copies[2].Label!.Txg));
        Assert.Equal(4UL, labels.Label!.Txg);
    }

    [Fact]
    public void A_label_that_was_copied_to_another_place_does_not_count()
    {
        using var device = new LabelDevice("single");
        device.Copy(0).CopyTo(device.Copy(3));
        var labels = device.Read();
        Assert.Equal(CopyState.BadChecksum, labels.Copies[3].State);
        Assert.Empty(labels.Copies[3].Uberblocks);
        Assert.True(labels.Copies[3].DamagedUberblocks > 0);
    }

    [Fact]
    public void One_whole_label_is_enough()
    {
        using var device = new LabelDevice("mirror-1");
        device.Failing.UnionWith([0, 3]);
        device.Copy(1).Clear();
        var labels = device.Read();
        Assert.Equal([CopyState.Unreadable, CopyState.Blank, CopyState.Whole, CopyState.Unreadable], labels.Copies.Select(copy => copy.State));
        Assert.Equal("ztest", labels.Label!.Name);
        Assert.NotNull(labels.Newest);
    }

    [Fact]
    public void A_device_without_labels_is_no_member_and_one_that_cannot_be_read_may_be_one()
    {
        using var device = new LabelDevice("single");
        for (var copy = 0; copy < 4; copy++)
        {
            device.Copy(copy).Clear();
        }

        Assert.Equal((null, null), (device.Read().Label, device.Read().Doubt));
        device.Failing.Add(1);
        Assert.Null(device.Read().Label);
        Assert.Contains("cannot be read", device.Read().Doubt, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_label_alone_leaves_a_doubt()
    {
        using var device = new LabelDevice("single");
        for (var copy = 0; copy < 4; copy++)
        {
            device.Configuration(copy)[50_000] ^= 1;
        }

        Assert.Contains("checksum is wrong", device.Read().Doubt, StringComparison.Ordinal);
        Assert.NotNull(device.Read().Newest);
    }

    [Fact]
    public void Less_than_four_labels_hold_none()
    {
        using var device = new LabelDevice("single", (4 * LabelDevice.Label) - 512);
        Assert.Equal((0, null), (device.Read().Copies.Count, device.Read().Doubt));
    }

    [Theory]
    [InlineData("single")]
    [InlineData("ashift-12")]
    public void Uberblocks_are_found_where_no_label_tells_how_large_they_are(string recording)
    {
        using var device = new LabelDevice(recording);
        var before = device.Read().Newest;
        for (var copy = 0; copy < 4; copy++)
        {
            device.Configuration(copy).Clear();
        }

        Assert.Equal(before, device.Read().Newest);
    }

    [Fact]
    public void A_pool_that_was_written_in_the_other_byte_order_is_read()
    {
        using var device = new LabelDevice("single");
        var before = device.Read();
        for (var copy = 0; copy < 4; copy++)
        {
            LabelDevice.Sign(device.Configuration(copy), device.Place(copy) + (16 * 1024), isBig: true);
            foreach (var slot in before.Copies[copy].Uberblocks.Select(uberblock => uberblock.Slot))
            {
                for (var word = 0; word < Uberblock.Bytes; word += 8)
                {
                    device.Slot(copy, slot).Slice(word, 8).Reverse();
                }

                device.SignSlot(copy, slot, isBig: true);
            }
        }

        var after = device.Read();
        Assert.All(after.Copies, copy => Assert.Equal(CopyState.Whole, copy.State));
        Assert.Equal(before.Newest, after.Newest);
    }

    [Fact]
    public void Multihost_writes_of_one_transaction_group_are_told_apart()
    {
        using var device = new LabelDevice("single");
        var first = device.Read().Newest!;
        Assert.False(first.Multihost!.IsOn);

        Multihost(device, first.Slot, sequence: 7);
        var seventh = device.Read().Newest!;
        Assert.Equal(new MultihostState(1_000_000, 1000, 7, 10), seventh.Multihost);
        Assert.True(seventh.Multihost!.IsOn);

        Multihost(device, first.Slot, sequence: 8);
        var eighth = device.Read().Newest!;
        Assert.True(seventh.IsBefore(eighth));
        Assert.False(eighth.IsBefore(seventh));
        Assert.False(eighth.IsBefore(eighth));
    }

    private static void Multihost(LabelDevice device, int slot, ulong sequence)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(device.Slot(0, slot)[184..], 1_000_000);
        BinaryPrimitives.WriteUInt64LittleEndian(device.Slot(0, slot)[192..], 7 | (1000 << 8) | (sequence << 32) | (10UL << 48));
        device.SignSlot(0, slot);
    }

    private static string Everything(PoolLabel label) => string.Join('\n',
    [
        label.Describe(), $"{label.HostId} {label.HostName} {label.TopLevels} {label.Ashift}", string.Join(' ', label.Features), Everything(label.Tree),
    ]);

    private static string Everything(PoolPart part) =>
        $"({part.Type} {part.Guid} {part.Parity} {part.Path} {part.Id}{string.Concat(part.Children.Select(Everything))})";

    private static ulong Number(Match match, int group) => ulong.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private static string Zdb(string recording) => File.ReadAllText(Path.Combine(Repository.Tests, $"recordings/zdb-2.1.11-labels-{recording}.txt"));

    [GeneratedRegex(@"Uberblock\[(\d+)\]\n\tmagic = 0000000000bab10c\n\tversion = 5000\n\ttxg = (\d+)\n\tguid_sum = (\d+)\n\ttimestamp = (\d+)")]
    private static partial Regex UberblockText();
}
