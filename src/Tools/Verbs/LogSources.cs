using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Store.Backends;
using AslRescue.Store.Inspection;
using AslRescue.Store.Logs;

namespace AslRescue.Tools.Verbs;

/// <summary>A log, and how its files are opened: in the order of their numbers.</summary>
/// <param name="Called">What the verb calls it: a run, or "seals".</param>
/// <param name="Domain">Whose; null where nobody says.</param>
/// <param name="Place">Where its files lie.</param>
/// <param name="IsSeals">Seals, or the journal of a run.</param>
/// <param name="Files">Each is opened when it is its turn.</param>
internal sealed record LogSource(string Called, string? Domain, string Place, bool IsSeals, IReadOnlyList<Func<InspectedFile?>> Files);

/// <summary>The logs of a store, of this machine's state, and those that were copied to somewhere.</summary>
internal sealed class LogSources : IDisposable
{
    private readonly IBackend? _backend;
    private readonly IntakePaths _paths;
    private readonly string? _domain;

    private LogSources(IBackend? backend, IntakePaths paths, string? domain) => (_backend, _paths, _domain) = (backend, paths, domain);

    /// <summary>Of the store that is named or attached, if there is one, and of this machine.</summary>
    internal static LogSources Of(ParseResult parsed, string? domain)
    {
        var isStore = parsed.GetValue(CommonOptions.Store) is not null || CommonOptions.IsAttached(CommonOptions.LoadConfiguration(parsed));
        return new(isStore ? InspectedObject.OpenBackend(parsed) : null, IntakeComposition.Paths(parsed), domain);
    }

    public void Dispose() => _backend?.Dispose();

    /// <summary>All of them.</summary>
    internal IEnumerable<LogSource> All() => InStore().Concat(OnThisMachine());

    /// <summary>The one that is meant: a path wins where there is one.</summary>
    internal LogSource Find(string what)
    {
        if (File.Exists(what) || Directory.Exists(what))
        {
            return Copied(what);
        }

        // This machine's copy of a journal is asked for by its path where the backend has one too.
        var found = All().Where(log => log.Called == what).DistinctBy(log => log.Domain ?? "").ToList();
        found = found.Any(log => log.Domain is not null) ? [.. found.Where(log => log.Domain is not null)] : found;
        return found switch
        {
            [var only] => only,
            [] => throw CommonOptions.Usage($"there is no log '{what}'", "asl-debug log   (lists those that there are)"),
            _ => throw CommonOptions.Usage($"{found.Count} domains have a log '{what}'", $"add --domain ID: {string.Join(", ", found.Select(log => log.Domain))}"),
        };
    }

    private IEnumerable<LogSource> InStore()
    {
        if (_backend is not { } backend)
        {
            yield break;
        }

        foreach (var domain in SealLog.ListDomains(backend).Where(domain => _domain is null || domain == _domain))
        {
            var seals = backend.ListNumbers(ObjectName.SealsFolder(domain));
            yield return new("seals", domain, $"{backend.Location}/{ObjectName.SealsFolder(domain)}", true, [.. seals.Select(number => Opened(ObjectName.Seal(domain, number)))]);
            foreach (var run in RunLog.ListRuns(backend, domain))
            {
                var records = backend.ListNumbers(ObjectName.RunFolder(domain, run));
                yield return new(run, domain, $"{backend.Location}/{ObjectName.RunFolder(domain, run)}", false, [.. records.Select(number => Opened(ObjectName.RunRecords(domain, run, number)))]);
            }
        }

        Func<InspectedFile?> Opened(ObjectName name) => () => InspectedFile.Open(backend, name);
    }

    private IEnumerable<LogSource> OnThisMachine() => !Directory.Exists(_paths.Runtime) ? [] : Directory.GetDirectories(_paths.Runtime).Order(StringComparer.Ordinal)
        .Where(folder => File.Exists(Path.Combine(folder, "journal")))
        .Select(folder => new LogSource(Path.GetFileName(folder), null, folder, false, [() => InspectedFile.Open(Path.Combine(folder, "journal"))]));

    /// <summary>A file, or the numbered files of a folder, or the journal in one.</summary>
    private static LogSource Copied(string path)
    {
        string[] files = File.Exists(path) ? [path]
            : File.Exists(Path.Combine(path, "journal")) ? [Path.Combine(path, "journal")]
            : [.. Directory.GetFiles(path).Where(file => ObjectName.TryNumber(Path.GetFileName(file), out _)).Order(StringComparer.Ordinal)];
        return new(path, null, path, files.Length > 0 && IsSeal(files[0]), [.. files.Select(file => (Func<InspectedFile?>)(() => InspectedFile.Open(file)))]);
    }

    private static bool IsSeal(string path)
    {
        using var file = InspectedFile.Open(path);
        return ObjectGuesses.Of(file) == ObjectGuess.Seal || Path.GetDirectoryName(Path.GetFullPath(path))!.EndsWith("/seals", StringComparison.Ordinal);
    }
}
