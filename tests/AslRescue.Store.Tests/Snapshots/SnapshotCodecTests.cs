using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Snapshots;
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
        Gen.Select(Gen.String, Gen.String.Null(), Gen.Long, Gen.UInt[0, 999_999_999], Gen.Byte.Array[0, 40], Gen.UInt)
            .Sample((text, maybe, number, nanoseconds, path, device) => CheckRoundTrip(ExampleSnapshot.Full with
            {
                Domain = WellFormed(text),
                Case = new(WellFormed(maybe), null, WellFormed(text)),
                Started = new(number, nanoseconds),
                Base = (number, default),
                Counts = ExampleSnapshot.Full.Counts with { SourceBytes = number, BadBytes = ~number },
                Sources = [new(path, 0, null, (device, ~device), number)],
            }), iter: 500);

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
