using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using AslRescue.Preflight.Network;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Preflight.Sources;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;

namespace AslRescue.Fuzz.Targets;

/// <summary>What a machine and its tools say: labels of disks, lists of the kernel, output of programs.</summary>
internal static class MachineTargets
{
    private const string Recordings = "tests/AslRescue.Preflight.Tests/recordings";

    internal static IEnumerable<FuzzTarget> All =>
    [
        new("zfs-label", Label) { BytesFixed = 8 << 20, Seeds = Labels },
        new("zfs-uberblock", Uberblocks) { InputBytesMax = 4 << 10, BytesFixed = 8 << 20, Seeds = Rings },
        new("zdb", bytes => _ = ZdbText.Read(Text(bytes))) { Seeds = () => Fixtures.Files(Recordings, "zdb-*.txt") },
        new("zpool-import", bytes => _ = ZpoolImportReader.Read(Text(bytes)).Count) { BytesPerByte = 4096, Seeds = () => Fixtures.Files(Recordings, "zpool-import-*.txt") },
        new("lsblk", Lsblk) { BytesPerByte = 4096, Seeds = () => Fixtures.Files(Recordings, "lsblk-*.json").Concat(Fixtures.Files("tests/AslRescue.Preflight.Tests/Sources/machines", "lsblk.json")) },
        new("smartctl", bytes => _ = SmartState.Read(Text(bytes), bytes.Length)) { InputBytesMax = 2 << 10, Seeds = Smart },
        new("mountinfo", Mounts) { BytesPerByte = 8 << 10, InputBytesMax = 4 << 10, Seeds = () => Fixtures.Files("tests/AslRescue.Preflight.Tests/machines", "mountinfo").DistinctBy(seed => seed.Content.Length).Take(8) },
        new("df", bytes => _ = DiskSpace.Read(Text(bytes)).Count) { BytesPerByte = 4096, Seeds = () => [("blanks", "Used Avail Mounted on\n 1 2 /mnt/a b\n - - /proc\n"u8.ToArray())] },
        new("addresses", bytes => _ = LinkFacts.FourIn(Text(bytes)).Count() + LinkFacts.SixIn(Text(bytes)).Count()) { BytesPerByte = 4096, Seeds = Addresses },
    ];

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>The fields themselves, and as a copy on a disk whose checksum is right.</summary>
    private static void Label(byte[] bytes)
    {
        if (PackedFields.Read(bytes) is { } fields)
        {
            _ = LabelConfiguration.Of(fields)?.Describe();
        }

        const int checksumBytes = 40;
        var part = new byte[LabelLayout.ConfigurationBytes];
        bytes.AsSpan(0, Math.Min(bytes.Length, part.Length - checksumBytes)).CopyTo(part);
        Seal(part, LabelLayout.ConfigurationOffset);
        var copy = LabelCopy.Read(0, 0, part);
        FuzzTarget.Holds(copy.State is CopyState.Whole or CopyState.NotUsable, $"a copy whose checksum is right is {copy.State}");
        FuzzTarget.Holds(copy.Describe().Length > 0, "a copy without words");
    }

    private static void Uberblocks(byte[] bytes)
    {
        const int slotBytes = 1 << LabelLayout.SlotShiftMin;
        var ring = new byte[LabelLayout.RingBytes];
        for (var slot = 0; slot * (slotBytes - 40) < bytes.Length; slot++)
        {
            var part = bytes.AsSpan(slot * (slotBytes - 40));
            part[..Math.Min(part.Length, slotBytes - 40)].CopyTo(ring.AsSpan(slot * slotBytes));
            Seal(ring.AsSpan(slot * slotBytes, slotBytes), LabelLayout.RingOffset + (slot * slotBytes));
        }

        foreach (var ashift in (ulong?[])[null, 9, 12, 63, ulong.MaxValue])
        {
            var copy = new LabelCopy(0, 0, CopyState.Blank).WithRing(ring, ashift);
            _ = Uberblock.Newest(copy.Uberblocks)?.IsBefore(copy.Uberblocks[0]);
        }
    }

    /// <summary>Writes the checksum of a part, little-endian, as EmbeddedChecksum reads it.</summary>
    private static void Seal(Span<byte> part, long offset)
    {
        var tail = part[^40..];
        BitConverter.TryWriteBytes(tail, 0x0210da7ab10c7a11UL);
        tail[8..].Clear();
        BitConverter.TryWriteBytes(tail[8..], offset);
        var digest = SHA256.HashData(part);
        for (var word = 0; word < digest.Length; word += 8)
        {
            digest.AsSpan(word, 8).Reverse();
        }

        digest.CopyTo(tail[8..]);
    }

    private static void Lsblk(byte[] bytes)
    {
        if (LsblkReader.Read(Text(bytes)) is { } tree)
        {
            _ = tree.Devices.Sum(device => tree.ChildrenOf(device).Count + tree.ParentsOf(device).Count);
        }
    }

    private static void Mounts(byte[] bytes)
    {
        var table = MountTable.Read(Text(bytes));
        foreach (var path in (string[])["/", "/mnt/asl/local", .. table.Points.Take(4)])
        {
            _ = (table.At(path), table.SeenAt(path), table.Holding(path), table.IsLasting(path));
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Labels()
    {
        foreach (var (name, label) in Recorded())
        {
            var packed = label.AsSpan(LabelLayout.ConfigurationOffset, LabelLayout.ConfigurationBytes - 40).TrimEnd((byte)0).ToArray();
            yield return (name, [.. packed, .. new byte[8]]);
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Rings()
    {
        foreach (var (name, label) in Recorded())
        {
            var slot = Enumerable.Range(0, 128).Select(slot => LabelLayout.RingOffset + (slot << LabelLayout.SlotShiftMin)).FirstOrDefault(at => Uberblock.Read(label.AsSpan(at, 1024), 0) is not null);
            yield return (name, label.AsSpan(slot, Uberblock.Bytes).ToArray());
        }
    }

    private static IEnumerable<(string Name, byte[] Label)> Recorded()
    {
        foreach (var (name, packed) in Fixtures.Files(Recordings, "labels-*.gz", 1 << 20))
        {
            using var unpacked = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            var label = new byte[LabelLayout.LabelBytes];
            unpacked.ReadExactly(label);
            yield return (name, label);
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Smart()
    {
        yield return ("passed", """{"smart_status":{"passed":true}}"""u8.ToArray());
        yield return ("messages", """{"smartctl":{"messages":[{"string":"Unknown USB bridge","severity":"error"}]}}"""u8.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Content)> Addresses()
    {
        yield return ("four", "           |-- 192.0.2.2\n              /32 host LOCAL\n"u8.ToArray());
        yield return ("six", "20010db8000000000000000000000002 02 40 00 80 eth0\n"u8.ToArray());
    }
}
