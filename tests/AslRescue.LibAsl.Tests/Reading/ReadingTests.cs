using System.Diagnostics;
using System.Text;
using AslRescue.LibAsl.Abi;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests.Reading;

/// <summary>Stores read through the exported functions, against what went into them.</summary>
public sealed unsafe class ReadingTests : IDisposable
{
    private readonly Stores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public void A_tree_reads_back_byte_for_byte()
    {
        SampleTree.Make(_stores.Source, 3, files: 120, bytesMax: 90_000);
        File.WriteAllBytes(Path.Combine(_stores.Source, "large"), SeededBytes.Of(8, 3_000_000));
        _stores.Ingest();
        var store = Library.OpenStore(_stores.Store);
        var snapshot = Library.OpenSnapshot(store);
        var files = Directory.EnumerateFiles(_stores.Source, "*", SearchOption.AllDirectories).ToList();
        Assert.Equal(121, files.Count);
        foreach (var file in files)
        {
            var node = Library.OpenNode(snapshot, Path.GetRelativePath(_stores.Source, file));
            var expected = File.ReadAllBytes(file);
            Assert.Equal((ulong)expected.Length, Library.Describe(node).Size);
            Assert.Equal(expected, Library.Read(node, 0, expected.Length + 10).Bytes);
            Library.Ok(Library.Close(node));
        }

        Library.Ok(Library.Close(snapshot));
        Library.Ok(Library.Close(store));
    }

    [Fact]
    public void A_folder_lists_its_entries_by_the_bytes_of_their_names_however_many()
    {
        Directory.CreateDirectory(_stores.Source);
        foreach (var index in Enumerable.Range(0, 3000))
        {
            File.WriteAllText(Path.Combine(_stores.Source, $"{index * 7919 % 3000}é"), "");
        }

        _stores.Ingest();
        using var open = new Opened(_stores.Store);
        Assert.Equal(Enumerable.Range(0, 3000).Select(index => $"{index}é").Order(StringComparer.Ordinal), Library.Names(open.Root));
    }

    [Fact]
    public void Links_attributes_times_modes_and_owners_are_told()
    {
        Directory.CreateDirectory(_stores.Source);
        var file = Path.Combine(_stores.Source, "file");
        File.WriteAllText(file, "content");
        File.SetUnixFileMode(file, (UnixFileMode)0x9e8); // 04750
        using (var tool = Process.Start("setfattr", ["--name", "user.note", "--value", "0x00ff41", file]))
        {
            tool.WaitForExit();
            Assert.SkipUnless(tool.ExitCode == 0, "no extended attributes here");
        }

        File.CreateSymbolicLink(Path.Combine(_stores.Source, "link"), "../elsewhere");
        using (var tool = Process.Start("ln", [file, Path.Combine(_stores.Source, "second name")]))
        {
            tool.WaitForExit();
        }

        var time = new DateTime(1961, 4, 12, 6, 7, 0, DateTimeKind.Utc).AddTicks(1);
        File.SetLastWriteTimeUtc(file, time);
        _stores.Ingest();
        using var open = new Opened(_stores.Store);
        var node = Library.OpenNode(open.Snapshot, "file");
        var info = Library.Describe(node);
        Assert.Equal((0, 0x9e8u, 7UL, 1u, 0u), (info.Kind, info.Mode, info.Size, info.AttributeCount, info.Problems));
        Assert.Equal((-275248380, 100u), (info.ModifiedSeconds, info.ModifiedNanoseconds));
        Assert.Equal("user.note", Library.Text((text, capacity, length) => Library.NodeAttributeName(node, 0, text, capacity, length)));
        Assert.Equal([0, 0xff, 0x41], Value(node));
        Assert.Equal("../elsewhere", Text(Library.OpenNode(open.Snapshot, "link"), NodeText.Target));
        Assert.Equal("file", Text(Library.OpenNode(open.Snapshot, "second name"), NodeText.HardLink));
        Assert.Equal("second name", Text(Library.OpenNode(open.Snapshot, "second name"), NodeText.Name));
        Assert.Equal("", Text(node, NodeText.HardLink));
        Assert.Equal((int)EntryKind.SymbolicLink, Library.Describe(Library.OpenNode(open.Snapshot, "link")).Kind);
    }

