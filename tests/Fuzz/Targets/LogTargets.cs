using System.Text;
using System.Text.Json;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Logs;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Fuzz.Targets;

/// <summary>Journals, seals, leases and checkpoints: as they lie there, and with a chain that is right.</summary>
internal static class LogTargets
{
    private const string Run = "20261123T020000Z-0123abcd";
    private const string Domain = "lab";

    internal static IEnumerable<FuzzTarget> All =>
    [
        new("journal", bytes => FuzzTarget.Refusing(() => new JournalReader(Run).Read("journal", bytes).Count)) { Seeds = () => Fixtures.Objects("runs/") },
        new("history", History) { BytesFixed = 16 << 20, Seeds = Records },
        new("seal", Seal) { Seeds = () => Fixtures.Objects("seals/") },
        new("lease", Lease) { InputBytesMax = 256, Seeds = () => [("held", Encoding.ASCII.GetBytes($"asl-lease-1 {Digest.Of("x"u8)} 2026-11-23T02:00:00.0000000Z held\n"))] },
        new("checkpoint", Checkpoint) { Seeds = Checkpoints },
    ];

    /// <summary>Each line of an input is what follows a record's first fields: all a machine and an ingest read out of a journal that is whole.</summary>
    private static void History(byte[] bytes)
    {
        var lines = Chained(bytes);
        if (FuzzTarget.Refusing(() => new JournalReader(Run).Read("journal", lines)) is not { } records)
        {
            return;
        }

        FuzzTarget.Refusing(() => RunHistory.Of(records).Failures);
        using var backend = new MemoryBackend { [ObjectName.RunRecords(Domain, Run, 1).Path] = lines, [ObjectName.RunObject(Domain, Run, "draft-1").Path] = [1] };
        var log = new RunLog(backend, Domain, Run);
        FuzzTarget.Refusing(() => RunJournal.OptionsOf(log));
        FuzzTarget.Refusing(() => RunJournal.CanGoOn(log));
        FuzzTarget.Refusing(() => new RunJournal(log, new JournalWriter(Run, "boot", log, TimeProvider.System), ownsChain: true).Read());
        FuzzTarget.Holds(Leftovers.Of(backend).Find().Any(), "a run without a seal is no leftover");
    }

    internal static byte[] Chained(byte[] bytes)
    {
        var (all, previous, sequence, evidence) = (new MemoryStream(), default(Digest), 0, new Dictionary<string, Digest>());
        foreach (var written in Encoding.Latin1.GetString(bytes).Split('\n').Where(line => line.Length > 0))
        {
            var line = WithDigests(written, evidence);
            byte[] hashed = [.. Encoding.UTF8.GetBytes($"{{\"sequence\":{++sequence},\"run\":\"{Run}\",\"boot\":\"b\",\"monotonic\":{sequence},\"wall\":\"2026-11-23T02:00:00.0000000Z\","), .. Encoding.Latin1.GetBytes(line), .. Encoding.UTF8.GetBytes($",\"previous\":\"{previous}\"")];
            previous = Digest.Of(hashed);
            all.Write([.. hashed, .. Encoding.UTF8.GetBytes($",\"hash\":\"{previous}\"}}\n")]);
        }

        return all.ToArray();
    }

