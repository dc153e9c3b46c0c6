using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Blocks;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>Somebody who has a token, or none, and means harm: each attempt gets the right status, is logged, and changes nothing.</summary>
public sealed class HostileClientTests : IDisposable
{
    private readonly ServerBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("GET /v1/objects/format.toml HTTP/1.1", 401)]
    [InlineData("GET /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer nobody", 401)]
    [InlineData("GET /v1/objects/format.toml HTTP/1.1\nAuthorization: Basic aW50YWtlOg==", 401)]
    [InlineData("GET /v1/objects/../../etc/passwd HTTP/1.1\nAuthorization: Bearer admin", 400, 404)]
    [InlineData("GET /v1/objects/logs/../format.toml HTTP/1.1\nAuthorization: Bearer admin", 400, 404)]
    [InlineData("GET /v1/objects/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\nAuthorization: Bearer admin", 400, 404)]
    [InlineData("GET /v1/objects/..%2f..%2fetc%2fpasswd HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("GET /v1/objects//etc/passwd HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("GET /v1/objects/logs/domain/runs/.hidden/draft-1 HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("GET /v1/objects/logs/domain/runs/r/0000000001.1-1.unsealed HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("GET /v1/objects/given/domain/x HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("GET /v1/list/given HTTP/1.1\nAuthorization: Bearer admin", 400)]
    [InlineData("DELETE /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer admin", 405)]
    [InlineData("POST /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer admin\nContent-Length: 0", 405)]
    [InlineData("PATCH /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer admin\nContent-Length: 0", 405)]
    [InlineData("MOVE /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer admin", 405)]
    [InlineData("PUT /v1/objects/format.toml HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: 0", 403)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer read\nIf-None-Match: *\nContent-Length: 0", 403)]
    [InlineData("PUT /v1/objects/logs/other/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: 0", 403)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nContent-Length: 0", 400)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nTransfer-Encoding: chunked", 411)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: 0", 400)]
    [InlineData("PUT /v1/objects/logs/domain/seals/0000000001 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: 70000", 413)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: 99999999999", 413)]
    [InlineData("PUT /v1/leases/other/r HTTP/1.1\nAuthorization: Bearer intake\nContent-Length: 0", 403)]
    [InlineData("PUT /v1/leases/domain/r HTTP/1.1\nAuthorization: Bearer read\nContent-Length: 0", 403)]
    [InlineData("GET /v1/list/logs/other/seals HTTP/1.1\nAuthorization: Bearer read", 403)]
    [InlineData("GET /metrics HTTP/1.1\nAuthorization: Bearer read", 403)]
    [InlineData("PUT /v1/objects/blocks/aa/aa00000000000000000000000000000000000000000000000000000000000000 HTTP/1.1\nAuthorization: Bearer admin\nIf-None-Match: *\nAsl-Domain: ../../up\nContent-Length: 0", 400)]
    [InlineData("PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer admin\nIf-None-Match: *\nAsl-Domain: a/b\nContent-Length: 0", 400)]
    [InlineData("GET /nothing HTTP/1.1\nAuthorization: Bearer read", 404)]
    public void A_request_that_must_not_be_carried_out_is_refused(string head, int status, int orStatus = 0)
    {
        var before = Files();
        var answer = RawRequest.Answer(_bench, head);
        var actual = int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(actual == status || actual == orStatus, $"{head}\n{answer}");
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Equal(before, Files());
        Assert.Contains(_bench.Log.Lines, line => line.StartsWith($"{actual} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"holder":null,"checkpoint":null}""")]
    [InlineData("""{"holder":1,"checkpoint":1}""")]
    [InlineData("""{"holder":"","checkpoint":""}""")]
    [InlineData("""{"holder":"\ud800","checkpoint":"\ud800"}""")]
    [InlineData("""{"\ud800older":"x","\ud800heckpoint":"x"}""")]
    [InlineData("{\"holder\":\"\u00ff\",\"checkpoint\":\"\u00ff\"}")]
    public void A_body_that_is_no_lease_and_no_checkpoint_is_refused_and_no_defect(string json)
    {
        using var bench = new ServerBench(options => options with { Witness = new Witness(SigningKey.Make(), "witness") });
        var body = Encoding.Latin1.GetBytes(json); // So that a byte can be no UTF-8.
        foreach (var request in new[] { "PUT /v1/leases/domain/r", "DELETE /v1/leases/domain/r", "POST /v1/cosign/domain/r" })
        {
            var answer = RawRequest.Answer(bench, $"{request} HTTP/1.1\nAuthorization: Bearer intake\nContent-Length: {body.Length}", body);
            Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
            Assert.Contains("ASL8001 permanent", answer, StringComparison.Ordinal);
        }

        Assert.Empty(bench.Storage.List("leases"));
    }

    [Fact]
    public void A_wrong_digest_stores_nothing()
    {
        var body = "some bytes"u8.ToArray();
        var head = $"PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\nAuthorization: Bearer intake\nIf-None-Match: *\nContent-Length: {body.Length}\nContent-Digest: {Digests.Write(Digest.Of("others"u8))}";
        Assert.StartsWith("HTTP/1.1 422", RawRequest.Answer(_bench, head, body), StringComparison.Ordinal);
        Assert.Null(_bench.Storage.Open(ObjectName.RunObject("domain", "r", "draft-1")));
    }

    [Fact]
    public void A_body_that_ends_early_stores_nothing()
    {
        using (var raw = RawRequest.To(_bench))
        {
            raw.Write($"PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer intake\r\nIf-None-Match: *\r\nContent-Length: 100\r\nContent-Digest: {Digests.Write(Digest.Of(new byte[100]))}\r\n\r\n");
            raw.Write(new byte[50]);
        }

        Assert.Null(_bench.Storage.Open(ObjectName.RunObject("domain", "r", "draft-1")));
        using var client = _bench.Open("intake");
        Assert.True(client.TryCreate(ObjectName.RunObject("domain", "r", "draft-1"), "all of it"u8));
    }

    [Fact]
    public void Nothing_that_is_there_can_be_overwritten()
    {
        Takes.In(_bench, "intake", "domain");
        var before = Files();
        using var client = _bench.Open("intake");
        using var admin = _bench.Open("admin");
        foreach (var path in before.Keys.Where(path => !path.StartsWith("given/", StringComparison.Ordinal) && !path.StartsWith("leases/", StringComparison.Ordinal)))
        {
            var name = ObjectPath.TryParse(path)!.Name;
            foreach (var who in new[] { client, new HttpBackend(_bench.Options("admin") with { Domain = "domain" }, TimeProvider.System) })
            {
                try
                {
                    Assert.False(who.TryCreate(name, "something else"u8));
                }
                catch (AslException refused)
                {
                    Assert.Contains(refused.Error.Code, new[] { ErrorCode.RemoteContentRefused, ErrorCode.RemoteForbidden, ErrorCode.StoreOccupied });
                }
            }
        }

        Assert.Equal(before, Files());
    }

    [Fact]
    public void A_block_that_is_not_what_its_name_says_is_refused()
    {
        var sealedOne = Takes.In(_bench, "intake", "domain");
        var block = sealedOne.Snapshot.Blocks[0];
        var good = _bench.Storage.ReadAll(ObjectName.Block(block.Name));
        using var fresh = new ServerBench();
        using var client = fresh.Open("intake");
        var random = new Random(3);
        for (var round = 0; round < 60; round++)
        {
            var bad = good.ToArray();
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            Refused(() => client.TryCreate(ObjectName.Block(block.Name), bad));
        }

        Refused(() => client.TryCreate(ObjectName.Block(block.Name), good.AsSpan(0, good.Length - 1)));
        Refused(() => client.TryCreate(ObjectName.Block(block.Name), []));
        Assert.Null(fresh.Storage.Open(ObjectName.Block(block.Name)));
        Assert.True(client.TryCreate(ObjectName.Block(block.Name), good));
    }

    [Fact]
    public void A_block_whose_checksums_fit_and_whose_artifact_does_not_is_refused()
    {
        // An honest checksum over dishonest bytes: only hashing what is inside finds it.
        using var compressor = new Shared.Interop.Zstd.Compressor(BlockWriter.Compression);
        var frame = new Frame(1 << 16);
        frame.Add(Digest.Of("what it claims"u8), "what it holds "u8);
        frame.Compress(compressor);
        using var builder = new BlockBuilder(1 << 20);
        builder.Append(frame, _ => { });
        var (name, length) = builder.Seal(BlockContent.Chunks);
        using var client = _bench.Open("intake");
        var content = builder.File(length).ToArray();
        Refused(() => client.TryCreate(ObjectName.Block(name), content));
    }

    [Fact]
    public void A_block_that_the_servers_disk_does_not_hold_as_it_was_sent_is_never_called_stored()
    {
        var block = Takes.In(_bench, "intake", "domain").Snapshot.Blocks[0];
        var file = Path.Combine(_bench.StoreFolder, ObjectName.Block(block.Name).Path);
        var good = File.ReadAllBytes(file);
        var rotten = good.ToArray();
        rotten[40] ^= 1;
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(file, rotten);
        using var client = _bench.Open("intake");
        foreach (var attempt in new Action[] { () => client.TryCreate(ObjectName.Block(block.Name), good), () => client.Holds(ObjectName.Block(block.Name), good), () => client.CreateSealed(ObjectName.Block(block.Name), good) })
        {
            var error = Assert.Throws<AslException>(attempt).Error;
            Assert.Equal((ErrorCode.BlockCorrupt, true), (error.Code, error.IsPermanent));
        }

        File.Delete(file);
        Assert.True(client.CreateSealed(ObjectName.Block(block.Name), good));
    }

    [Fact]
    public void Whoever_loses_the_race_for_a_number_is_told_that_it_is_taken()
    {
        var taken = Takes.In(_bench, "intake", "domain");
        for (var round = 0; round < 10; round++)
        {
            var number = _bench.Storage.ListNumbers(ObjectName.SealsFolder("domain")).Count + 1;
            var previous = new SealLog(_bench.Storage, "domain").Read()[^1].Hash;
            var created = new bool[6];
            using var start = new Barrier(created.Length);
            var racing = Enumerable.Range(0, created.Length).Select(index => new Thread(() =>
            {
                using var client = _bench.Open("intake");
                start.SignalAndWait();
                created[index] = client.TryCreate(ObjectName.Seal("domain", number), SealLine(number, taken.Name, previous, taken.Seal.Run, DateTimeOffset.UnixEpoch.AddSeconds(index)));
            })).ToList();
            racing.ForEach(thread => thread.Start());
            racing.ForEach(thread => thread.Join());
            Assert.Single(created, isCreated => isCreated);
        }
    }

    [Fact]
    public void A_segment_that_points_elsewhere_is_refused()
    {
        var sealedOne = Takes.In(_bench, "intake", "domain");
        var rows = GroupMerge.Rows(_bench.Storage, sealedOne.Snapshot.Groups[0]).ToList();
        using var client = _bench.Open("intake");
        SegmentEntry[][] lies =
        [
            [rows[0] with { Location = rows[0].Location with { Offset = rows[0].Location.Offset + 1 } }],
            [rows[0] with { Location = rows[0].Location with { RawLength = rows[0].Location.RawLength + 1 } }],
            [rows[0] with { Key = Digest.Of("another"u8) }],
            [rows[0] with { Location = rows[0].Location with { Block = Digest.Of("no block"u8) } }],
        ];
        foreach (var lie in lies)
        {
            SegmentGroupWriter.Write(lie, 1 << 20, (summary, file) =>
            {
                var bytes = file.ToArray();
                Refused(() => client.TryCreate(ObjectName.Segment(summary.Name), bytes));
            });
        }

        SegmentGroupWriter.Write([rows[0]], 1 << 20, (summary, file) => Assert.True(client.TryCreate(ObjectName.Segment(summary.Name), file)));
    }

    [Fact]
    public void A_snapshot_is_refused_while_anything_below_it_is_missing_or_of_another_domain()
    {
        var sealedOne = Takes.In(_bench, "intake", "domain");
        var snapshot = sealedOne.Snapshot with { Base = null };
        using var client = _bench.Open("intake");
        using var other = _bench.Open("intake-other");
        Snapshot[] lies =
        [
            snapshot with { Domain = "other" },
            snapshot with { Journal = null },
            snapshot with { Format = Digest.Of("another"u8) },
            snapshot with { Root = Digest.Of("another"u8) },
            snapshot with { Base = (7, sealedOne.Name) },
            snapshot with { Blocks = [.. snapshot.Blocks, new AddedBlock(Digest.Of("none"u8), 100, BlockContent.Chunks)] },
            snapshot with { Groups = [] },
            snapshot with { Groups = [new SegmentGroup(["another"], [new SegmentSummary(Digest.Of("none"u8), 1, default, default)])] },
        ];
        foreach (var lie in lies)
        {
            var journalled = lie.Domain == "domain" && lie.Journal is not null ? Sealings.Of(client, lie) : lie;
            Refused(() => Create(client, journalled));
        }

        // Whoever knows the names of another domain's blocks has not given them.
        var stolen = Sealings.Of(other, snapshot with { Domain = "other" });
        Refused(() => Create(other, stolen));
        Assert.True(Create(client, Sealings.Of(client, snapshot)));
    }

    [Fact]
    public void A_seal_is_refused_that_leaves_a_gap_breaks_the_chain_or_names_what_is_not_there()
    {
        var sealedOne = Takes.In(_bench, "intake", "domain");
        using var client = _bench.Open("intake");
        var line = _bench.Storage.ReadAll(ObjectName.Seal("domain", 1));
        Refused(() => client.TryCreate(ObjectName.Seal("domain", 3), line));
        Refused(() => client.TryCreate(ObjectName.Seal("domain", 2), line));
        Refused(() => client.TryCreate(ObjectName.Seal("domain", 2), SealLine(2, Digest.Of("no such"u8), sealedOne.Seal.Hash, "run")));
        Refused(() => client.TryCreate(ObjectName.Seal("domain", 2), SealLine(2, sealedOne.Name, default, sealedOne.Seal.Run)));
        Refused(() => client.TryCreate(ObjectName.Seal("domain", 2), SealLine(2, sealedOne.Name, sealedOne.Seal.Hash, "another run")));
        using var other = _bench.Open("intake-other");
        Refused(() => other.TryCreate(ObjectName.Seal("other", 1), SealLine(1, sealedOne.Name, default, sealedOne.Seal.Run)));
        Assert.Equal([1], _bench.Storage.ListNumbers(ObjectName.SealsFolder("domain")));
    }

    [Fact]
    public void A_journal_takes_no_record_that_does_not_follow()
    {
        var sealedOne = Takes.In(_bench, "intake", "domain");
        using var client = _bench.Open("intake");
        var numbers = _bench.Storage.ListNumbers(ObjectName.RunFolder("domain", sealedOne.Seal.Run));
        var first = _bench.Storage.ReadAll(ObjectName.RunRecords("domain", sealedOne.Seal.Run, 1));
        Refused(() => client.TryCreate(ObjectName.RunRecords("domain", sealedOne.Seal.Run, numbers[^1] + 100), first));
        Refused(() => client.TryCreate(ObjectName.RunRecords("domain", "another", 1), first));
        Refused(() => client.TryCreate(ObjectName.RunRecords("domain", "another", 1), "no line"u8));
    }

    [Fact]
    public void Another_domain_can_be_neither_read_nor_listed()
    {
        var own = Takes.In(_bench, "intake", "domain", seed: 5);
        using var other = _bench.Open("read-other");
        foreach (var path in Files().Keys.Where(path => ObjectPath.TryParse(path) is { Kind: not ObjectKind.Format }))
        {
            Assert.Equal(ErrorCode.RemoteForbidden, Assert.Throws<AslException>(() => other.Open(ObjectPath.TryParse(path)!.Name)).Error.Code);
        }

        Assert.Empty(other.List("snapshots"));
        Assert.Empty(other.List("segments"));
        Assert.Empty(other.List("logs"));
        Assert.All(Enumerable.Range(0, 256), number => Assert.Empty(other.List($"blocks/{number:x2}")));
        using var reader = _bench.Open("read");
        Assert.Equal(own.Name, ArtifactStore.Open(reader).Find("latest").Name);
    }

    [Fact]
    public void Below_a_snapshot_nothing_newer_is_seen()
    {
        var first = Takes.In(_bench, "intake", "domain", seed: 5);
        var second = Takes.In(_bench, "intake", "domain", seed: 6);
        using var reader = _bench.Open("read");
        var below = reader.Below(first.Name);
        Assert.NotNull(below.Open(ObjectName.Snapshot(first.Name)));
        foreach (var name in second.Snapshot.Blocks.Select(block => ObjectName.Block(block.Name)).Append(ObjectName.Snapshot(second.Name)))
        {
            Assert.Equal(ErrorCode.RemoteForbidden, Assert.Throws<AslException>(() => below.Open(name)).Error.Code);
        }

        Assert.All(first.Snapshot.Blocks, block => Assert.NotNull(below.Open(ObjectName.Block(block.Name))));
    }

    [Fact]
    public void Blocks_of_equal_bytes_are_stored_once_and_read_by_each_domain_that_gave_them()
    {
        var one = Takes.In(_bench, "intake", "domain", seed: 5);
        var two = Takes.In(_bench, "intake-other", "other", seed: 5);
        Assert.Equal(one.Snapshot.Blocks.Where(block => block.Content == BlockContent.Chunks), two.Snapshot.Blocks.Where(block => block.Content == BlockContent.Chunks));
        using var other = _bench.Open("read-other");
        Assert.NotNull(other.Open(ObjectName.Block(one.Snapshot.Blocks[0].Name)));
        Assert.Equal(ErrorCode.RemoteForbidden, Assert.Throws<AslException>(() => other.Open(ObjectName.Snapshot(one.Name))).Error.Code);
    }

    [Fact]
    public void Huge_headers_are_refused()
    {
        using var raw = RawRequest.To(_bench);
        raw.Write("GET /v1 HTTP/1.1\r\nHost: x\r\n");
        try
        {
            raw.Write($"X-Large: {new string('a', 1 << 20)}\r\n\r\n");
        }
        catch (IOException)
        {
            // Closed before all of it was sent.
        }

        Assert.True(raw.ReadAll() is var answer && (answer.Length == 0 || answer.StartsWith("HTTP/1.1 431", StringComparison.Ordinal)), answer);
        AssertToldOf("Request headers too long");
    }

    [Fact]
    public void A_request_line_without_end_is_refused()
    {
        using var raw = RawRequest.To(_bench);
        raw.Write($"GET /v1/{new string('a', 20 << 10)} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(raw.ReadAll() is var answer && (answer.Length == 0 || answer.StartsWith("HTTP/1.1 414", StringComparison.Ordinal)), answer);
        AssertToldOf("Request line too long");
    }

    [Fact]
    public void A_connection_too_many_is_refused_and_told_of()
    {
        using var bench = new ServerBench(options => options with { ConnectionsMax = 1 });
        using var first = RawRequest.To(bench);
        Assert.ThrowsAny<IOException>(() => RawRequest.To(bench));
        AssertToldOf("maximum number of concurrent connections", bench);
    }

    [Fact]
    public async Task Headers_that_come_drop_by_drop_are_cut_off()
    {
        var slow = Enumerable.Range(0, 20).Select(_ => RawRequest.To(_bench)).ToList();
        slow.ForEach(raw => raw.Write("GET /v1 HTTP/1.1\r\nHost: x\r\nX-Slow: "));
        var answers = await Task.WhenAll(slow.Select(raw => Task.Factory.StartNew(raw.ReadAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(answers, answer => Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), answer));
        AssertToldOf("Reading the request headers timed out");
        slow.ForEach(raw => raw.Dispose());
    }

    [Fact]
    public async Task A_client_that_sends_drop_by_drop_is_cut_off_and_others_are_served()
    {
        using var bench = new ServerBench(options => options with { BodyBytesMax = 256 << 20 });
        var slow = Enumerable.Range(0, 20).Select(_ => RawRequest.To(bench)).ToList();
        foreach (var raw in slow)
        {
            raw.Write($"PUT /v1/objects/logs/domain/runs/r/draft-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer intake\r\nIf-None-Match: *\r\nContent-Length: 1000000\r\nContent-Digest: {Digests.Write(default)}\r\n\r\nx");
        }

        using var client = bench.Open("intake");
        Assert.True(client.TryCreate(ObjectName.RunObject("domain", "r", "draft-2"), "served"u8));
        var answers = await Task.WhenAll(slow.Select(raw => Task.Factory.StartNew(raw.ReadAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(answers, answer => Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), answer));
        Assert.All(answers, answer => Assert.DoesNotContain("permanent\r\n", answer, StringComparison.Ordinal)); // The client sends it again.
        slow.ForEach(raw => raw.Dispose());
        Assert.Null(bench.Storage.Open(ObjectName.RunObject("domain", "r", "draft-1")));
    }

    [Fact]
    public void Certificates_of_clients_are_judged_when_they_ask()
    {
        using var authority = Certificates.Authority("ours");
        using var stranger = Certificates.Authority("theirs");
        using var listed = Certificates.SelfSigned("listed");
        using var bench = new ServerBench(options => options with
        {
            ClientAuthorities = [authority],
            Clients = [.. options.Clients, new Client("by-fingerprint", PeerRole.Read, ["domain"], null, Convert.ToHexStringLower(SHA256.HashData(listed.RawData)))],
        });
        foreach (var (certificate, status) in new (X509Certificate2, int)[]
        {
            (listed, 200),
            (Certificates.Signed(authority, "read", TimeSpan.FromDays(1)), 200),
            (Certificates.Signed(authority, "nobody", TimeSpan.FromDays(1)), 401),
            (Certificates.SignedAs(authority, "OU=read"), 401),
            (Certificates.SignedAs(authority, "O=read, OU=read, E=read"), 401),
            (Certificates.SignedAs(authority, "CN=read, CN=admin"), 401),
            (Certificates.SignedAs(authority, "CN=read+OU=x"), 401),
            (Certificates.SignedAs(authority, "OU=admin, CN=read"), 200),
            (Certificates.Signed(authority, "read", TimeSpan.FromDays(-1)), 401),
            (Certificates.Signed(stranger, "read", TimeSpan.FromDays(1)), 401),
            (Certificates.SelfSigned("read"), 401),
        })
        {
            var answer = RawRequest.Answer(bench, "GET /v1 HTTP/1.1", certificate: certificate);
            Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        }
    }

    private static byte[] SealLine(long number, Digest snapshot, Digest previous, string run, DateTimeOffset wall = default) => Shared.Journal.JournalLine.Write(
    [
        new("seal", number), new("snapshot", snapshot), new("run", run), new("wall", wall), new("previous", previous),
    ]).Line;

    private static bool Create(HttpBackend client, Snapshot snapshot)
    {
        var file = SnapshotCodec.Encode(snapshot);
        return client.TryCreate(ObjectName.Snapshot(Digest.Of(file)), file);
    }

    private static void Refused(Action attempt) => Assert.Equal(ErrorCode.RemoteContentRefused, Assert.Throws<AslException>(attempt).Error.Code);

    /// <summary>Every file of the store with its digest.</summary>
    private Dictionary<string, string> Files() => Directory.EnumerateFiles(_bench.StoreFolder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetRelativePath(_bench.StoreFolder, path), path => Digest.Of(File.ReadAllBytes(path)).ToString());

    /// <summary>The log has a line of it, a moment after the connection is closed.</summary>
    private void AssertToldOf(string reason, ServerBench? bench = null)
    {
        var log = (bench ?? _bench).Log;
        Assert.True(SpinWait.SpinUntil(() => log.Lines.Any(line => line.Contains("refused before it was a request: ", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal)), TimeSpan.FromMinutes(1)), string.Join('\n', log.Lines));
    }
}
