using System.Text;
using System.Text.Json;
using AslRescue.Backend.Objects;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Fuzz.Targets;

/// <summary>What a client reads of a server, and what a server takes from a client.</summary>
internal static class RemoteTargets
{
    private const string Run = "20261123T020001Z-00000001";
    private static readonly Lazy<MemoryBackend> Served = new(Serve);
    private static readonly Lazy<IReadOnlyList<byte[]>> ServedRoots = new(() => [.. RootsOf(Served.Value)]);

    internal static IEnumerable<FuzzTarget> All =>
    [
        new("http-answer", Answers) { Seeds = AnswerSeeds },
        new("http-missing", Missing) { Seeds = () => [("names", RemoteWire.WriteNames([ObjectName.Block(Digest.Of("a"u8)), ObjectName.Segment(Digest.Of("b"u8))]))] },
        new("http-lease", Lease) { Seeds = () => [("holder", RemoteWire.WriteLease("0f1e2d3c4b5a69788796a5b4c3d2e1f0"))] },
        new("http-cosign", Cosign) { Seeds = CheckpointSeeds },
        new("server-block", bytes => Sent(bytes, content => $"blocks/{BlockRepair.NameOf(content).ToString()[..2]}/{BlockRepair.NameOf(content)}", BlockRepair.Of)) { BytesFixed = 80 << 20, Seeds = () => Fixtures.Objects("blocks/") },
        new("server-segment", bytes => Sent(bytes, content => $"segments/{Digest.Of(content)}", SegmentRepair.Of)) { Seeds = () => Fixtures.Objects("segments/") },
        new("server-snapshot", bytes => Sent(bytes, content => $"snapshots/{Digest.Of(content)}")) { BytesFixed = 16 << 20, Seeds = () => Fixtures.Objects("snapshots/") },
        new("server-log", Logs) { Seeds = () => Fixtures.Objects("seals/").Concat(Fixtures.Objects("runs/")) },
    ];

    private static void Answers(byte[] bytes)
    {
        FuzzTarget.Refusing(() => RemoteAnswers.Read(new MemoryStream(bytes), RemoteWire.ReadFacts).MayUse("lab"), typeof(RemoteFault));
        FuzzTarget.Refusing(() => RemoteAnswers.Read(new MemoryStream(bytes), RemoteWire.ReadNames).Count, typeof(RemoteFault));
        if (FuzzTarget.Refusing(() => RemoteAnswers.Read(new MemoryStream(bytes), RemoteWire.ReadPage), typeof(RemoteFault)).Items is { } items)
        {
            FuzzTarget.Holds(items.TrueForAll(item => item.Name.Length > 0 && !item.Name.Contains('/', StringComparison.Ordinal) && item.Name is not ("." or "..") && item.Length >= 0), "a listing has a name that is none");
        }

        _ = RemoteAnswers.ReadProblem(new MemoryStream(bytes))?.Code;
    }

    /// <summary>The body of POST /v1/missing, as FolderRequests reads it: it refuses by the two exceptions named here.</summary>
    private static void Missing(byte[] bytes) =>
        Json(bytes, body => RemoteWire.ReadNames(body).Select(ObjectPath.TryParse).Count(path => path is not null), typeof(KeyNotFoundException), typeof(InvalidOperationException));

    /// <summary>The body of PUT and DELETE of a lease; who holds it then is nobody else.</summary>
    private static void Lease(byte[] bytes)
    {
        if (Json(bytes, LeaseRequests.HolderOf) is not { } holder)
        {
            return;
        }

        FuzzTarget.Holds(Json(RemoteWire.WriteLease(holder), LeaseRequests.HolderOf) == holder, "a holder is another one once it is written and read again");
        using var storage = new MemoryBackend();
        var leases = new LeaseObjects(storage, new ManualTime());
        FuzzTarget.Holds(leases.TryAcquire("lab", Run, holder) is not null && leases.TryAcquire("lab", Run, holder) is not null, "a free lease is not granted, or not renewed");
        FuzzTarget.Holds(leases.TryAcquire("lab", Run, holder + "?") is null && !leases.Release("lab", Run, holder + "?"), "another holder takes the lease, or gives it back");
        FuzzTarget.Holds(leases.Release("lab", Run, holder) && leases.TryAcquire("lab", Run, holder + "?") is not null, "a lease is not given back");
    }

