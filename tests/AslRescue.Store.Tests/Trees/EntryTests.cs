using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;
using AslRescue.Store.Trees;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Trees;

/// <summary>What the writers write without checking must be what the strict reader accepts, and the only form that it accepts.</summary>
public sealed class EntryTests
{
    private static readonly Gen<byte[]> Names = Gen.Byte.Where(value => value is not 0 and not (byte)'/').Array[1, 800] // vfat and NTFS have 765.
        .Where(name => !name.AsSpan().SequenceEqual("."u8) && !name.AsSpan().SequenceEqual(".."u8));

    private static readonly Gen<FileTime> Times =
        Gen.Select(Gen.OneOf(Gen.Long, Gen.Long[-400_000_000, 14_000_000_000]), Gen.UInt[0, 999_999_999]).Select((seconds, rest) => new FileTime(seconds, rest));

    private static readonly Gen<Digest> Keys = Gen.Byte.Array[32].Select(bytes => new Digest(bytes));

    private static readonly Gen<ContentItem> Items = Gen.OneOf(
        Gen.Select(Keys, Gen.Int[1, StoreFormat.ArtifactBytesMax]).Select((key, length) => ContentItem.Artifact(key, length)),
        Gen.Long[1, 1L << 50].Select(ContentItem.Hole),
        Gen.Select(Gen.Long[1, 1L << 50], Gen.Int).Select(ContentItem.BadRange),
        Gen.Select(Keys, Gen.Long[1, 1L << 50], Gen.Int[1, 8]).Select((key, length, depth) => new ContentItem(ContentKind.List, length, key, depth)));

    private static readonly Gen<Entry> Entries =
        from kind in Gen.Enum<EntryKind>()
        from name in Gen.OneOf(Gen.Const(Array.Empty<byte>()), Names)
        from permissions in Gen.UInt[0, 0xfff]
        from owner in Gen.Select(Gen.UInt, Gen.UInt)
        from modified in Times
        from size in Gen.Long[0, long.MaxValue]
        from content in Items.Array[0, 5]
        from target in Names
        from device in Gen.Select(Gen.UInt, Gen.UInt)
        from attributes in Gen.Select(Gen.Byte.Array[1, 30], Gen.Byte.Array[0, 300]).Array[0, 4]
        from hardLink in Names.Null()
        from problems in Gen.Enum<ProblemKind>().Array[0, 3]
        select Make(kind, name, permissions, owner, modified, size, content, target, device, attributes, hardLink, problems);

    [Fact]
    public void Any_entry_reads_back() => Entries.Sample(entry => CheckRoundTrip(entry, item => item.Write, Entry.Read), iter: 3000);

    [Theory]
    [InlineData("../out")]
    [InlineData("folder/../../out")]
    [InlineData("./first")]
    [InlineData("first/.")]
    [InlineData("first\0/../..")]
    public void A_link_to_a_name_elsewhere_is_refused(string first)
    {
        var writer = CborExtensions.NewWriter();
        new Entry { Name = "second"u8.ToArray(), Kind = EntryKind.File, HardLink = System.Text.Encoding.UTF8.GetBytes(first) }.Write(writer);
        Assert.Throws<CborContentException>(() => Entry.Read(new CborReader(writer.Encode(), CborConformanceMode.Canonical)));
    }

    [Fact]
    public void Any_item_reads_back() => Items.Sample(item => CheckRoundTrip(item, value => value.Write, ContentItem.Read), iter: 3000);

    [Fact]
    public void Any_side_record_reads_back() =>
        Gen.Select(Gen.ULong, Times, Gen.Select(Times, Gen.Bool), Items.Array[0, 4].Null()).Sample((inode, changed, born, children) =>
            CheckRoundTrip(new SideRecord(inode, changed, born.Item2 ? born.Item1 : null, children), record => record.Write, SideRecord.Read), iter: 2000);

