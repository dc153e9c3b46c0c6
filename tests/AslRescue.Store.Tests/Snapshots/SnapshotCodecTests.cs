using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Snapshots;

public sealed class SnapshotCodecTests
{
    private static readonly byte[] File = SnapshotCodec.Encode(ExampleSnapshot.Full);

    [Fact]
    public void A_snapshot_reads_back() => CheckRoundTrip(ExampleSnapshot.Full);

    [Fact]
    public void A_draft_reads_back_and_is_the_snapshot_without_its_journal()
    {
        var draft = ExampleSnapshot.Full with { Journal = null };
        CheckRoundTrip(draft);
        Assert.Null(SnapshotCodec.Decode("here", SnapshotCodec.Encode(draft)).Journal);
        Assert.Equal(File, SnapshotCodec.Encode(SnapshotCodec.Decode("here", SnapshotCodec.Encode(draft)) with { Journal = ExampleSnapshot.Full.Journal }));
    }

    [Fact]
    public void A_snapshot_with_nothing_that_may_be_missing_reads_back() => CheckRoundTrip(ExampleSnapshot.Full with
    {
        Base = null,
        Case = new(null, null, null),
        ProblemCount = 0,
        Problems = [],
        Evidence = [],
        Groups = [],
        Blocks = [],
        Sources = [],
        Side = [],
    });

    [Fact]
    public void Any_texts_and_numbers_read_back() =>
        Gen.Select(Gen.String, Gen.String.Null(), Gen.Long, Gen.UInt[0, 999_999_999], Gen.Byte[1, 255].Where(value => value != (byte)'.').Array[0, 40], Gen.UInt)
            .Sample((text, maybe, number, nanoseconds, path, device) => CheckRoundTrip(ExampleSnapshot.Full with
            {
                Domain = WellFormed(text),
                Case = new(WellFormed(maybe), null, WellFormed(text)),
                Started = new(number, nanoseconds),
                Base = (Math.Max(1, number & long.MaxValue), default),
                Counts = ExampleSnapshot.Full.Counts with { SourceBytes = number & long.MaxValue, BadBytes = ~number & long.MaxValue },
                Sources = [new(path, 0, null, (device, ~device), number)],
            }), iter: 500);

    [Theory]
    [InlineData("/../../mnt/disk")]
    [InlineData("/srv/./data")]
    [InlineData("..")]
    [InlineData("/srv/data\0/etc")]
    public void A_source_whose_path_leads_elsewhere_is_refused(string path)
    {
        var bytes = SnapshotCodec.Encode(ExampleSnapshot.Full with { Sources = [new(System.Text.Encoding.UTF8.GetBytes(path), 0, null, (1, 2), 3)] });
        Assert.Equal(ErrorCode.SnapshotCorrupt, Assert.Throws<AslException>(() => SnapshotCodec.Decode("here", bytes)).Error.Code);
    }

    /// <summary>Numbers that no writer has and that whoever adds them up or counts with them would fail on.</summary>
    public static TheoryData<string> Impossible => ["base", "rows", "many rows", "group", "block", "block length", "counts", "problems", "journal"];

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_snapshot_with_numbers_that_cannot_be_is_refused(string what)
    {
        var full = ExampleSnapshot.Full;
        var segment = full.Groups[0].Segments[0];
        var file = SnapshotCodec.Encode(what switch
        {
            "base" => full with { Base = (-1, default) },
            "rows" => full with { Groups = [new(["run"], [segment with { Count = 0 }])] },
            "many rows" => full with { Groups = [new(["run"], [segment with { Count = long.MaxValue }])] },
            "group" => full with { Groups = [new(["run"], [])] },
            "block" => full with { Blocks = [full.Blocks[0] with { FileLength = long.MaxValue }] },
            "block length" => full with { Blocks = [full.Blocks[0] with { FileLength = -1 }] },
            "counts" => full with { Counts = full.Counts with { Files = -1 } },
            "problems" => full with { ProblemCount = -1 },
            _ => full with { Journal = (0, default) },
        });

        Assert.Equal(ErrorCode.SnapshotCorrupt, Assert.Throws<AslException>(() => SnapshotCodec.Decode("here", file)).Error.Code);
    }

    /// <summary>Lists whose items take a byte or three in a file and fifty in memory: one more than the format allows.</summary>
    public static TheoryData<string> TooMany => ["side", "problems", "evidence", "sources", "runs", "runs of all groups", "writes", "gained"];

    [Theory]
    [MemberData(nameof(TooMany))]
    public void A_list_that_no_writer_makes_is_refused(string what)
    {
        var full = ExampleSnapshot.Full;
        var source = full.Sources[0];
        var image = new SnapshotImage { Size = 1, LogicalSector = 512, PhysicalSector = 512 };
        var segments = full.Groups[0].Segments;
        var file = SnapshotCodec.Encode(what switch
        {
            "side" => full with { Side = [.. Enumerable.Repeat(ContentItem.Hole(1), 33)] },
            "problems" => full with { Problems = [.. Enumerable.Repeat(ContentItem.Hole(1), 33)] },
            "evidence" => full with { Evidence = [.. Enumerable.Repeat(new Evidence("", []), 65_537)] },
            "sources" => full with { Sources = [.. Enumerable.Repeat(source, 131_073)] },
            "runs" => full with { Groups = [new([.. Enumerable.Repeat("", 1_048_577)], segments)] },
            "runs of all groups" => full with { Groups = [.. Enumerable.Repeat(new SegmentGroup([.. Enumerable.Repeat("", 524_289)], segments), 2)] },
            "writes" => full with { Sources = [.. Enumerable.Repeat(source with { Image = image with { Writes = [.. Enumerable.Repeat(new WriteCount("", 0, 0), 32_769)] } }, 2)] },
            _ => full with { Sources = [source with { Image = image with { Gained = [.. Enumerable.Repeat(new ImageRange(0, 1), 16_777_217)] } }] },
        });

        Assert.Contains("more than", Refusal(file)?.Why, StringComparison.Ordinal);
    }

