using System.CommandLine;
using AslRescue.Audit;
using AslRescue.Audit.Files;
using AslRescue.Audit.Notes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;

namespace AslRescue.Tools.Verbs;

/// <summary>What the audit verbs look at: copied files, or a store; and what the auditor brings to measure it by.</summary>
internal static class AuditInput
{
    private const long FileBytesMax = 256L << 20;


    internal static Argument<string[]> Paths { get; } = new("PATH")
    {
        Description = "copied evidence: a store, folders out of one, /var/lib/asl/runtime, a run in it, a journal's file; several are held against each other",
        Arity = ArgumentArity.ZeroOrMore,
    };

    internal static Option<string?> Run { get; } = new("--run") { Description = "only this run", HelpName = "RUN" };

    internal static Option<string[]> Keys { get; } = new("--key")
    {
        Description = "a public key that is trusted: 64 hexadecimal digits, or a verifier key NAME+ID+BASE64",
        HelpName = "KEY",
    };

    internal static Option<string[]> Checkpoints { get; } = new("--checkpoint") { Description = "a checkpoint that was kept elsewhere", HelpName = "FILE" };

    internal static Option<string[]> Seals { get; } = new("--seal") { Description = "the hash of a seal, as it was noted down", HelpName = "HASH" };

    internal static Option<string?> Rules { get; } = new("--rules")
    {
        Description = "rule files that are known to be right: the recorded ones must be the same bytes",
        HelpName = "DIR",
    };

    /// <summary>Gives a command what every audit verb takes.</summary>
    internal static void AddTo(Command command)
    {
        command.Arguments.Add(Paths);
        foreach (var option in (Option[])[CommonOptions.Store, Run, Keys, Checkpoints, Seals, Rules])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The verdict on what is named, by what the auditor brings.</summary>
    /// <exception cref="AslException">EvidenceMissing: also when there is none of the run that is asked for.</exception>
    internal static AuditResult Judge(ParseResult parsed, Func<EvidenceBundle, AuditTrust, string?, AuditResult> judge)
    {
        var result = judge(Bundle(parsed), Trust(parsed), parsed.GetValue(Run));
        return parsed.GetValue(Run) is { } run && result.Runs.Count == 0
            ? throw new AslException(new AslError(ErrorCode.EvidenceMissing, $"there is no evidence of run {run}") { Fix = "leave out --run to see which runs there are" })
            : WithKnownRules(parsed, result);
    }

    /// <summary>The evidence that is named; without any, that of the attached store and of this machine.</summary>
    /// <exception cref="AslException">EvidenceMissing, or the store cannot be opened.</exception>
    private static EvidenceBundle Bundle(ParseResult parsed)
    {
        var bundle = new EvidenceBundle();
        string[] paths = [.. (parsed.GetValue(Paths) ?? []).Select(Path.GetFullPath)];
        bundle.AddFiles(paths.Where(File.Exists).Select(path => (path, Read(path))));
        foreach (var path in paths.Where(path => !File.Exists(path)))
        {
            AddFolder(bundle, path);
        }

        if (paths.Length == 0 || parsed.GetValue(CommonOptions.Store) is not null)
        {
            using var store = CommonOptions.OpenStore(parsed);
            bundle.AddFolder(new BackendFiles(store.Backend));
        }

        // What this machine knows of the attached store's runs.
        if (paths.Length == 0 && parsed.GetValue(CommonOptions.Store) is null && IntakeComposition.Paths(parsed).Runtime is var runtime && Directory.Exists(runtime))
        {
            bundle.AddFolder(new RegularFiles(runtime));
        }

        foreach (var file in parsed.GetValue(Checkpoints) ?? [])
        {
            bundle.AddNote(file, Read(file));
        }

        return bundle;
    }

    /// <summary>What the auditor brought.</summary>
    private static AuditTrust Trust(ParseResult parsed) => new(
        [.. (parsed.GetValue(Keys) ?? []).Select(text => AuditKey.TryParse(text) ?? throw CommonOptions.Usage($"'{text}' is no key",
            "give 64 hexadecimal digits as in federation.conf, or a verifier key NAME+ID+BASE64"))],
        [.. (parsed.GetValue(Seals) ?? []).Select(text => Shared.Digest.TryParse(text, out _) ? text : throw CommonOptions.Usage($"'{text}' is no hash of a seal",
            "give 64 hexadecimal digits"))]);

    /// <summary>Holds recorded rule files against those that are known to be right.</summary>
    private static AuditResult WithKnownRules(ParseResult parsed, AuditResult result)
    {
        if (parsed.GetValue(Rules) is not { } folder)
        {
            return result;
        }

        Dictionary<string, string> known = new(StringComparer.Ordinal)
        {
            ["contract"] = Shared.Digest.Of(Read(Path.Combine(folder, "intake.toml"))).ToString(),
            ["table"] = Shared.Digest.Of(Read(Path.Combine(folder, "preflight.toml"))).ToString(),
        };
        var others = result.Runs.SelectMany(run => run.Documents.All)
            .Where(document => known.TryGetValue(document.Name, out var digest) && digest != document.Digest)
            .Select(document => new Finding(FindingKind.Contradicted, document.Record.Where, $"the recorded {document.Name} is not the one in {folder}"));
        return result with { Findings = [.. result.Findings, .. others] };
    }

    private static void AddFolder(EvidenceBundle bundle, string path)
    {
        if (!Directory.Exists(path) || !bundle.AddFolder(new RegularFiles(path)))
        {
            throw new AslException(new AslError(ErrorCode.EvidenceMissing, "there is no evidence here")
            {
                Where = path,
                Why = Directory.Exists(path) ? "no file in it is named like a journal, a seal or a checkpoint" : "there is no such file or folder",
                Fix = "name a store, a folder copied out of its logs, or a journal from /var/lib/asl/runtime/RUN",
            });
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            var name = Path.GetFileName(path);
            return new RegularFiles(Path.GetDirectoryName(path)!).Read(name, FileBytesMax) ?? throw new IOException("it is no regular file");
        }
        catch (EvidenceUnreadableException failure)
        {
            throw new AslException(new AslError(ErrorCode.EvidenceMissing, "a piece of evidence cannot be read") { Where = path, Why = failure.Why, Fix = "name a file that can be read" }, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.EvidenceMissing, "a piece of evidence cannot be read") { Where = path, Why = failure.Message, Fix = "name a file that can be read" }, failure);
        }
    }

