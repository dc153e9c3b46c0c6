using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Faults;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Tests.Blocks;
using AslRescue.Store.Trees;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Segments;

public sealed class SegmentTests : IDisposable
{
    private readonly MemoryBackend _backend = new();

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(84)]
    [InlineData(85)]
    [InlineData(86)]
    [InlineData(1025)]
    [InlineData(50_000)]
    public void Every_key_is_found_and_no_other(int count)
    {
        var rows = Rows.Sorted(1, count);
        CheckLookups(rows, Write(rows, 64 << 20));
    }

    [Fact]
    public void Any_rows_read_back_from_segments_of_any_length() =>
        Gen.Select(Gen.Int[1, 3000], Gen.Int[0, 1000], Gen.Int[4096, 50_000]).Sample((count, seed, bytesMax) =>
        {
            var rows = Rows.Sorted(seed, count);
            var group = Write(rows, bytesMax);
            Assert.Equal(rows, GroupMerge.Rows(_backend, group));
            Assert.Equal(count, group.Count);
            CheckLookups(rows, group);
        }, iter: 40, threads: 1);

    [Fact]
    public void The_segments_of_a_group_are_ascending_disjoint_and_as_long_as_allowed()
    {
        var group = Write(Rows.Sorted(2, 5000), 8192);
        Assert.True(group.Segments.Count > 20);
        Assert.All(group.Segments.Zip(group.Segments.Skip(1)), pair => Assert.True(pair.First.Last < pair.Second.First));
        Assert.All(group.Segments, segment => Assert.InRange(File(segment).Length, 1, 8192));
        Assert.All(group.Segments.SkipLast(1), segment => Assert.True(File(segment).Length + SegmentEntry.Bytes + Digest.Length + KeyFilter.LineBytes > 8192));
        Assert.All(group.Segments, segment => Assert.Equal(segment.Name, Digest.Of(File(segment))));
    }

    [Fact]
    public void The_blocks_of_a_segment_are_ascending_and_only_those_that_its_rows_name()
    {
        var rows = Rows.Sorted(3, 2000);
        foreach (var summary in Write(rows, 16_384).Segments)
        {
            using var segment = Segment.Open(_backend, summary);
            var named = segment.ReadAll().Select(row => row.Location.Block).Distinct().Order().SelectMany(name => name.Span.ToArray());
            Assert.Equal(named, File(summary).Skip(SegmentBuilder.HeaderBytes).Take(BitConverter.ToInt32(File(summary), 12) * Digest.Length));
        }
    }

    [Fact]
    public void The_bytes_of_a_segment_never_change() =>
        Frozen.Is("4e4a0a695b776b26eab15c12fb63bd024954ebfbd436203bc8cd067bb70cfd36", Assert.Single(Write(Rows.Sorted(4, 100), 64 << 20).Segments).Name.ToString());

    [Fact]
    public void Lengths_at_the_edges_read_back()
    {
        var block = Digest.Of("block"u8);
        SegmentEntry[] rows =
        [
            new(Digest.Of("empty"u8), new(block, 32, 0, 0, Codec.Stored, 0)),
            new(Digest.Of("one"u8), new(block, 32, 1, 1, Codec.Stored, 0)),
            new(Digest.Of("longest"u8), new(block, 33, 900, StoreFormat.ArtifactBytesMax, Codec.Zstandard, 0)),
            new(Digest.Of("almost"u8), new(block, 933, StoreFormat.ArtifactBytesMax - 1, StoreFormat.ArtifactBytesMax - 1, Codec.Stored, 0)),
        ];
        Array.Sort(rows);
        Assert.Equal(rows, GroupMerge.Rows(_backend, Write(rows, 4096)));
    }

    [Fact]
    public void A_segment_that_is_too_long_to_be_loaded_finds_the_same()
    {
        var rows = Rows.Sorted(5, 120_000);
        var group = Write(rows, 64 << 20);
        Assert.True(File(Assert.Single(group.Segments)).Length > 4 << 20);
        using var index = new ArtifactIndex(_backend, [group]);
        Assert.False(index.Contains(Digest.Of("opens it"u8)));
        var reads = _backend.Reads;
        const int lookups = 5000;
        for (var number = 0; number < lookups; number++)
        {
            var row = rows[number * 7919 % rows.Count];
            Assert.True(index.TryFind(row.Key, out var location));
            Assert.Equal(row.Location, location);
        }

        Assert.InRange((_backend.Reads - reads) / (double)lookups, 1, 3);
        Assert.All(rows, row => Assert.True(index.Contains(row.Key)));

        // What is not there costs the one line of the filter; one key in a hundred is looked for all the same.
        reads = _backend.Reads;
        Assert.All(Enumerable.Range(0, 1000), number => Assert.False(index.Contains(Digest.Of(BitConverter.GetBytes(number)))));
        Assert.InRange(_backend.Reads - reads, 1000, 1100);
        Assert.Equal(rows, GroupMerge.Rows(_backend, group));
    }

    /// <summary>Whoever chooses the bytes of artifacts can make the first bytes of their keys alike, at a price.</summary>
    [Theory]
    [InlineData("one prefix")]
    [InlineData("two ends")]
    [InlineData("powers of two")]
    [InlineData("a cluster in the middle")]
    public void Keys_that_are_not_uniform_take_a_few_reads_more(string shape)
    {
        var rows = Rows.Shaped(100_000, (index, random) => shape switch
        {
            "one prefix" => 0x4142434445464748,
            "two ends" => index % 2 == 0 ? (ulong)index : ulong.MaxValue - (ulong)index,
            "powers of two" => (1UL << (index % 64)) + (ulong)random.Next(1000),
            _ => index % 100 == 0 ? (ulong)random.NextInt64() * 2 : 0x8000000000000000 + (ulong)random.Next(1 << 20),
        });
        var group = Write(rows, 64 << 20);
        using var index = new ArtifactIndex(_backend, [group]);
        Assert.False(index.Contains(default));
        var most = 0L;
        for (var number = 0; number < rows.Count; number += 97)
        {
            var reads = _backend.Reads;
            Assert.True(index.TryFind(rows[number].Key, out var location));
            Assert.Equal(rows[number].Location, location);
            most = Math.Max(most, _backend.Reads - reads);
        }

        Assert.InRange(most, 1, 40);
    }

    [Fact]
    public void The_newest_group_that_has_a_key_is_asked_first()
    {
        var rows = Rows.Sorted(6, 100);
        List<SegmentEntry> moved = [.. rows.Where((_, index) => index % 2 == 0).Select(row => row with { Location = row.Location with { Block = Digest.Of("new"u8) } })];
        using var index = new ArtifactIndex(_backend, [Write(rows, 4096), Write(moved, 4096)]);
        Assert.All(rows, row => Assert.True(index.TryFind(row.Key, out var location)
            && (location.Block == Digest.Of("new"u8)) == moved.Exists(other => other.Key == row.Key)));
    }

    [Fact]
    public void Many_threads_look_things_up()
    {
        var rows = Rows.Sorted(7, 20_000);
        using var index = new ArtifactIndex(_backend, [Write(rows, 100_000)]);
        Parallel.ForEach(rows, row =>
        {
            Assert.True(index.TryFind(row.Key, out var location));
            Assert.Equal(row.Location, location);
        });
    }

    [Fact]
    public void A_segment_that_could_not_be_opened_can_be_opened_later()
    {
        var rows = Rows.Sorted(8, 10);
        var group = Write(rows, 4096);
        using var backend = new FaultyBackend(_backend, failAt: 1);
        using var index = new ArtifactIndex(backend, [group]);
        Assert.Equal(ErrorCode.StoreIo, Assert.Throws<AslException>(() => index.Contains(rows[0].Key)).Error.Code);
        Assert.True(index.Contains(rows[0].Key));
    }

    [Fact]
    public void A_flip_of_any_byte_is_found_on_opening()
    {
        var summary = Assert.Single(Write(Rows.Sorted(9, 20), 4096).Segments);
        var file = File(summary);
        for (var position = 0; position < file.Length; position++)
        {
            file[position] ^= 0x10;
            Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => Segment.Open(_backend, summary)).Error.Code);
            file[position] ^= 0x10;
        }

        Segment.Open(_backend, summary).Dispose();
    }

    [Fact]
    public void A_damaged_filter_hides_no_artifact_and_is_found_when_the_segment_is_read_whole()
    {
        var rows = Rows.Sorted(11, 120_000);
        var group = Write(rows, 64 << 20);
        var file = File(Assert.Single(group.Segments));
        file.AsSpan(file.Length - (int)KeyFilter.BytesFor(rows.Count)).Clear();
        using var index = new ArtifactIndex(_backend, [group]);
        Assert.All(rows, row => Assert.True(index.TryFind(row.Key, out _)));
        Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => GroupMerge.Rows(_backend, group).ToList()).Error.Code);
    }

    [Fact]
    public void A_segment_that_was_cut_short_or_prolonged_is_corrupt()
    {
        var summary = Assert.Single(Write(Rows.Sorted(10, 20), 4096).Segments);
        var path = ObjectName.Segment(summary.Name).Path;
        var file = _backend[path];
        foreach (var length in Enumerable.Range(0, file.Length))
        {
            _backend[path] = file[..length];
            Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => Segment.Open(_backend, summary)).Error.Code);
        }

        _backend[path] = [.. file, 0];
        Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => Segment.Open(_backend, summary)).Error.Code);
    }

    [Fact]
    public void A_flip_in_a_long_segment_is_found_when_it_is_read_whole()
    {
        var summary = Assert.Single(Write(Rows.Sorted(11, 100_000), 64 << 20).Segments);
        var file = File(summary);
        foreach (var position in new[] { 0, 9, 13, 17, 25, 40, 2000, 3_000_000, 3_000_032, 3_000_044, file.Length - SegmentEntry.Bytes, file.Length - 1 })
        {
            file[position] ^= 0x40;
            var error = Assert.Throws<AslException>(() =>
            {
                using var segment = Segment.Open(_backend, summary);
                _ = segment.ReadAll().Count();
            }).Error;
            Assert.Equal(ErrorCode.SegmentCorrupt, error.Code);
            var offset = long.Parse(error.Where![(error.Where!.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            Assert.InRange(offset, 0, position + SegmentEntry.Bytes);
            file[position] ^= 0x40;
        }
    }

    [Fact]
    public void Damage_in_a_long_segment_gives_no_other_failure_than_an_error_of_the_store()
    {
        const int seed = 12;
        var random = new Random(seed);
        byte[][] chunks = [.. Enumerable.Range(0, 20).Select(index => SeededBytes.Of((ulong)index, 500))];
        using var written = WrittenBlocks.Write(_backend, WrittenBlocks.Format, chunks);
        List<SegmentEntry> rows = [.. written.Entries, .. Rows.Sorted(seed, 100_000)];
        rows.Sort();
        var group = Write(rows, 64 << 20);
        var file = File(Assert.Single(group.Segments));
        var whole = file.ToArray();
        for (var round = 0; round < 400; round++)
        {
            var key = Digest.Of(chunks[round % chunks.Length]);
            var row = whole.AsSpan().IndexOf(key.Span);
            var position = row + 32 + random.Next(16);
            file[position] ^= (byte)(1 << random.Next(8));
            using var index = new ArtifactIndex(_backend, [group]);
            using var artifacts = new ArtifactReader(_backend, index);
            Assert.IsType<AslException>(Record.Exception(() => artifacts.Read(key)));
            file[position] = whole[position];
        }
    }

    [Fact]
    public void Random_bytes_are_no_segment() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        byte[] file = [.. "ASLSEGM1"u8, 1, 0, 0, 0, .. bytes];
        foreach (var content in new[] { bytes, file })
        {
            var summary = new SegmentSummary(Digest.Of(content), 1, default, default);
            _backend[ObjectName.Segment(summary.Name).Path] = content;
            Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => Segment.Open(_backend, summary)).Error.Code);
        }
    }, iter: 1000, threads: 1);

    [Fact]
    public void A_segment_with_another_number_of_rows_than_the_snapshot_says_is_corrupt()
    {
        var summary = Assert.Single(Write(Rows.Sorted(13, 20), 4096).Segments);
        foreach (var count in new[] { 19L, 21, 0, -1, long.MaxValue, long.MinValue })
        {
            Assert.Equal(ErrorCode.SegmentCorrupt, Assert.Throws<AslException>(() => Segment.Open(_backend, summary with { Count = count })).Error.Code);
        }
    }

    private SegmentGroup Write(IEnumerable<SegmentEntry> rows, int bytesMax) =>
        new(["run"], SegmentGroupWriter.Write(rows, new StoreFormat { SegmentBytesMax = bytesMax }, _backend));

    private byte[] File(SegmentSummary segment) => _backend[ObjectName.Segment(segment.Name).Path];

    private void CheckLookups(IReadOnlyList<SegmentEntry> rows, SegmentGroup group)
    {
        using var index = new ArtifactIndex(_backend, [group]);
        foreach (var row in rows)
        {
            Assert.True(index.TryFind(row.Key, out var location), row.Key.ToString());
            Assert.Equal(row.Location, location);

            // The neighbours of a key are not there.
            var bytes = row.Key.Span.ToArray();
            bytes[31] ^= 1;
            Assert.False(index.Contains(new Digest(bytes)));
            bytes[31] ^= 1;
            bytes[0] ^= 0x80;
            Assert.False(index.Contains(new Digest(bytes)));
        }

        Assert.False(index.Contains(default));
        Assert.False(index.Contains(new Digest([.. Enumerable.Repeat((byte)0xff, 32)])));
    }
}
