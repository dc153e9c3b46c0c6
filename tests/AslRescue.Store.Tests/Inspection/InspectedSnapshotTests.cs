using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;
using AslRescue.Store.Inspection;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Inspection;

public sealed class InspectedSnapshotTests
{
    private static readonly byte[] Content = SnapshotCodec.Encode(ExampleSnapshot.Full);
    private static readonly string Path = $"snapshots/{Digest.Of(Content)}";

    [Fact]
    public void The_fields_of_a_whole_snapshot_fill_it_and_its_evidence_lies_where_it_is_said()
    {
        using var file = Inspected.File(Path, Content);
        var snapshot = new InspectedSnapshot(file);

        Assert.Empty(snapshot.Damages);
        Assert.Equal(Enumerable.Range(0, 19).Select(key => (long)key), snapshot.Fields.Select(field => field.Key));
        Assert.Equal(Content.Length - 1, snapshot.Fields.Sum(field => field.Length));
        Assert.Equal(ExampleSnapshot.Full.Evidence.Select(evidence => evidence.Name), snapshot.Evidence.Select(evidence => evidence.Name));
        Assert.All(snapshot.Evidence, evidence => Assert.Equal(Content.AsSpan((int)evidence.Offset, evidence.Content.Length), evidence.Content.Span));
    }

    [Fact]
    public void Every_byte_that_is_changed_is_found()
    {
        for (var position = 0; position < Content.Length; position++)
        {
            using var file = Inspected.File(Path, Inspected.Flipped(Content, position));
            Assert.NotEmpty(new InspectedSnapshot(file).Damages);
        }
    }

    [Fact]
    public void Where_a_snapshot_is_cut_off_the_fields_before_are_shown()
    {
        using var whole = Inspected.File(Path, Content);
        var fields = new InspectedSnapshot(whole).Fields;
        for (var length = 0; length < Content.Length; length++)
        {
            using var file = Inspected.File(Path, Content[..length]);
            var cut = new InspectedSnapshot(file);
            Assert.Equal(fields.TakeWhile(field => field.Offset + field.Length <= length).Select(field => field.Key), cut.Fields.Select(field => field.Key));
            Assert.NotEmpty(cut.Damages);
        }
    }

    [Fact]
    public void Signatures_are_judged()
    {
        var (seed, other) = (SeededBytes.Of(1, 32), SeededBytes.Of(2, 32));
        var name = Digest.Of(Content);
        using var backend = new MemoryBackend();
        var good = Convert.ToHexStringLower(SnapshotSignature.PublicKey(seed));
        var bad = Convert.ToHexStringLower(SnapshotSignature.PublicKey(other));
        backend[ObjectName.Signature(name, good).Path] = SnapshotSignature.Sign(seed, name);
        backend[ObjectName.Signature(name, bad).Path] = SnapshotSignature.Sign(seed, name);

        Assert.Equivalent(new[] { (good, true), (bad, false) }, InspectedSnapshot.Signatures(backend, name).Select(signature => (signature.Key, signature.IsGood)));
    }

    [Fact]
    public void Cbor_is_written_as_people_write_it_and_cut_where_it_is_asked_for()
    {
        var writer = CborExtensions.NewWriter();
        writer.WriteStartMap(3);
        writer.WriteInt32(0);
        writer.WriteTextString("a\n");
        writer.WriteInt32(1);
        writer.WriteInt64(long.MinValue);
        writer.WriteInt32(2);
        writer.WriteStartArray(4);
        writer.WriteByteString([1, 2]);
        writer.WriteByteString("text"u8);
        writer.WriteNull();
        writer.WriteBoolean(true);
        writer.WriteEndArray();
        writer.WriteEndMap();

        Assert.Equal("""{0: "a\u000a", 1: -9223372036854775808, 2: [h'0102', 'text', null, true]}""", CborText.Of(writer.Encode(), 1000));
        Assert.Equal("""{0: "a\u00…""", CborText.Of(writer.Encode(), 10));
    }
}