    [Fact]
    public void What_could_not_be_read_from_a_disk_is_an_error_with_its_place_and_never_zeros()
    {
        var bytes = _stores.IngestDamagedImage(4000, (100, 3), (2000, 1), (3990, 10));
        using var open = new Opened(_stores.Store);
        var source = new SourceInfo { StructSize = (uint)sizeof(SourceInfo) };
        Library.Ok(Library.SourceDescribe(open.Snapshot, 0, &source));
        Assert.Equal(((int)SourceKind.Image, (ulong)bytes.Length, 0), (source.Kind, source.Size, source.Sha256[0]));
        var (status, read) = Library.Read(open.Root, 0, bytes.Length);
        Assert.Equal((0, 100 * 512), (status, read.Length));
        Assert.Equal(bytes[..read.Length], read);
        foreach (var offset in new[] { 100 * 512, (102 * 512) + 511 })
        {
            Assert.Equal(((int)ErrorCode.RangeUnreadable, 0), (Library.Read(open.Root, (ulong)offset, 10).Status, Library.Read(open.Root, (ulong)offset, 10).Bytes.Length));
            var error = Library.LastError();
            Assert.Equal((2012, 3, 100UL * 512, 3UL * 512), (error.Code, error.ExitCode, error.Offset, error.Length));
            Assert.NotEqual(0, error.SystemError);
            Assert.Contains("offset 51200, 1536 bytes", Library.LastErrorText(), StringComparison.Ordinal);
        }

        Assert.Equal(bytes[(103 * 512)..(2000 * 512)], Library.Read(open.Root, 103 * 512, bytes.Length).Bytes);
        Assert.Equal(2012, Library.Read(open.Root, (ulong)bytes.Length - 1, 1).Status);
        Assert.Equal((0, 0), (Library.Read(open.Root, (ulong)bytes.Length, 1).Status, Library.Read(open.Root, ulong.MaxValue, 1).Bytes.Length));
    }

    [Fact]
    public void The_map_has_every_byte_once_and_the_keys_of_what_is_stored()
    {
        var bytes = _stores.IngestDamagedImage(4000, (100, 3), (2000, 1));
        using var open = new Opened(_stores.Store);
        var extents = Map(open.Root, atOnce: 3);
        Assert.Equal((ulong)bytes.Length, extents.Aggregate(0UL, (end, extent) =>
        {
            Assert.Equal(end, extent.Offset);
            return end + extent.Length;
        }));
        Assert.Equal([(100UL * 512, 3UL * 512), (2000 * 512, 512)], extents.Where(extent => extent.Kind == (int)ExtentKind.Bad).Select(extent => (extent.Offset, extent.Length)));
        foreach (var extent in extents.Where(extent => extent.Kind == (int)ExtentKind.Data))
        {
            var part = bytes.AsSpan((int)extent.Offset, (int)extent.Length);
            var key = new ReadOnlySpan<byte>(extent.Key, 32).ToArray();
            Assert.Equal(Digest.Of(part), new Digest(key));
            Assert.Equal(part.ToArray(), Library.Told((text, capacity, length) => Artifact(open.Snapshot, key, text, capacity, length)));
        }
    }

    [Fact]
    public void Holes_read_as_zeros_and_are_told_by_the_map()
    {
        Directory.CreateDirectory(_stores.Source);
        var path = Path.Combine(_stores.Source, "sparse");
        using (var file = new FileStream(path, FileMode.CreateNew))
        {
            file.Write("head"u8);
            file.SetLength(64 << 20);
            file.Seek(48 << 20, SeekOrigin.Begin);
            file.Write("tail"u8);
        }

        _stores.Ingest();
        using var open = new Opened(_stores.Store);
        var node = Library.OpenNode(open.Snapshot, "sparse");
        Assert.Contains(Map(node, 100), extent => extent.Kind == (int)ExtentKind.Hole && extent.Length > 40 << 20);
        var read = Library.Read(node, 0, 64 << 20).Bytes;
        Assert.Equal(64 << 20, read.Length);
        Assert.Equal(File.ReadAllBytes(path), read);
    }