    [Fact]
    public void Any_problem_reads_back() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Byte.Array[0, 300], Gen.Enum<ProblemKind>(), Gen.Select(Gen.Int, Gen.Bool), Gen.String[Gen.Char['a', 'z'], 0, 30])
            .Sample((source, path, kind, errno, text) =>
                CheckRoundTrip(new Problem(source, path, kind, errno.Item2 ? errno.Item1 : null, text), problem => problem.Write, Problem.Read), iter: 2000);

    [Fact]
    public void A_sequence_of_entries_reads_back() => Entries.Array[1, 10].Sample(entries =>
    {
        var writer = CborExtensions.NewWriter();
        foreach (var entry in entries)
        {
            entry.Write(writer);
        }

        var reader = CborExtensions.NewReader(writer.Encode());
        Assert.Equivalent(entries, Enumerable.Range(0, entries.Length).Select(_ => Entry.Read(reader)), strict: true);
        Assert.Equal(0, reader.BytesRemaining);
    }, iter: 200);

    [Fact]
    public void The_bytes_of_an_entry_never_change()
    {
        var entry = new Entry
        {
            Name = [(byte)'n', 0xff],
            Kind = EntryKind.File,
            Permissions = 0xfff,
            User = 1000,
            Group = 100_000,
            Modified = new(-1, 999_999_999),
            Size = 1_000_003,
            Content = [ContentItem.Artifact(Digest.Of("a"u8), 3), ContentItem.Hole(600_000), ContentItem.BadRange(400_000, 5)],
            Attributes = [new("user.a"u8.ToArray(), [0, 1, 2])],
            HardLink = "d/first"u8.ToArray(),
            Problems = [ProblemKind.Changed, ProblemKind.BadRanges],
        };
        Frozen.Is(
            "ab00426eff010002190fff031903e8041a000186a00582201a3b9ac9ff061a000f4243078382035820ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785"
            + "afee48bb811a000927c0821a00061a80050a818246757365722e61430001020b47642f66697273740c820304", Convert.ToHexStringLower(Encode(entry.Write)));
    }

    [Fact]
    public void A_changed_entry_is_refused_or_another_entry() =>
        Gen.Select(Entries, Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 4]).Sample((entry, changes) =>
        {
            var bytes = Encode(entry.Write);
            foreach (var (position, value) in changes)
            {
                bytes[position % bytes.Length] = value;
            }

            ReadsOrRefuses(bytes);
        }, iter: 20_000);

    [Fact]
    public void Random_bytes_are_an_entry_or_refused() => Gen.Byte.Array[0, 60].Sample(ReadsOrRefuses, iter: 20_000);

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void A_name_that_could_lead_a_restore_astray_is_refused(string name) =>
        Assert.Throws<CborContentException>(() => Read(Encode(new Entry { Name = System.Text.Encoding.UTF8.GetBytes(name), Kind = EntryKind.Fifo }.Write)));

    [Fact]
    public void Values_that_cannot_be_are_refused()
    {
        var file = new Entry { Kind = EntryKind.File, Size = 5, Content = [ContentItem.Hole(5)] };
        Assert.NotNull(Read(Encode(file.Write)));
        Entry[] impossible =
        [
            file with { Size = 6 },
            file with { Size = -1 },
            file with { Permissions = 0x1000 },
            file with { Name = new byte[256] },
            file with { Kind = EntryKind.SymbolicLink },
            file with { Kind = EntryKind.SymbolicLink, Target = [] },
            file with { Kind = EntryKind.BlockDevice },
            file with { Kind = (EntryKind)9 },
            file with { Modified = new(0, 1_000_000_000) },
            file with { Content = [ContentItem.Hole(0), ContentItem.Hole(5)] },
            file with { Content = [ContentItem.Hole(-1), ContentItem.Hole(6)] },
            file with { Content = [ContentItem.Hole(long.MaxValue), ContentItem.Hole(long.MaxValue), ContentItem.Hole(7)] },
            file with { Size = 1L << 25, Content = [ContentItem.Artifact(default, 1L << 25)] },
            file with { Content = [new ContentItem(ContentKind.List, 5, default, 0)] },
            file with { Content = [new ContentItem(ContentKind.List, 5, default, 9)] },
        ];
        Assert.All(impossible, entry => Assert.True(
            Record.Exception(() => Read(Encode(entry.Write))) is CborContentException or OverflowException or InvalidOperationException, entry.ToString()));
    }

    private static Entry Make(EntryKind kind, byte[] name, uint permissions, (uint User, uint Group) owner, FileTime modified, long size, ContentItem[] content,
        byte[] target, (uint, uint) device, (byte[], byte[])[] attributes, byte[]? hardLink, ProblemKind[] problems)
    {
        var isKnown = kind is not (EntryKind.Unknown or EntryKind.Image);
        return new()
        {
            Kind = kind,
            Name = name,
            Permissions = isKnown ? permissions : 0,
            User = isKnown ? owner.User : 0,
            Group = isKnown ? owner.Group : 0,
            Modified = isKnown ? modified : default,
            Size = kind is EntryKind.File or EntryKind.Image ? content.Sum(item => item.Length) : kind == EntryKind.Directory ? size : 0,
            Content = kind is EntryKind.File or EntryKind.Directory or EntryKind.Image ? content : [],
            Target = kind == EntryKind.SymbolicLink ? target : null,
            Device = kind is EntryKind.BlockDevice or EntryKind.CharacterDevice ? device : null,
            Attributes = [.. attributes.Select(pair => new ExtendedAttribute(pair.Item1, pair.Item2))],
            HardLink = hardLink,
            Problems = problems,
        };
    }

    private static byte[] Encode(Action<CborWriter> write)
    {
        var writer = CborExtensions.NewWriter();
        write(writer);
        return writer.Encode();
    }

    private static Entry Read(byte[] bytes) => Entry.Read(CborExtensions.NewReader(bytes));

    private static void CheckRoundTrip<T>(T value, Func<T, Action<CborWriter>> write, Func<CborReader, T> read)
    {
        var bytes = Encode(write(value));
        var reader = CborExtensions.NewReader(bytes);
        var back = read(reader);
        Assert.Equal(0, reader.BytesRemaining);
        Assert.Equivalent(value, back, strict: true);
        Assert.Equal(bytes, Encode(write(back)));
    }

    /// <summary>The exceptions are those that a reader of trees turns into an error of the store.</summary>
    private static void ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            Read(bytes);
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
        }
    }
}
