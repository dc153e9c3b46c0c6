using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Steps;
using AslRescue.LibAsl.Calls;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>
/// Every error number has its text in a golden file, raised by the code that raises it on a rescue console: golden/error-ASLnnnn.txt, and
/// those of <see cref="ErrorTests"/>.
/// </summary>
public sealed partial class ErrorCodeTests : IDisposable
{
    private const string Local = "local.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n";
    private const string Approved = Local + "local.approve-import = \"/mnt/backend\"\n";

    /// <summary>Numbers that nothing raises yet; the code must not mention them but where a number is read back.</summary>
    private static readonly ErrorCode[] Reserved = [ErrorCode.BackendUnsupported];

    private readonly Scratch _scratch = new();
    private readonly Dictionary<ErrorCode, Func<string>> _raise;

    public ErrorCodeTests() => _raise = new()
    {
        [ErrorCode.ConfigUnreadable] = () => { Directory.CreateDirectory(_scratch.PathOf("machine/etc/asl/asl.conf")); return Fail("asl-admin", "config"); },
        [ErrorCode.ConfigSyntax] = () => Configured("mode auto\n"),
        [ErrorCode.ConfigWrongType] = () => Configured("intake.retry.attempts = \"many\"\n"),
        [ErrorCode.ConfigBadValue] = () => Configured("mode = sideways\n"),
        [ErrorCode.ConfigConflict] = Conflict,
        [ErrorCode.StoreFormatUnknown] = () => Damaged("format.toml", text => text.Replace("format = 1", "format = 99", StringComparison.Ordinal)),
        [ErrorCode.FormatCorrupt] = () => Damaged("format.toml", text => text + "more = 1\n"),
        [ErrorCode.StoreIo] = () => Fail("asl-admin", "init", "--store", "/proc/store"),
        [ErrorCode.SegmentCorrupt] = () => DamagedObject("segments"),
        [ErrorCode.SnapshotCorrupt] = () => DamagedObject("snapshots"),
        [ErrorCode.LogCorrupt] = () => DamagedObject("logs/rescue-domain/seals"),
        [ErrorCode.ObjectMissing] = MissingBlock,
        [ErrorCode.ArtifactMissing] = () => Raised((store, _) => ReadArtifact(store, Digest.Of("nothing"u8))),
        [ErrorCode.TreeCorrupt] = () => Raised((store, index) => ReadTree(store, index)),
        [ErrorCode.RunBusy] = BusyRun,
        [ErrorCode.RunMismatch] = OtherSources,
        [ErrorCode.RulesSyntax] = () => Table(text => text + "[[mode.row\n"),
        [ErrorCode.RulesInvalid] = () => Table(text => text.Replace("when.local.kind = \"unknown\"", "when.local.kindness = \"unknown\"", StringComparison.Ordinal)),
        [ErrorCode.RulesGap] = () => Table(text => RowCalled("directory-usable").Replace(text, "")),
        [ErrorCode.RulesOverlap] = () => Table(text => text + RowCalled("directory-usable").Match(text).Value.Replace("directory-usable", "again", StringComparison.Ordinal)),
        [ErrorCode.RulesLemma] = () => Table(text => RowCalled("config-unreadable").Replace(text, row => row.Value.Replace("then = \"wait\"", "then = \"remote\"\napproval = \"required\"", StringComparison.Ordinal))),
        [ErrorCode.RulesUnreachable] = () => Table(Unreachable),
        [ErrorCode.IntakeBusy] = () => Served(Local, () => Fail("asl-intake", "serve")),
        [ErrorCode.ApprovalDenied] = () => Ended(Local, () => _scratch.Intake("deny", Asked()[..8]).EndsWith(0)),
        [ErrorCode.ApprovalAwaited] = () => Ended(Local + "intake.approval-timeout = \"1s\"\n", () => { }),
        [ErrorCode.RunCancelled] = () => Ended(Local, () => { Asked(); _scratch.Intake("cancel").EndsWith(0); }),
        [ErrorCode.Interrupted] = () => Ended(Local, () => Asked(), isStopped: true),
        [ErrorCode.ContractViolated] = () => BrokenContract(text => ClauseCalled("IN-12").Replace(text, "")),
        [ErrorCode.ContractUnproved] = () => BrokenContract(text => text + "[[clause\n"),
        [ErrorCode.RequestRefused] = () => Served(Local, () => Fail("asl-intake", "approve", "00000000")),
        [ErrorCode.IntakeNotRunning] = () => { Stage(Local); return Fail("asl-intake", "approve", "00000000"); },
        [ErrorCode.EvidenceMissing] = () => Fail("asl-admin", "audit", "verify", _scratch.PathOf("nothing")),
        [ErrorCode.AttachFailed] = () => Retried(Approved, () => Directory.Delete(_scratch.PathOf("machine/mnt/backend"))),
        [ErrorCode.EndpointUnreachable] = () => Retried("mode = remote\nremote.endpoint = \"https://127.0.0.1:9\"\nremote.approve = true\nintake.sources = [\"/mnt/crashed\"]\n", () => { }),
        [ErrorCode.RemoteRequestInvalid] = () => AtServer(server => Fail("asl-admin", ["snapshots", .. server.At("/elsewhere"), "--token-file", server.Token("read")])),
        [ErrorCode.RemoteUnauthenticated] = () => AtServer(server => Fail("asl-admin", ["snapshots", .. server.At()])),
        [ErrorCode.RemoteForbidden] = () => AtServer(server => Ingested(server, "read")),
        [ErrorCode.RemoteContentRefused] = () => AtServer(BlockLost),
        [ErrorCode.SignatureRefused] = Unsigned,
        [ErrorCode.RemoteUntrusted] = () => AtServer(server => Fail("asl-admin", "snapshots", "--store", server.Url, "--token-file", server.Token("read"))),
        [ErrorCode.OverlayContractUnreadable] = () => Fail("asl-admin", "contract", "check", "--overlay", _scratch.PathOf("nothing")),
        [ErrorCode.OverlayContractInvalid] = () => Fail("asl-admin", "contract", "check", "--rules", Edited("overlay.toml", text => text + "\n[[path]]\nclause = \"OV-99\"\n")),
        [ErrorCode.OverlayUnreadable] = () => Fail("asl-admin", "contract", "check", "--overlay", _scratch.PathOf("nothing"), "--rules", Checkout.PathOf("rules/overlay.toml")),
        [ErrorCode.RuntimeUnwritable] = Unwritable,
        [ErrorCode.DecisionMissing] = () => Fail("asl-admin", "explain"),
        [ErrorCode.DecisionUnreadable] = () => { WriteMachine("run/asl/preflight.json", "{}"); return Fail("asl-admin", "explain"); },
        [ErrorCode.DecisionStale] = () => Explained("proc/sys/kernel/random/boot_id", _ => "another\n"),
        [ErrorCode.DecisionOfAnotherTable] = () => Explained("etc/asl/rules/preflight.toml", text => text + "# another\n"),
        [ErrorCode.DecisionUnproved] = () => Explained("etc/asl/rules/preflight.toml", text => text + "[[mode.row\n", decidesAgain: true),
        [ErrorCode.SourceInUse] = () => new SourceVerdict("/dev/sda", GuardRule.InUse, "/dev/sda1 is mounted for writing at /mnt/old", "umount /mnt/old", []).Refusal!.ToString(),
        [ErrorCode.TargetRefused] = () => { _scratch.Ingest(); return Fail("asl-admin", "restore", "latest", "--store", _scratch.Store, "--to", Path.Combine(_scratch.Store, "back")); },
        [ErrorCode.WriteRefused] = StateOnSource,
        [ErrorCode.RangeUnreadable] = () => LibraryErrors.Unreadable("disk.img"u8.ToArray(), new(ContentItem.BadRange(4096, 5), 8192)).ToString(),
        [ErrorCode.HandleInvalid] = () => LibraryErrors.NoHandle(0x0400000001000002).Error.ToString(),
        [ErrorCode.ArgumentInvalid] = () => LibraryErrors.Argument("pin", "it is not the 64 hexadecimal digits of a SHA-256").Error.ToString(),
        [ErrorCode.BufferTooSmall] = () => LibraryErrors.TooSmall(65, 64).Error.ToString(),
        [ErrorCode.LibraryUnusable] = () => LibraryErrors.Forked.ToString(),
        [ErrorCode.MapfileInvalid] = () =>
        {
            _scratch.WriteSource("mapfile", "nonsense\n");
            return Fail("asl-intake", "ingest", _scratch.Source, "--store", _scratch.Store, "--mapfile", _scratch.PathOf("source/mapfile"));
        },
    };