    /// <summary>A directory, of which only regular files are opened: a pipe would be waited for, a device read without an end.</summary>
    private sealed class RegularFiles(string path) : IEvidenceFiles
    {
        private readonly FolderFiles _files = new(path);

        public string Place => _files.Place;

        public IReadOnlyList<string> List(string folder) => _files.List(folder);

        public byte[]? Read(string name, long bytesMax) =>
            Posix.StatAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(Path.Combine(path, name)), out var status) >= 0 && status.Kind != FileKind.Regular
                ? throw new EvidenceUnreadableException(Path.Combine(path, name), "it is no regular file", isMalformed: true)
                : _files.Read(name, bytesMax);
    }

    /// <summary>A store's objects, for the verifier: over https too.</summary>
    private sealed class BackendFiles(IBackend backend) : IEvidenceFiles
    {
        public string Place => backend.Location;

        public IReadOnlyList<string> List(string folder) =>
            folder.Length == 0 ? ["logs"] : [.. Guarded(folder, () => backend.List(folder).Select(item => item.Name).Order(StringComparer.Ordinal).ToList())];

        public byte[]? Read(string name, long bytesMax) => ObjectPath.TryParse(name) is not { } path ? null : Guarded(name, () =>
        {
            using var found = backend.Open(path.Name);
            return found is null ? null
                : found.Length > bytesMax ? throw new EvidenceUnreadableException(name, $"it has {found.Length} bytes, and none of its kind has more than {bytesMax}", isMalformed: true)
                : backend.ReadAll(path.Name);
        });

        private static T Guarded<T>(string name, Func<T> read)
        {
            try
            {
                return read();
            }
            catch (AslException failure)
            {
                throw new EvidenceUnreadableException(name, failure.Error.Why ?? failure.Error.What, inner: failure);
            }
        }
    }
}
