using System.Text;
using AslRescue.Audit.Notes;
using AslRescue.Shared.Journal;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>Checkpoints: the writer's and the verifier's code, which share nothing, must agree, and both with what is published.</summary>
public sealed class CheckpointTests
{
    /// <summary>Leaves and roots of Certificate Transparency's own test of its Merkle tree.</summary>
    private static readonly string[] Leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Both_trees_have_the_published_roots(int count, string root)
    {
        byte[][] leaves = [.. Leaves.Take(count).Select(Convert.FromHexString)];
        Assert.Equal(root, Convert.ToHexStringLower(Written(leaves)));
        Assert.Equal(root, Convert.ToHexStringLower(Verified(leaves)));
    }

    [Fact]
    public void Both_trees_agree_for_every_number_of_lines_up_to_200()
    {
        byte[][] lines = [.. Enumerable.Range(0, 200).Select(i => Encoding.ASCII.GetBytes($"line {i}"))];
        Assert.All(Enumerable.Range(0, 201), count => Assert.Equal(Written(lines[..count]), Verified(lines[..count])));
    }

    [Fact]
    public void A_signed_checkpoint_is_of_its_key_and_of_no_other_and_not_when_a_letter_of_it_changes()
    {
        var (key, other) = (SigningKey.Make(), SigningKey.Make());
        var body = JournalNote.Body(JournalNote.Origin("d", "r"), 7, new byte[32]);
        var note = Read(JournalNote.Compose(body, [JournalNote.Sign(key, "aslrescue/d", body)]))!;
        Assert.Equal(7, note.Size);
        Assert.NotNull(KeyOf(key).Signed(note, note.Signatures[0]));
        Assert.Null(KeyOf(other).Signed(note, note.Signatures[0]));
        var altered = JournalNote.Body(JournalNote.Origin("d", "r"), 8, new byte[32]);
        Assert.Null(KeyOf(key).Signed(Read(JournalNote.Compose(altered, [JournalNote.Sign(key, "aslrescue/d", body)]))!, note.Signatures[0]));
    }

    [Fact]
    public void A_cosignature_is_of_the_witness_and_says_when()
    {
        var key = SigningKey.Make();
        var body = JournalNote.Body(JournalNote.Origin("d", "r"), 7, new byte[32]);
        var note = Read(JournalNote.Compose(body, [JournalNote.Cosign(key, "asl-backend/host", body, new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero))]))!;
        var verifier = AuditKey.TryParse(JournalNote.WitnessKey(key, "asl-backend/host"))!;
        Assert.Contains("as a witness at 2026-11-27T12:00:00Z", verifier.Signed(note, note.Signatures[0]), StringComparison.Ordinal);
        Assert.Null(AuditKey.TryParse(JournalNote.WitnessKey(key, "asl-backend/elsewhere"))!.Signed(note, note.Signatures[0]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("name+00000000+AAAA")]
    public void What_is_no_key_is_none(string text) => Assert.Null(AuditKey.TryParse(text));

    private static byte[] Written(IEnumerable<byte[]> lines)
    {
        var tree = new JournalTree();
        foreach (var line in lines)
        {
            tree.Add(line);
        }

        return tree.Root();
    }

    private static byte[] Verified(IEnumerable<byte[]> lines) => MerkleTree.Root([.. lines.Select(line => (ReadOnlyMemory<byte>)line)]);

    private static Note? Read(byte[] bytes) => Note.Read("note", bytes).Note;

    private static AuditKey KeyOf(SigningKey key) => AuditKey.TryParse(Convert.ToHexStringLower([.. key.PublicKey]))!;
}