    public static TheoryData<ErrorCode> Codes
    {
        get
        {
            using var any = new ErrorCodeTests();
            return [.. any._raise.Keys];
        }
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Codes))]
    public void An_error_says_what_where_why_and_what_to_do(ErrorCode code)
    {
        var number = $"ASL{(int)code}";
        var text = ErrorOf(_raise[code](), number);

        Assert.Contains("\n  fix:   ", text, StringComparison.Ordinal);
        Golden.Equal($"error-{number}", Varying().Replace(_scratch.WithPlaceholders(text), "N") + "\n");
    }

    [Fact]
    public void Every_error_number_has_a_golden_file_and_every_golden_file_an_error_number()
    {
        var shown = Directory.EnumerateFiles(Checkout.PathOf("tests/AslRescue.Tools.Tests/golden"), "error-*.txt")
            .SelectMany(file => Shown().Matches(File.ReadAllText(file)).Select(match => int.Parse(match.Groups[1].Value)))
            .ToHashSet();
        var known = Enum.GetValues<ErrorCode>().Except(Reserved).Select(code => (int)code).ToHashSet();

        Assert.True(known.IsSubsetOf(shown), $"without a golden file: {string.Join(", ", known.Except(shown).Order())}");
        Assert.True(shown.IsSubsetOf(known), $"golden files of no error: {string.Join(", ", shown.Except(known).Order())}");
    }

    [Fact]
    public void Numbers_that_are_said_to_be_raised_by_nothing_are_raised_by_nothing()
    {
        var raising = Directory.EnumerateFiles(Checkout.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .Where(text => Reserved.Any(code => text.Contains($"new AslError(ErrorCode.{code},", StringComparison.Ordinal)));

        Assert.Empty(raising);
    }

    private static string ErrorOf(string text, string number)
    {
        var lines = text.Split('\n').SkipWhile(line => !line.StartsWith($"error {number}:", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count > 0, $"{number} is not in\n{text}");
        return string.Join('\n', lines.Take(1).Concat(lines.Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))));
    }

    private string Fail(string program, params string[] arguments)
    {
        var run = _scratch.Run(program, arguments);
        Assert.NotEqual(0, run.ExitCode);
        return run.Error;
    }

    private string Configured(string conf)
    {
        WriteMachine("etc/asl/asl.conf", conf);
        return Fail("asl-admin", "config");
    }

    private string Conflict()
    {
        WriteMachine("etc/asl/federation.conf", "domain.id = \"another\"\n");
        return Configured("domain.id = rescue-domain\n");
    }

    private void WriteMachine(string path, string content)
    {
        var full = _scratch.PathOf($"machine/{path}");
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }

    private string Damaged(string name, Func<string, string> change)
    {
        _scratch.WriteSource("letter", "dear");
        _scratch.Ingest();
        var path = Path.Combine(_scratch.Store, name);
        var text = change(File.ReadAllText(path));
        File.Delete(path);
        File.WriteAllText(path, text);
        return Fail("asl-admin", "verify", "--store", _scratch.Store);
    }

    private string DamagedObject(string folder)
    {
        _scratch.WriteSource("letter", "dear");
        _scratch.Ingest();
        var path = Directory.EnumerateFiles(Path.Combine(_scratch.Store, folder)).Order(StringComparer.Ordinal).First();
        var content = File.ReadAllBytes(path);
        content[content.Length / 2] ^= 0x20;
        File.Delete(path);
        File.WriteAllBytes(path, content);
        return Fail("asl-admin", "verify", "--store", _scratch.Store);
    }

    private string MissingBlock()
    {
        _scratch.WriteSource("letter", "dear");
        _scratch.Ingest();
        File.Delete(Directory.EnumerateFiles(Path.Combine(_scratch.Store, "blocks"), "*", SearchOption.AllDirectories).First());
        return Fail("asl-admin", "verify", "--store", _scratch.Store);
    }

    /// <summary>What the library raises where no verb of its own leads to it.</summary>
    private string Raised(Action<ArtifactStore, ArtifactIndex> act)
    {
        _scratch.WriteSource("letter", "dear");
        _scratch.Ingest();
        using var store = ArtifactStore.Open(_scratch.Store);
        using var index = new ArtifactIndex(store.Backend, store.Find("latest").Snapshot.Groups);
        return Assert.Throws<AslException>(() => act(store, index)).Error.ToString();
    }

    private static void ReadArtifact(ArtifactStore store, Digest key)
    {
        using var index = new ArtifactIndex(store.Backend, store.Find("latest").Snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        artifacts.Read(key);
    }

    /// <summary>A file's bytes taken for a list of roots.</summary>
    private static void ReadTree(ArtifactStore store, ArtifactIndex index)
    {
        using var artifacts = new ArtifactReader(store.Backend, index);
        new TreeReader(artifacts).Roots(Digest.Of("dear"u8));
    }

    private string BusyRun()
    {
        _scratch.WriteSource("letter", "dear");
        using var store = ArtifactStore.OpenOrCreate(_scratch.Store);
        using var run = IngestRun.Begin(store, new() { Sources = [_scratch.Source], Domain = "rescue-domain", Workers = 1 }, TimeProvider.System);
        return Assert.Throws<AslException>(() => IngestRun.Resume(store, "rescue-domain", run.Name, TimeProvider.System)).Error.ToString();
    }

    private string OtherSources()
    {
        _scratch.WriteSource("letter", "dear");
        var options = new IngestOptions { Sources = [_scratch.Source], Domain = "rescue-domain", Workers = 1 };
        string run;
        using (var store = ArtifactStore.OpenOrCreate(_scratch.Store))
        using (var begun = IngestRun.Begin(store, options, TimeProvider.System))
        {
            run = begun.Name;
        }

        using var ingest = new StoreIngest(options, TimeProvider.System, run);
        var backend = new AttachedBackend { Kind = "local-directory", Location = _scratch.Store, FileSystem = "" };
        var stop = TestContext.Current.CancellationToken;
        return Assert.Throws<AslException>(() =>
        {
            var prepared = ingest.PrepareAsync(backend, run, [_scratch.PathOf("bin")], stop).GetAwaiter().GetResult();
            ingest.IngestAsync(new JournalWriter(run, "boot", prepared.Journal, TimeProvider.System), new Progress<ProgressView>(), stop).GetAwaiter().GetResult();
        }).Error.ToString();
    }

    private string Edited(string rules, Func<string, string> change)
    {
        var path = _scratch.PathOf(rules);
        File.WriteAllText(path, change(File.ReadAllText(Checkout.PathOf($"rules/{rules}"))));
        return path;
    }

    private string Table(Func<string, string> change) => Fail("asl-admin", "rules", "check", "--rules", Edited("preflight.toml", change));

    private static string Unreachable(string text) => text
        .Replace("then = \"several\"", "then = \"none\"", StringComparison.Ordinal)
        .Replace("[\"several\", \"none\", \"unknown\"]", "[\"none\", \"unknown\"]", StringComparison.Ordinal)
        + "\n[[mode.row]]\nid = \"alone\"\nwhen.config.mode = \"local\"\nwhen.local.backend = \"several\"\n"
        + "when.approval.local = [\"config\", \"none\"]\nthen = \"wait\"\nbecause = \"…\"\n";

    /// <summary>A machine with the overlay's rules, a crashed disk and a place for a backend, and preflight's decision.</summary>
    private void Stage(string conf)
    {
        foreach (var rules in (string[])["preflight.toml", "intake.toml", "overlay.toml"])
        {
            WriteMachine($"etc/asl/rules/{rules}", File.ReadAllText(Checkout.PathOf($"rules/{rules}")));
        }

        WriteMachine("etc/asl/asl.conf", conf);
        WriteMachine("mnt/crashed/letter", "dear");
        Directory.CreateDirectory(_scratch.PathOf("machine/mnt/backend"));
        Directory.CreateDirectory(_scratch.PathOf("machine/var/lib/asl"));
        _scratch.Admin("preflight").EndsWith(0);
    }

    private Process Serve() => _scratch.StartInterruptible("asl-intake", "serve");

    private string Served(string conf, Func<string> act)
    {
        Stage(conf);
        var service = Serve();
        Asked();
        var text = act();
        _scratch.Intake("cancel").EndsWith(0);
        Scratch.Finish(service);
        return text;
    }

    /// <summary>What the service says when it ends.</summary>
    private string Ended(string conf, Action act, bool isStopped = false)
    {
        Stage(conf);
        var service = Serve();
        act();
        if (isStopped)
        {
            _scratch.Shell($"kill -TERM {service.Id}").EndsWith(0);
        }

        return Scratch.Finish(service).Error;
    }

    /// <summary>The id of the request, as soon as there is one.</summary>
    private string Asked() => Wait(status => status.TryGetProperty("request", out var request) ? request.GetProperty("id").GetString() : null);

    /// <summary>The error that a run stands at, as the status tells it.</summary>
    private string Retried(string conf, Action before)
    {
        Stage(conf + "intake.retry.attempts = 50\nintake.retry.delay-min = \"1s\"\n");
        before();
        var service = Serve();
        var error = Wait(status => status.TryGetProperty("error", out var found) ? found.GetRawText() : null);
        _scratch.Intake("cancel").EndsWith(0);
        Scratch.Finish(service);
        return System.Text.Json.JsonSerializer.Deserialize<Intake.Control.ControlError>(error, Web)!.ToError().ToString();
    }

    private static readonly System.Text.Json.JsonSerializerOptions Web = new(System.Text.Json.JsonSerializerDefaults.Web);

    private string Wait(Func<System.Text.Json.JsonElement, string?> find)
    {
        for (var deadline = Stopwatch.StartNew(); deadline.Elapsed < TimeSpan.FromMinutes(1); Thread.Sleep(50))
        {
            if (_scratch.Intake("status", "--json") is { ExitCode: 0 } run && find(run.Json()) is { } found)
            {
                return found;
            }
        }

        throw new TimeoutException("the service does not come to what is waited for");
    }

    private string BrokenContract(Func<string, string> change)
    {
        Stage(Approved);
        WriteMachine("etc/asl/rules/intake.toml", change(File.ReadAllText(Checkout.PathOf("rules/intake.toml"))));
        return Fail("asl-intake", "serve");
    }

    private string AtServer(Func<RunningBackend, string> fail)
    {
        using var server = new RunningBackend(_scratch);
        return fail(server);
    }

    private string Ingested(RunningBackend server, string token)
    {
        StageRules();
        _scratch.WriteSource("file", "content");
        return Fail("asl-intake", ["ingest", _scratch.Source, .. server.At(), "--token-file", server.Token(token)]);
    }

    /// <summary>What the next snapshot would rest on is gone from the server's disk.</summary>
    private string BlockLost(RunningBackend server)
    {
        StageRules();
        _scratch.WriteSource("file", "content");
        _scratch.Intake(["ingest", _scratch.Source, .. server.At(), "--token-file", server.Token("intake")]).EndsWith(0);
        foreach (var block in Directory.EnumerateFiles(Path.Combine(server.Store, "blocks"), "*", SearchOption.AllDirectories))
        {
            File.Delete(block);
        }

        _scratch.WriteSource("another", "other content");
        return Fail("asl-intake", ["ingest", _scratch.Source, "--rehash", .. server.At(), "--token-file", server.Token("intake")]);
    }

    /// <summary>A domain that federation.conf trusts, whose snapshots nobody signed.</summary>
    private string Unsigned()
    {
        WriteMachine("etc/asl/asl.conf", "domain.id = theirs\n");
        _scratch.WriteSource("file", "content");
        _scratch.Ingest();
        _scratch.Admin("init", "--store", _scratch.PathOf("target")).EndsWith(0);
        WriteMachine("etc/asl/asl.conf", "domain.id = ours\n");
        WriteMachine("etc/asl/federation.conf", "[[peers]]\nid = \"theirs\"\nendpoint = \"https://theirs.example\"\ntrust = true\nkeys = [\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"]\n");
        return Fail("asl-admin", "replicate", "--from", _scratch.Store, "--to", _scratch.PathOf("target"));
    }

    private void StageRules()
    {
        foreach (var rules in Directory.EnumerateFiles(Checkout.PathOf("rules"), "*.toml"))
        {
            WriteMachine($"etc/asl/rules/{Path.GetFileName(rules)}", File.ReadAllText(rules));
        }
    }

    private string Unwritable()
    {
        Stage(Local);
        Directory.Delete(_scratch.PathOf("machine/run/asl"), recursive: true);
        WriteMachine("run/asl", "a file where the folder should be");
        return Fail("asl-admin", "preflight");
    }

    /// <summary>A decision, and then something of what it rests on is changed.</summary>
    private string Explained(string path, Func<string, string> change, bool decidesAgain = false)
    {
        Stage(Local);
        var full = _scratch.PathOf($"machine/{path}");
        WriteMachine(path, change(File.Exists(full) ? File.ReadAllText(full) : ""));
        if (decidesAgain)
        {
            _scratch.Admin("preflight");
        }

        return Fail("asl-admin", "explain");
    }

    private string StateOnSource()
    {
        Stage(Local);
        Directory.Delete(_scratch.PathOf("machine/var/lib/asl"), recursive: true);
        Directory.CreateSymbolicLink(_scratch.PathOf("machine/var/lib/asl"), _scratch.PathOf("machine/mnt/crashed"));
        return Fail("asl-intake", "serve");
    }

    private static Regex RowCalled(string id) => new($@"\[\[(?:local|mode)\.row\]\]\nid = ""{id}""\n.*?(?=\n\[\[|\n\[|\n# ---|\z)", RegexOptions.Singleline);

    private static Regex ClauseCalled(string id) => new($@"\[\[clause\]\]\nid = ""{id}""\n.*?(?=\n\[\[|\z)", RegexOptions.Singleline);

    [GeneratedRegex("^error ASL([0-9]{4}):", RegexOptions.Multiline)]
    private static partial Regex Shown();

    [GeneratedRegex(@"(?<=uid )[0-9]+( at [a-z]+/?[0-9]+)?|(?<=127\.0\.0\.1:)[1-9][0-9]{2,}|(?<=offset )[0-9]+|[0-9]+(?= worlds| bytes hash)|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=it says )[0-9a-f]{8}")]
    private static partial Regex Varying();
}
