using AslRescue.Backend.Tests.Serving;
using AslRescue.Intake;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Checking;
using AslRescue.Store.Faults;
using AslRescue.Store.Federation;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Federation;

/// <summary>Snapshots of one store in another: complete, signed, and as often as one likes.</summary>
public sealed class ReplicationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _seed = SnapshotSignature.NewSeed();

    private SnapshotSigner Signer
    {
        get
        {
            var file = In("key.pem");
            if (!File.Exists(file))
            {
                var der = Convert.FromHexString("302e020100300506032b657004220420").Concat(_seed).ToArray();
                File.WriteAllText(file, $"-----BEGIN PRIVATE KEY-----\n{Convert.ToBase64String(der)}\n-----END PRIVATE KEY-----\n");
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return SnapshotSigner.Load(file, null)!;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_snapshots_of_a_domain_arrive_whole_and_again_nothing_is_copied()
    {
        using var source = Made("source", snapshots: 3);
        using var target = ArtifactStore.Create(In("target"), source.Format);
        Assert.Equal(3, new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None).Snapshots);
        var report = new StoreVerifier(target, withData: true).Run(2, CancellationToken.None);
        Assert.Empty(report.Errors);
        Assert.Equal(3, report.Snapshots);
        Assert.Equal(new SealLog(source.Backend, "theirs").Read(), new SealLog(target.Backend, "theirs").Read());
        Assert.Equal(new ReplicationReport(0, 0, 0), new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None));
    }

    [Fact]
    public void Whichever_call_fails_it_goes_on_where_it_was_stopped()
    {
        using var source = Made("source", snapshots: 2);
        var failed = 0;
        for (var failAt = 1; ; failAt++)
        {
            var memory = new MemoryBackend();
            memory.CreateSealed(ObjectName.Format, source.Format.ToBytes());
            var faulty = new FaultyBackend(memory, failAt, isReplyLost: failAt % 2 == 0);
            try
            {
                using var first = ArtifactStore.Open(faulty);
                new Replication(source, first).Run("theirs", Trusting(Signer), CancellationToken.None);
            }
            catch (AslException)
            {
                failed++;
            }

            using var target = ArtifactStore.Open(memory);
            new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None);
            Assert.Empty(new StoreVerifier(target, withData: true).Run(2, CancellationToken.None).Errors);
            Assert.Equal(2, new SealLog(memory, "theirs").Read().Count);
            if (!faulty.HasFailed)
            {
                break;
            }
        }

        Assert.InRange(failed, 20, 10_000);
    }

    [Fact]
    public void Only_a_signature_of_a_listed_key_of_a_trusted_peer_counts()
    {
        using var unsigned = Made("unsigned", snapshots: 1, isSigned: false);
        using var signed = Made("signed", snapshots: 1);
        var stranger = SnapshotSignature.PublicKey(SnapshotSignature.NewSeed());
        foreach (var (source, signers, why) in new (ArtifactStore, SignerList, string)[]
        {
            (unsigned, Trusting(Signer), "no key that federation.conf lists"),
            (signed, new SignerList([PeerOf([stranger], isTrusted: true)]), "no key that federation.conf lists"),
            (signed, new SignerList([PeerOf([[.. Signer.PublicKey]], isTrusted: false)]), "does not trust"),
            (signed, new SignerList([PeerOf([], isTrusted: true)]), "no key that federation.conf lists"),
        })
        {
            using var target = ArtifactStore.Create(In($"target-{Guid.NewGuid()}"), source.Format);
            var error = Assert.Throws<AslException>(() => new Replication(source, target).Run("theirs", signers, CancellationToken.None)).Error;
            Assert.Equal(ErrorCode.SignatureRefused, error.Code);
            Assert.Contains(why, error.Why, StringComparison.Ordinal);
            Assert.Empty(new SealLog(target.Backend, "theirs").Read());
        }
    }

    [Fact]
    public void What_is_damaged_in_the_source_is_not_copied()
    {
        using var source = Made("source", snapshots: 1);
        var block = Directory.EnumerateFiles(In("source/blocks"), "*", SearchOption.AllDirectories).First();
        var bytes = File.ReadAllBytes(block);
        bytes[100] ^= 1;
        File.SetUnixFileMode(block, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(block, bytes);
        using var target = ArtifactStore.Create(In("target"), source.Format);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<AslException>(() => new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None)).Error.Code);
        Assert.Empty(new SealLog(target.Backend, "theirs").Read());
        Assert.Null(target.Backend.Open(ObjectName.Block(Shared.Digest.Parse(Path.GetFileName(block)))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sealed_snapshot_whose_journal_is_lost_is_saved_with_a_note_and_so_are_those_after_it(bool isAllLost)
    {
        using var source = Made("source", snapshots: 3);
        var seals = new SealLog(source.Backend, "theirs").Read();
        Lose(seals[1].Run, isAllLost);
        using var target = ArtifactStore.Create(In("target"), source.Format);

        var report = new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None);

        Assert.Equal(3, report.Snapshots);
        Assert.Contains(seals[1].Snapshot.Short, Assert.Single(report.Notes), StringComparison.Ordinal);
        Assert.Equal(seals, new SealLog(target.Backend, "theirs").Read());
        Assert.Equal(isAllLost ? 0 : 1, new StoreVerifier(target, withData: true).Run(2, CancellationToken.None).Errors.Count);
    }

    [Fact]
    public void A_record_in_the_place_of_the_one_that_seals_a_snapshot_is_no_lost_journal()
    {
        using var source = Made("source", snapshots: 2);
        var seals = new SealLog(source.Backend, "theirs").Read();
        var sequence = SnapshotCodec.Load(source.Backend, seals[1].Snapshot).Journal!.Value.Sequence;
        Lose(seals[1].Run, isAllLost: false);
        var writer = new JournalWriter(seals[1].Run, "boot", new RunLog(source.Backend, "theirs", seals[1].Run), TimeProvider.System);
        writer.ContinueAfter(new RunLog(source.Backend, "theirs", seals[1].Run).ReadJournal()[^1]);
        Assert.Equal(sequence, writer.Append(new("other")).Sequence);
        using var target = ArtifactStore.Create(In("target"), source.Format);

        var error = Assert.Throws<AslException>(() => new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None)).Error;

        Assert.Contains("another one", error.Why, StringComparison.Ordinal);
        Assert.Single(new SealLog(target.Backend, "theirs").Read());
    }

    /// <summary>To it, it is a snapshot that anybody may have made: no seal says otherwise yet.</summary>
    [Fact]
    public void A_server_takes_no_snapshot_whose_journal_is_lost_and_what_to_do_is_said()
    {
        using var source = Made("source", snapshots: 1);
        Lose(new SealLog(source.Backend, "theirs").Read()[0].Run, isAllLost: true);
        using var bench = new ServerBench(options => options with { Peers = [PeerOf([[.. Signer.PublicKey]], isTrusted: true)] }, format: source.Format);
        using var target = ArtifactStore.Open(new HttpBackend(bench.Options("admin") with { Domain = "theirs" }, TimeProvider.System));

        var error = Assert.Throws<AslException>(() => new Replication(source, target).Run("theirs", Trusting(Signer), CancellationToken.None)).Error;

        Assert.Equal(ErrorCode.RemoteContentRefused, error.Code);
        Assert.Contains("into a directory", error.Fix, StringComparison.Ordinal);
        Assert.Empty(target.Backend.ListNumbers(ObjectName.SealsFolder("theirs")));
    }

    /// <summary>Takes the journal of a run of the source away, or the record that seals its snapshot.</summary>
    private void Lose(string run, bool isAllLost)
    {
        var folder = In($"source/logs/theirs/runs/{run}");
        if (isAllLost)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }

        var sealing = Directory.EnumerateFiles(folder).Where(file => ObjectName.TryNumber(Path.GetFileName(file), out _))
            .Single(file => File.ReadAllText(file).Contains("\"kind\":\"sealing\"", StringComparison.Ordinal));
        File.Delete(sealing);
    }

    [Fact]
    public void Logs_that_went_different_ways_are_left_alone()
    {
        using var one = Made("one", snapshots: 1);
        using var other = Made("other", snapshots: 1, seed: 9);
        var error = Assert.Throws<AslException>(() => new Replication(one, other).Run("theirs", Trusting(Signer), CancellationToken.None)).Error;
        Assert.Equal(ErrorCode.StoreOccupied, error.Code);
        Assert.Single(new SealLog(other.Backend, "theirs").Read());
    }

    [Fact]
    public void A_server_takes_a_peers_snapshot_only_under_a_listed_key()
    {
        using var source = Made("source", snapshots: 2);
        foreach (var (key, isTaken) in new[] { (Signer.PublicKey.ToArray(), true), (SnapshotSignature.PublicKey(SnapshotSignature.NewSeed()), false) })
        {
            using var bench = new ServerBench(options => options with { Peers = [PeerOf([key], isTrusted: true)] }, format: source.Format);
            using var target = ArtifactStore.Open(new HttpBackend(bench.Options("admin") with { Domain = "theirs" }, TimeProvider.System));
            var replication = new Replication(source, target);
            if (isTaken)
            {
                Assert.Equal(2, replication.Run("theirs", Trusting(Signer), CancellationToken.None).Snapshots);
                Assert.Empty(new StoreVerifier(target, withData: true).Run(2, CancellationToken.None).Errors);
            }
            else
            {
                // Our own list lets it pass, the server's does not.
                var error = Assert.Throws<AslException>(() => replication.Run("theirs", Trusting(Signer), CancellationToken.None)).Error;
                Assert.Equal(ErrorCode.SignatureRefused, error.Code);
                Assert.Empty(target.Backend.ListNumbers(ObjectName.SealsFolder("theirs")));
            }
        }
    }

    [Fact]
    public void Signatures_by_keys_that_are_not_listed_are_left_out_and_those_of_an_unlisted_domain_all_copied()
    {
        using var source = Made("source", snapshots: 1);
        var (snapshot, seed) = (new SealLog(source.Backend, "theirs").Read()[0].Snapshot, SnapshotSignature.NewSeed());
        var extra = ObjectName.Signature(snapshot, Convert.ToHexStringLower(SnapshotSignature.PublicKey(seed)));
        source.Backend.TryCreate(extra, SnapshotSignature.Sign(seed, snapshot));
        foreach (var (signers, count) in new[] { (Trusting(Signer), 1), (new SignerList([]), 2) })
        {
            using var bench = new ServerBench(options => options with { Peers = count == 1 ? [PeerOf([[.. Signer.PublicKey]], isTrusted: true)] : [] }, format: source.Format);
            using var target = ArtifactStore.Open(new HttpBackend(bench.Options("admin") with { Domain = "theirs" }, TimeProvider.System));
            Assert.Equal(1, new Replication(source, target).Run("theirs", signers, CancellationToken.None).Snapshots);
            Assert.Equal(count, target.Backend.List($"signatures/{snapshot}").Count());
        }
    }

    [Fact]
    public void What_an_earlier_replication_left_unflushed_when_it_was_killed_is_durable_when_the_next_one_is_done()
    {
        using var source = Made("source", snapshots: 2);
        using var disk = new CrashingFileSystem(Directory.CreateDirectory(In("spare")).FullName);
        var kills = 0;
        for (var killAt = 1; ; killAt += 3)
        {
            var folder = In($"target-{killAt}");
            ArtifactStore.Create(folder, source.Format).Dispose();
            disk.Arm(DiskFault.Kill, killAt);
            try
            {
                using var first = ArtifactStore.Open(new DirectoryBackend(folder, disk));
                new Replication(source, first).Run("theirs", Trusting(Signer), CancellationToken.None);
                break;
            }
            catch (AslException)
            {
                kills++;
            }

            disk.Arm(DiskFault.Kill, 0);
            using (var second = ArtifactStore.Open(new DirectoryBackend(folder, disk)))
            {
                new Replication(source, second).Run("theirs", Trusting(Signer), CancellationToken.None);
            }

            disk.CutPower();
            using var left = ArtifactStore.Open(folder);
            var errors = new StoreVerifier(left, withData: true).Run(2, CancellationToken.None).Errors;
            Assert.True(errors.Count == 0 && new SealLog(left.Backend, "theirs").Read().Count == 2, $"killed at {killAt}: {string.Join("; ", errors)}");
            Directory.Delete(folder, recursive: true);
        }

        Assert.InRange(kills, 30, 10_000);
    }

    [Fact]
    public void Signatures_are_those_of_RFC_8032()
    {
        // Section 7.1, test 1: the key; the message is ours, so the signature is checked by the library against itself, and the key against the RFC.
        var seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        Assert.Equal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", Convert.ToHexStringLower(SnapshotSignature.PublicKey(seed)));
        var snapshot = Shared.Digest.Of("x"u8);
        var signature = SnapshotSignature.Sign(seed, snapshot);
        Assert.True(SnapshotSignature.IsGood(SnapshotSignature.PublicKey(seed), snapshot, signature));
        Assert.False(SnapshotSignature.IsGood(SnapshotSignature.PublicKey(seed), Shared.Digest.Of("y"u8), signature));
        for (var bit = 0; bit < signature.Length * 8; bit++)
        {
            var bad = signature.ToArray();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SnapshotSignature.IsGood(SnapshotSignature.PublicKey(seed), snapshot, bad));
        }
    }

    private string In(string path) => Path.Combine(_folder.Path, path);

    private static Peer PeerOf(IReadOnlyList<byte[]> keys, bool isTrusted) => new("theirs", new Uri("https://theirs.example"), PeerRole.Read, isTrusted, keys, new ValueOrigin(OriginKind.Default, "test"));

    private static SignerList Trusting(SnapshotSigner signer) => new([PeerOf([[.. signer.PublicKey]], isTrusted: true)]);

    private ArtifactStore Made(string name, int snapshots, bool isSigned = true, int seed = 5)
    {
        var store = ArtifactStore.Create(In(name), new StoreFormat { BlockBytes = 1 << 20, Chunks = new(1024, 4096, 32768) });
        for (var number = 0; number < snapshots; number++)
        {
            var source = In($"{name}-tree-{number}");
            SampleTree.Make(source, seed + number, files: 5, bytesMax: 60_000);
            using var run = IngestRun.Begin(store, new IngestOptions { Sources = [source], Domain = "theirs", Workers = 2, Program = "test" }, TimeProvider.System);
            run.Ingest(CancellationToken.None);
            run.Seal(new Dictionary<string, byte[]>(), isSigned ? Signer : null);
        }

        return store;
    }
}
