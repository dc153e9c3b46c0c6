using System.Text;
using System.Text.Json;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Imaging;
using AslRescue.Intake.Steps;
using AslRescue.Preflight.Explanations;
using AslRescue.Shared;
using AslRescue.Shared.Devices;

namespace AslRescue.Fuzz.Targets;

/// <summary>What operators, their tools and preflight hand to intake.</summary>
internal static class IntakeTargets
{
    private static readonly string Scratch = Path.Combine(Path.GetTempPath(), $"asl-fuzz-{Environment.ProcessId}");

    internal static ApprovalRequest Request { get; } = new()
    {
        Run = "20261123T020000Z-0123abcd",
        Nonce = "00112233445566778899aabbccddeeff",
        Kind = BackendKinds.LocalZfs,
        Pool = new("1234567890", "tank", false, "host", "0000abcd"),
        Dataset = "tank/asl",
        Mount = "/mnt/asl/local",
        Force = true,
        Sources = [new("/srv", SourceOrigins.Trusted)],
        Decision = Digest.Of("x"u8).ToString(),
    };

    internal static Approval Approved { get; } = new()
    {
        Request = Request.Id().ToString(),
        By = Approvers.Configuration,
        Boot = "b",
        Monotonic = 1,
        Wall = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero),
    };

    internal static IEnumerable<FuzzTarget> All =>
    [
        new("mapfile", Map) { Seeds = () => [("ddrescue", "# Mapfile\n0x00000000 ? 1\n0x00000000  0x00001000  +\n0x00001000  0x00000200  -\n0x1200 01000 *\n0x2000 4096 /\n"u8.ToArray())] },
        new("control-request", Line) { Seeds = () => ((string[])["status", "approve", "add", "key"]).Select(verb => (verb, Encoding.UTF8.GetBytes($"{{\"verb\":\"{verb}\",\"id\":\"0011\",\"source\":\"/srv\",\"key\":\"AAAA\"}}"))) },
        new("control-answer", Answer) { Seeds = Answers },
        new("approval-request", bytes => Documented(bytes, ApprovalRequest.Parse, Ask)) { Seeds = () => [("zfs", Request.Bytes())] },
        new("approval", bytes => Documented(bytes, Approval.Parse, approval => _ = approval.WhyVoid(default, "b", default, false, default))) { Seeds = () => [("configuration", Approved.Bytes())] },
        new("evidence", Evidence) { Seeds = () => [("failure", FailureDocument.Of(new(Shared.Errors.ErrorCode.StoreIo, "x") { Fix = "y" }, true).Bytes())] },
        new("decision-record", Record) { BytesFixed = 16 << 20, InputBytesMax = 16 << 10, Seeds = () => Fixtures.Files("tests/AslRescue.Preflight.Tests", "*preflight*.json").Concat(Decisions()) },
        new("clients-conf", bytes => WithFile(bytes, path => FuzzTarget.Refusing(() => AslRescue.Shared.Configuration.ClientFile.Read(path)))) { BytesPerByte = 16 << 10, InputBytesMax = 4 << 10, Seeds = Clients },
        new("secret-file", Secret) { InputBytesMax = 1 << 10, Seeds = Keys },
    ];

    private static void Map(byte[] bytes)
    {
        if (FuzzTarget.Refusing(() => Mapfile.Parse("mapfile", bytes)) is not { } mapfile)
        {
            return;
        }

        foreach (var (size, sector) in ((long, int)[])[(1 << 20, 512), (4097, 4096), (long.MaxValue, 512), (0, 512)])
        {
            var map = mapfile.ToMap(size, sector, readsOnlyGood: false);
            var text = Mapfile.Format(map, "fuzz");
            FuzzTarget.Holds(Mapfile.Format(Mapfile.Parse("again", Encoding.ASCII.GetBytes(text)).ToMap(size, 1, readsOnlyGood: false), "fuzz").Length > 0, "a mapfile of ours is none");
            _ = mapfile.ToMap(size, sector, readsOnlyGood: true);
        }
    }

    private static void Line(byte[] bytes)
    {
        if (ControlServer.Parse(bytes).Request is { } request)
        {
            _ = ControlServer.Command(request, new Peer(0, null)).Who;
        }
    }

    private static void Answer(byte[] bytes)
    {
        var answer = FuzzTarget.Refusing(() => ControlAnswer.Parse(bytes), typeof(JsonException));
        _ = answer?.Error?.ToError().ToString();
        _ = answer?.Status?.ToJson();
    }

    private delegate T Parse<T>(ReadOnlySpan<byte> bytes);

    private static void Documented<T>(byte[] bytes, Parse<T> parse, Action<T> use) where T : class
    {
        if (FuzzTarget.Refusing(() => parse(bytes), typeof(JsonException)) is { } document)
        {
            use(document);
        }
    }

    private static void Ask(ApprovalRequest request)
    {
        FuzzTarget.Holds(ApprovalRequest.Parse(request.Bytes()).Id() == request.Id(), "a request is not stable");
        FuzzTarget.Refusing(() => (request.Backend(), request.Warning(), request.BackendPlaces().Count));
    }

    private static void Evidence(byte[] bytes)
    {
        Documented(bytes, FailureDocument.Parse, failure => _ = failure.ToError().ToString());
        Documented(bytes, AttachedBackend.Parse, attached => _ = attached.IsOf(Request));
        if (DiskCounts.TryParse(bytes) is { } counts)
        {
            _ = DiskWrite.Of([counts, counts with { When = DiskMoments.Sealing }]).Sum(write => write.IsAgainstExpectation ? 1 : 0);
        }
    }

    /// <summary>Intake's reading of preflight's record, and that of whoever explains it.</summary>
    private static void Record(byte[] bytes)
    {
        FuzzTarget.Refusing(() => DecisionJson.Read(bytes), typeof(JsonException));
        FuzzTarget.Refusing(() => DecisionView.Of(bytes), typeof(JsonException));
        FuzzTarget.Refusing(() => RecordedDecision.Parse("preflight.json", bytes));
    }

    private static void Secret(byte[] bytes) => WithFile(bytes, path =>
    {
        FuzzTarget.Refusing(() => Secrets.Read(path, null, "token"));
        FuzzTarget.Refusing(() => SnapshotSigner.Load(path, null));
    });

    /// <summary>For what is only read from files: one of mode 0600.</summary>
    private static void WithFile(byte[] bytes, Action<string> read)
    {
        File.WriteAllBytes(Scratch, bytes);
        File.SetUnixFileMode(Scratch, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            read(Scratch);
        }
        finally
        {
            File.Delete(Scratch);
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Answers()
    {
        yield return ("error", """{"ok":false,"error":{"code":"ASL6007","what":"x","fix":"y"}}"""u8.ToArray());
        yield return ("status", """{"ok":true,"status":{"run":"r","state":"Ingesting","reason":"x","type":["asl-intake cancel"],"journalHash":"","progress":{"doneBytes":1,"expectedBytes":2,"entries":1,"problems":0,"phase":"reading"}}}"""u8.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Content)> Decisions()
    {
        yield return ("local", """{"format":1,"bootId":"b","decision":{"mode":"local","approval":"required","row":"r","because":"x"},"target":{"pool":"tank","poolGuid":1,"poolState":"exported"},"table":{"digest":"a","proofDigest":"b"},"facts":[{"id":"config.mode","value":"auto","because":"x","evidence":[]}],"pools":[],"settings":{},"probes":[]}"""u8.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Content)> Clients()
    {
        yield return ("two", """
            [[clients]]
            name = "rescue"
            token-sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            role = "intake"
            domains = ["lab"]
            [[clients]]
            name = "auditor"
            certificate-sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            role = "read"
            domains = ["*"]
            """u8.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Content)> Keys()
    {
        yield return ("token", "0123456789abcdef\n"u8.ToArray());
        yield return ("key", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"u8.ToArray());
    }
}