    /// <summary>The body of POST of a checkpoint: cosigned is what the store holds, and nothing else.</summary>
    private static void Cosign(byte[] bytes)
    {
        if (Json(bytes, body => CosignRequests.CheckpointOf(body, "lab", Run)) is not var (checkpoint, size, root))
        {
            return;
        }

        FuzzTarget.Holds(JournalNote.Body(JournalNote.Origin("lab", Run), size, root).AsSpan().SequenceEqual(checkpoint), "other bytes would be signed than were understood");
        using var store = ArtifactStore.Open(Served.Value);
        var refusal = FuzzTarget.Refusing(() => new CosignRequests(store, witness: null, new ManualTime()).WhyNot("lab", Run, size, root, CancellationToken.None));
        FuzzTarget.Holds(refusal is null or { Why.Length: > 0 }, "a refusal without a reason");
        FuzzTarget.Holds((refusal is null) == (size < ServedRoots.Value.Count && root.AsSpan().SequenceEqual(ServedRoots.Value[(int)size])), "a checkpoint is cosigned that the store does not hold, or one that it holds is not");
    }

    /// <summary>A body as <see cref="FolderRequests.ReadJsonAsync"/> parses it, which answers what is no JSON.</summary>
    private static T? Json<T>(byte[] bytes, Func<JsonElement, T> read, params Type[] documented) => FuzzTarget.Refusing(
        () =>
        {
            using var document = JsonDocument.Parse(new MemoryStream(bytes), FolderRequests.JsonOptions);
            return read(document.RootElement);
        },
        [typeof(JsonException), .. documented]);

    private static void Sent(byte[] bytes, Func<byte[], string> pathOf, Func<byte[], byte[]>? repair = null)
    {
        foreach (var content in (byte[][])(repair is null ? [bytes] : [bytes, repair(bytes)]))
        {
            Offer(pathOf(content), content);
        }
    }

    private static void Logs(byte[] bytes)
    {
        Offer("logs/lab/seals/0000000004", bytes);
        Offer($"logs/lab/runs/{Run}/0000000005", bytes);
        Offer("logs/lab/runs/another/0000000001", bytes);
    }

    /// <summary>As a client of the domain sends it; what is refused is refused with words.</summary>
    private static void Offer(string path, byte[] content)
    {
        using var store = ArtifactStore.Open(Served.Value);
        using var buffers = new BodyBuffers();
        using var room = new MemoryStream();
        var parsed = ObjectPath.TryParse(path)!;
        using var body = new Body(parsed.Name, content.Length, buffers, room, isHashed: false);
        body.Add(content);
        var refusal = FuzzTarget.Refusing(() => new Acceptance(store, new DomainObjects(Served.Value, TimeProvider.System), new SignerList([])).WhyNot(parsed, body, "lab"));
        FuzzTarget.Holds(refusal is null or { Why.Length: > 0 }, "a refusal without a reason");
    }

    private static MemoryBackend Serve()
    {
        var backend = new MemoryBackend();
        var folder = Path.Combine(Fixtures.Root, "tests/AslRescue.Store.Tests/fixtures/store-1");
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            backend[Path.GetRelativePath(folder, file)] = File.ReadAllBytes(file);
        }

        return backend;
    }

    private static IEnumerable<(string Name, byte[] Content)> AnswerSeeds()
    {
        yield return ("facts", RemoteWire.WriteFacts(new() { Program = "asl-backend 0.1.0", Format = "00", Caller = "c", Role = "read", Domains = ["lab", "*"] }));
        yield return ("page", RemoteWire.WritePage([new("a", false, 5), new("b", true, 0)], "b"));
        yield return ("names", RemoteWire.WriteNames([ObjectName.Block(Digest.Of("a"u8))]));
        yield return ("problem", """{"type":"about:blank","title":"t","status":422,"detail":"d","code":"ASL8004","fix":"f","permanent":true}"""u8.ToArray());
    }

    /// <summary>The roots of the first 0, 1, 2… records of the run.</summary>
    private static IEnumerable<byte[]> RootsOf(MemoryBackend backend)
    {
        var tree = new JournalTree();
        yield return tree.Root();
        foreach (var path in backend.Paths.Where(path => path.StartsWith($"logs/lab/runs/{Run}/00", StringComparison.Ordinal)))
        {
            foreach (var line in Encoding.UTF8.GetString(backend[path]).Split('\n')[..^1])
            {
                tree.Add(Encoding.UTF8.GetBytes(line));
                yield return tree.Root();
            }
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> CheckpointSeeds()
    {
        static byte[] Of(long size, byte[] root) => RemoteWire.WriteCheckpoint(JournalNote.Body(JournalNote.Origin("lab", Run), size, root));
        var roots = ServedRoots.Value;
        yield return ("whole", Of(roots.Count - 1, roots[^1]));
        yield return ("first", Of(1, roots[1]));
        yield return ("longer", Of(roots.Count, roots[^1]));
        yield return ("another", Of(roots.Count - 1, roots[1]));
    }
}