    [Fact]
    public void A_file_that_could_not_be_opened_is_not_an_empty_one()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root can open everything");
        Directory.CreateDirectory(_stores.Source);
        var path = Path.Combine(_stores.Source, "closed");
        File.WriteAllText(path, "secret");
        File.SetUnixFileMode(path, UnixFileMode.None);
        _stores.Ingest();
        using var open = new Opened(_stores.Store);
        IsUnread(Library.OpenNode(open.Snapshot, "closed"));
    }

    [Fact]
    public void The_fixture_store_of_the_first_format_is_listed_and_read()
    {
        var store = Library.OpenStore(Path.Combine(AppContext.BaseDirectory, "fixtures/store-1"));
        var list = Library.Open(Library.SnapshotsOpen, store);
        var info = new SnapshotInfo { StructSize = (uint)sizeof(SnapshotInfo) };
        List<string> runs = [];
        while (Library.SnapshotsNext(list, &info) == 0)
        {
            runs.Add(Encoding.UTF8.GetString(info.Run, 25));
            Assert.Equal(1u, info.SourceCount);
            var snapshot = Library.Open(Library.SnapshotsSnapshot, list);
            Assert.Equal(new string((sbyte*)info.Id), Id(snapshot));
            Assert.Equal("lab", Library.Text((text, capacity, length) => Library.SnapshotText(snapshot, (int)SnapshotText.Domain, text, capacity, length)));
            Assert.Equal("/source", Library.Text((text, capacity, length) => Library.SourceText(snapshot, 0, (int)SourceText.Path, text, capacity, length)));
            Assert.Equal(["gone", "random", "text", "twin of random", "way out"], Library.Names(Library.OpenNode(snapshot, "")));
            Assert.Equal(SeededBytes.Of(1, 700), Library.Read(Library.OpenNode(snapshot, "random"), 0, 1000).Bytes);
            Assert.Equal("../text", Text(Library.OpenNode(snapshot, "way out"), NodeText.Target));
            var gone = Library.Describe(Library.OpenNode(snapshot, "gone"));
            Assert.Equal(((int)EntryKind.Unknown, 1u << (int)ProblemKind.Vanished), (gone.Kind, gone.Problems));
            Library.Ok(Library.Close(snapshot));
        }

        Assert.Equal(["20261123T020001Z-00000001", "20261123T020002Z-00000002", "20261123T020003Z-00000003"], runs);
        Assert.Equal(1, Library.SnapshotsNext(list, &info));
        Library.Ok(Library.Close(list));
        Library.Ok(Library.Close(store));
    }

    [Fact]
    public void A_damaged_snapshot_or_log_does_not_hide_the_others()
    {
        SampleTree.Make(_stores.Source, 3, files: 3, bytesMax: 100);
        var first = _stores.Ingest();
        File.WriteAllText(Path.Combine(_stores.Source, "more"), "more");
        _stores.Ingest();
        _stores.Damage($"snapshots/{first.Name}", 60);
        var store = Library.OpenStore(_stores.Store);
        Assert.Equal([(int)ErrorCode.SnapshotCorrupt, 0, 1, 1], Listed(store));
        _stores.Damage("logs/test/seals/0000000002", 20);
        Assert.Equal([(int)ErrorCode.LogCorrupt, 1], Listed(store)[..2]);
        Library.Ok(Library.Close(store));
    }

    [Fact]
    public void A_snapshot_is_checked_in_steps_and_damage_is_told_with_its_place()
    {
        SampleTree.Make(_stores.Source, 5, files: 20, bytesMax: 200_000);
        var sealedOne = _stores.Ingest();
        using var open = new Opened(_stores.Store);
        var (whole, _) = Verify(open.Snapshot, VerifyFlags.Data);
        Assert.Equal((0UL, whole.BlocksAll, whole.SegmentsAll), (whole.Findings, whole.Blocks, whole.Segments));
        Assert.True(whole.DataBytes > 100_000 && whole.Entries > 20);
        var block = sealedOne.Snapshot.Blocks[0].Name.ToString();
        _stores.Damage($"blocks/{block[..2]}/{block}", 50);
        using var again = new Opened(_stores.Store);
        var (found, findings) = Verify(again.Snapshot, VerifyFlags.Data);
        Assert.Equal((1UL, 1u), (found.Findings, found.FindingsKept));
        Assert.Contains(block, Assert.Single(findings), StringComparison.Ordinal);
        Assert.Equal(0UL, Verify(again.Snapshot, 0).Info.Findings);
    }

    private static (VerificationInfo Info, List<string> Findings) Verify(ulong snapshot, VerifyFlags flags)
    {
        ulong opened;
        Library.Ok(Library.VerificationOpen(snapshot, (uint)flags, &opened));
        var check = opened;
        var info = new VerificationInfo { StructSize = (uint)sizeof(VerificationInfo) };
        int status;
        while ((status = Library.VerificationStep(check, &info)) == 0)
        {
        }

        Assert.Equal(1, status);
        List<string> findings = [];
        for (uint index = 0; index < info.FindingsKept; index++)
        {
            var number = index;
            findings.Add(Library.Text((text, capacity, length) =>
            {
                int code;
                var status = Library.VerificationFinding(check, number, &code, text, capacity, length);
                Assert.Equal((int)ErrorCode.BlockCorrupt, code);
                return status;
            }));
        }

        Library.Ok(Library.Close(check));
        return (info, findings);
    }

    private static void IsUnread(ulong node)
    {
        Assert.Equal(2012, Library.Read(node, 0, 10).Status);
        Assert.Equal((2012, 0UL, 0UL), (Library.LastError().Code, Library.LastError().Offset, Library.LastError().Length));
        Extent extent;
        uint count;
        Assert.Equal(2012, Library.NodeMap(node, 0, &extent, 1, &count));
    }

    private static int[] Listed(ulong store)
    {
        var list = Library.Open(Library.SnapshotsOpen, store);
        var info = new SnapshotInfo { StructSize = (uint)sizeof(SnapshotInfo) };
        int[] statuses = [.. Enumerable.Range(0, 4).Select(_ => { var one = info; one.StructSize = (uint)sizeof(SnapshotInfo); return Library.SnapshotsNext(list, &one); })];
        Library.Ok(Library.Close(list));
        return statuses;
    }

    private static List<Extent> Map(ulong node, int atOnce)
    {
        List<Extent> all = [];
        var part = new Extent[atOnce];
        for (var offset = 0UL; ;)
        {
            uint count;
            fixed (Extent* extents = part)
            {
                Library.Ok(Library.NodeMap(node, offset, extents, (uint)atOnce, &count));
            }

            if (count == 0)
            {
                return all;
            }

            all.AddRange(part.Take((int)count));
            offset = all[^1].Offset + all[^1].Length;
        }
    }

    private static int Artifact(ulong snapshot, byte[] key, byte* data, ulong capacity, ulong* length)
    {
        fixed (byte* start = key)
        {
            return Library.ArtifactRead(snapshot, start, data, capacity, length);
        }
    }

    private static byte[] Value(ulong node) => Library.Told((data, capacity, length) => Library.NodeAttributeValue(node, 0, data, capacity, length));

    private static string Text(ulong node, NodeText which) => Library.Text((text, capacity, length) => Library.NodeText(node, (int)which, text, capacity, length));

    private static string Id(ulong snapshot)
    {
        var info = new SnapshotInfo { StructSize = (uint)sizeof(SnapshotInfo) };
        Library.Ok(Library.SnapshotDescribe(snapshot, &info));
        return new string((sbyte*)info.Id);
    }

    /// <summary>The newest snapshot of a store and the root of its first source.</summary>
    private sealed class Opened : IDisposable
    {
        private readonly ulong _store;

        internal Opened(string location)
        {
            _store = Library.OpenStore(location);
            Snapshot = Library.OpenSnapshot(_store);
            Root = Library.OpenNode(Snapshot, "");
        }

        internal ulong Snapshot { get; }

        internal ulong Root { get; }

        public void Dispose()
        {
            // The other way round than they were opened: handles do not depend on each other.
            Library.Ok(Library.Close(_store));
            Library.Ok(Library.Close(Snapshot));
            Library.Ok(Library.Close(Root));
        }
    }
}