    /// <summary>128 million items: read one by one they would take 7 GiB, and as much again for a copy.</summary>
    [Fact]
    public void A_list_as_long_as_a_body_may_be_is_refused_before_it_is_read()
    {
        var side = new byte[5 + (1 << 28)];
        side[0] = 0x9a;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(side.AsSpan(1), 1 << 27);
        for (var offset = 5; offset < side.Length; offset += 2)
        {
            (side[offset], side[offset + 1]) = (0x81, 0x01);
        }

        var marked = SnapshotCodec.Encode(ExampleSnapshot.Full with { Side = [] });
        var start = marked.AsSpan().IndexOf((byte[])[.. ExampleSnapshot.Full.Root.Span, 8, 0x80]) + 33;
        byte[] file = [.. marked[..start], .. side, .. marked[(start + 1)..]];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than 32", Refusal(file)?.Why, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void The_bytes_of_a_snapshot_never_change() => Frozen.Is("1066 790e3a98b554b69269c7544fa7637574d448cd0fc91432254a597bc7b2e12446", $"{File.Length} {Digest.Of(File)}");

    [Fact]
    public void A_snapshot_is_loaded_under_its_name_only()
    {
        using var backend = new MemoryBackend();
        var name = Digest.Of(File);
        Assert.Equal(ErrorCode.ObjectMissing, Assert.Throws<AslException>(() => SnapshotCodec.Load(backend, name)).Error.Code);
        for (var position = 0; position < File.Length; position++)
        {
            byte[] damaged = [.. File];
            damaged[position] ^= 1;
            backend[ObjectName.Snapshot(name).Path] = damaged;
            var error = Assert.Throws<AslException>(() => SnapshotCodec.Load(backend, name)).Error;
            Assert.Equal(ErrorCode.SnapshotCorrupt, error.Code);
            Assert.Contains(name.ToString(), error.Where, StringComparison.Ordinal);
        }

        backend[ObjectName.Snapshot(name).Path] = File;
        Assert.Equal(File, SnapshotCodec.Encode(SnapshotCodec.Load(backend, name)));
    }

    [Fact]
    public void A_snapshot_that_was_cut_short_or_prolonged_is_corrupt()
    {
        Assert.All(Enumerable.Range(0, File.Length), length => Assert.NotNull(Refusal(File[..length])));
        Assert.NotNull(Refusal([.. File, 0]));
        Assert.NotNull(Refusal([.. File, .. File]));
    }

    [Fact]
    public void A_changed_snapshot_is_corrupt_or_another_snapshot() =>
        Gen.Select(Gen.Int[0, File.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] damaged = [.. File];
            foreach (var (position, value) in changes)
            {
                damaged[position] = value;
            }

            // One form only: what is accepted is what would be written.
            if (Refusal(damaged) is null)
            {
                Assert.Equal(damaged, SnapshotCodec.Encode(SnapshotCodec.Decode("here", damaged)));
            }
        }, iter: 20_000);

    [Fact]
    public void Pieces_taken_out_or_put_in_make_a_snapshot_corrupt() =>
        Gen.Select(Gen.Int[0, File.Length], Gen.Int[0, File.Length], Gen.Byte.Array[0, 12]).Where((from, to, piece) => from <= to && to - from != piece.Length)
            .Sample((from, to, piece) =>
            {
                byte[] damaged = [.. File[..from], .. piece, .. File[to..]];
                if (Refusal(damaged) is null)
                {
                    Assert.Equal(damaged, SnapshotCodec.Encode(SnapshotCodec.Decode("here", damaged)));
                }
            }, iter: 5000);

    [Fact]
    public void Random_bytes_are_no_snapshot() => Gen.Byte.Array[0, 200].Sample(bytes => Assert.NotNull(Refusal(bytes)), iter: 5000);

    [Fact]
    public void Another_version_is_named()
    {
        byte[] later = [.. File];
        later[later.AsSpan().IndexOf("asl-snapshot"u8) + 13] = 2;
        Assert.Contains("version 2", Refusal(later)!.Why, StringComparison.Ordinal);
    }

    private static void CheckRoundTrip(Snapshot snapshot)
    {
        var file = SnapshotCodec.Encode(snapshot);
        var read = SnapshotCodec.Decode("here", file);
        Assert.Equivalent(snapshot, read, strict: true);
        Assert.Equal(file, SnapshotCodec.Encode(read));
    }

    private static AslError? Refusal(byte[] file)
    {
        try
        {
            SnapshotCodec.Decode("here", file);
            return null;
        }
        catch (AslException exception)
        {
            Assert.Equal(ErrorCode.SnapshotCorrupt, exception.Error.Code);
            Assert.StartsWith("here", exception.Error.Where, StringComparison.Ordinal);
            return exception.Error;
        }
    }

    /// <summary>Halves of surrogate pairs are no text.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    private static string? WellFormed(string? text) =>
        text is null ? null : string.Concat(text.EnumerateRunes().Where(rune => rune.Value != 0xfffd).Select(rune => rune.ToString()));
}