    /// <summary>"sha256":"@" becomes the digest of the document in the same line, "NAME:@" that of the newest document of a name.</summary>
    private static string WithDigests(string line, Dictionary<string, Digest> evidence)
    {
        try
        {
            using var document = JsonDocument.Parse($"{{{line}}}");
            if (document.RootElement.Text("name") is { } name && document.RootElement.Text("text") is { } text)
            {
                evidence[name] = Digest.Of(Encoding.UTF8.GetBytes(text));
                line = line.Replace("\"sha256\":\"@\"", $"\"sha256\":\"{evidence[name]}\"", StringComparison.Ordinal);
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return line;
        }

        return evidence.Aggregate(line, (all, one) => all.Replace($"\"{one.Key}:@\"", $"\"{one.Key}:{one.Value}\"", StringComparison.Ordinal));
    }

    private static void Seal(byte[] bytes)
    {
        using var backend = new MemoryBackend();
        var log = new SealLog(backend, Domain);
        FuzzTarget.Refusing(() => log.Parse(1, bytes));
        var end = bytes.AsSpan().LastIndexOf(",\"hash\""u8);
        if (end > 0)
        {
            var hash = Digest.Of(bytes.AsSpan(0, end));
            FuzzTarget.Refusing(() => log.Parse(1, [.. bytes[..end], .. Encoding.UTF8.GetBytes($",\"hash\":\"{hash}\"}}\n")]));
        }
    }

    private static void Lease(byte[] bytes)
    {
        using var backend = new MemoryBackend { [ObjectName.Lease(Domain, Run, 1).Path] = bytes };
        var leases = new LeaseObjects(backend, TimeProvider.System);
        FuzzTarget.Refusing(() => leases.TryRenew(Domain, Run, "a"));
        FuzzTarget.Refusing(() => leases.TryAcquire(Domain, Run, "b"));
        FuzzTarget.Refusing(() => leases.Release(Domain, Run, "b"));
    }

    private static void Checkpoint(byte[] bytes)
    {
        if (FuzzTarget.Refusing(() => CheckpointPart.ReadAll(bytes).ToList()) is { Count: > 0 } parts)
        {
            var writer = Store.Format.CborExtensions.NewWriter();
            parts.ForEach(part => part.Write(writer));
            FuzzTarget.Holds(CheckpointPart.ReadAll(writer.Encode()).Count() == parts.Count, "parts of files are not stable");
        }

        if (FuzzTarget.Refusing(() => ImageRecorder.Parse(bytes)) is { Count: > 0 } elements)
        {
            var writer = Store.Format.CborExtensions.NewWriter();
            elements.ToList().ForEach(element => element.Write(writer));
            FuzzTarget.Holds(ImageRecorder.Parse(writer.Encode()).Count == elements.Count, "parts of images are not stable");
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Checkpoints()
    {
        var writer = Store.Format.CborExtensions.NewWriter();
        new CheckpointPart(0, "a/b"u8.ToArray(), new(5, 10, new(1, 2), new(3, 4)), 0, 10, [ContentItem.Hole(10)], true).Write(writer);
        yield return ("file", writer.Encode());
        foreach (var kind in Enum.GetValues<ImagePartKind>())
        {
            new ImageElement(0, 0, 512, kind) { Items = [ContentItem.Hole(512)], Bytes = [1, 2, 3], Errno = 5 }.Write(writer);
        }

        yield return ("image", writer.Encode());
    }

    internal static IEnumerable<(string Name, byte[] Content)> Records()
    {
        var digest = Digest.Of("{}"u8);
        yield return ("ingest", Encoding.UTF8.GetBytes($"""
            "kind":"run-started","domain":"lab","sources":["/srv"],"started":"2026-11-23T02:00:00.0000000Z","base":0,"parents":[""],"one-file-system":false,"rehash":false,"case":"","examiner":"","note":"","program":"0.1.0","format":"{digest}","files-are-images":false,"retries":3,"scrape":true,"reverse":false,"time-budget":-1,"image-hash":true,"mapfile":"","mapfile-digest":""
            "kind":"checkpoint","blocks":["{digest}"],"checkpoint":"draft-1","digest":"{digest}"
            "kind":"image-started","source":0,"device":"10 bytes","written":5,"parent":"","why":""
            "kind":"sealing","root":"{digest}","draft":"draft-1","digest":"{Digest.Of([1])}"
            """));
        foreach (var (name, document, transition) in Documents())
        {
            yield return (name, Encoding.UTF8.GetBytes($"\"kind\":\"evidence\",\"name\":\"{name}\",\"sha256\":\"@\",\"part\":1,\"parts\":1,\"text\":{JsonSerializer.Serialize(Encoding.UTF8.GetString(document))}\n{transition}\n\"kind\":\"holding\",\"what\":\"pool\"\n\"kind\":\"detached\"\n"));
        }
    }

    private static IEnumerable<(string Name, byte[] Document, string Transition)> Documents()
    {
        yield return ("request", IntakeTargets.Request.Bytes(), Moved("Detecting", "decided", "AwaitingApproval", "request"));
        yield return ("approval", IntakeTargets.Approved.Bytes(), Moved("AwaitingApproval", "approved-local", "AttachingLocal", "approval"));
        yield return ("source", JsonSerializer.SerializeToUtf8Bytes(new AddedSource("/srv", 0, null, default), IntakeJson.Default.AddedSource), Moved("AwaitingApproval", "source-added", "AwaitingApproval", "source"));
        yield return ("failure", FailureDocument.Of(new(Shared.Errors.ErrorCode.StoreIo, "x") { Fix = "y" }, true).Bytes(), Moved("Ingesting", "failed", "Retrying", "failure"));
    }

    private static string Moved(string from, string trigger, string to, string evidence) =>
        $"\"kind\":\"transition\",\"from\":\"{from}\",\"trigger\":\"{trigger}\",\"to\":\"{to}\",\"clause\":\"IN-1\",\"evidence\":[\"{evidence}:@\"],\"reason\":\"x\"";
}
