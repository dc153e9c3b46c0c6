using System.Globalization;
using AslRescue.Audit.Files;
using AslRescue.Audit.Journals;
using AslRescue.Audit.Notes;
using AslRescue.Audit.Seals;

namespace AslRescue.Audit;

/// <summary>
/// All evidence that an auditor has in hand: stores, folders copied out of one, journals of a machine, single files. What they are is told
/// from their names; several copies of one journal are held against each other.
/// </summary>
public sealed class EvidenceBundle
{
    /// <summary>One object of a journal: no writer makes larger ones.</summary>
    private const long JournalBytesMax = 256L << 20;
    private const string JournalName = "journal";
    private const string NotePrefix = "note-";
    private readonly List<JournalCopy> _copies = [];
    private readonly List<SealChain> _chains = [];
    private readonly List<(string Run, Note Note, bool IsBrought)> _notes = [];
    private readonly List<Finding> _findings = [];
    private readonly Dictionary<string, string> _domains = [];

    /// <summary>Copies of journals, in the order in which they were added.</summary>
    public IReadOnlyList<JournalCopy> Copies => _copies;

    /// <summary>The seals of each domain of each store.</summary>
    public IReadOnlyList<SealChain> Chains => _chains;

    /// <summary>What could not be taken in at all.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Checkpoints, with the run whose they are.</summary>
    internal IReadOnlyList<(string Run, Note Note, bool IsBrought)> Notes => _notes;

    /// <summary>Ten digits, above zero: how records and seals are named.</summary>
    internal static bool IsNumber(string name, out long number)
    {
        number = 0;
        return name.Length == 10 && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    /// <summary>Adds a folder: a store, a copy of its logs, of a domain, of a domain's runs or of one run, /var/lib/asl/runtime, or a run in it.</summary>
    /// <returns>Whether there was any evidence in it.</returns>
    public bool AddFolder(IEvidenceFiles files)
    {
        var before = _copies.Count + _chains.Count + _findings.Count;
        Guarded(files.Place, () =>
        {
            var names = files.List("");
            if (names.Contains("logs", StringComparer.Ordinal))
            {
                AddDomains(files, "logs/", files.List("logs"));
            }
            else if (IsDomain(names))
            {
                AddDomain(files, "", files.Place.TrimEnd('/')[(files.Place.TrimEnd('/').LastIndexOf('/') + 1)..]);
            }
            else if (names.Any(name => IsDomain(files.List(name))))
            {
                AddDomains(files, "", names);
            }
            else
            {
                AddRun(files, "", "", names);
                foreach (var name in names.Where(name => name != JournalName && !IsNumber(name, out _)))
                {
                    // Outside of a store a folder may have any name: whose journal it is, its records say.
                    Guarded(name, () => AddRun(files, name, "", files.List(name)));
                }
            }
        });
        return _copies.Count + _chains.Count + _findings.Count > before;
    }

    /// <summary>
    /// Adds files that were named one by one. Those named by ten digits are objects of one journal when they lie in one folder, `note-` is a checkpoint of the
    /// store's, any other a machine's own journal; what a journal only refers to is left out.
    /// </summary>
    public void AddFiles(IEnumerable<(string Name, byte[] Bytes)> files)
    {
        foreach (var folder in files.GroupBy(file => file.Name[..(file.Name.LastIndexOf('/') + 1)], StringComparer.Ordinal))
        {
            List<JournalPiece> objects = [];
            foreach (var (name, bytes) in folder.OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                var last = name[(name.LastIndexOf('/') + 1)..];
                if (IsNumber(last, out var first))
                {
                    objects.Add(new JournalPiece(name, first, bytes));
                }
                else if (last.StartsWith(NotePrefix, StringComparison.Ordinal))
                {
                    AddNote(name, bytes, isBrought: false);
                }
                else if (!last.StartsWith("draft-", StringComparison.Ordinal) && !last.StartsWith("checkpoint-", StringComparison.Ordinal))
                {
                    AddCopy(JournalCopy.Read(name, "", isLocal: true, [new JournalPiece(name, null, bytes)]));
                }
            }

            if (objects.Count > 0)
            {
                AddCopy(JournalCopy.Read(folder.Key, "", isLocal: false, objects));
            }
        }
    }

    /// <summary>Adds a checkpoint that was kept elsewhere; the run is the one that it names.</summary>
    public void AddNote(string where, byte[] bytes) => AddNote(where, bytes, isBrought: true);

    private void AddNote(string where, byte[] bytes, bool isBrought)
    {
        var (note, why) = Note.Read(where, bytes);
        if (note is null)
        {
            _findings.Add(new Finding(FindingKind.Malformed, where, why));
        }
        else
        {
            _notes.Add((RunOf(note), note, isBrought));
        }
    }

    /// <summary>A copy of which not one line can be read belongs to no run: what is wrong with it is said all the same.</summary>
    private void AddCopy(JournalCopy copy)
    {
        _copies.Add(copy);
        if (copy.Run.Length == 0)
        {
            _findings.AddRange(copy.Findings);
        }
    }

    private static string RunOf(Note note) => note.Origin[(note.Origin.LastIndexOf('/') + 1)..];

    private static bool IsDomain(IReadOnlyList<string> names) => names.Contains("runs", StringComparer.Ordinal) || names.Contains("seals", StringComparer.Ordinal);

    /// <summary>The domain of a run, where a store's layout tells it; else null.</summary>
    internal string? DomainOf(string run) => _domains.GetValueOrDefault(run);

    private void AddDomains(IEvidenceFiles files, string above, IReadOnlyList<string> domains)
    {
        foreach (var domain in domains)
        {
            Guarded(above + domain, () => AddDomain(files, $"{above}{domain}/", domain));
        }
    }

    /// <param name="files">Where.</param>
    /// <param name="folder">The domain's folder, ended by a slash; "" for the top.</param>
    /// <param name="domain">The domain.</param>
    private void AddDomain(IEvidenceFiles files, string folder, string domain)
    {
        Guarded(folder + "seals", () => _chains.Add(SealChain.Read(files, domain, folder)));
        foreach (var run in files.List(folder + "runs"))
        {
            _domains[run] = domain;
            var own = $"{folder}runs/{run}";
            Guarded(own, () => AddRun(files, own, run, files.List(own)));
        }
    }

    private void AddRun(IEvidenceFiles files, string folder, string run, IReadOnlyList<string> names)
    {
        string Path(string name) => folder.Length == 0 ? name : $"{folder}/{name}";
        string Shown(string name) => $"{files.Place.TrimEnd('/')}/{Path(name)}";
        if (names.Any(name => IsNumber(name, out _)))
        {
            AddCopy(JournalCopy.Read(Shown(""), run, isLocal: false, names.Where(name => IsNumber(name, out _)).Select(name =>
            {
                IsNumber(name, out var first);
                return new JournalPiece(Shown(name), first, files.Read(Path(name), JournalBytesMax) ?? []);
            })));
        }

        if (names.Contains(JournalName, StringComparer.Ordinal))
        {
            AddCopy(JournalCopy.Read(Shown(JournalName), run, isLocal: true,
                [new JournalPiece(Shown(JournalName), null, files.Read(Path(JournalName), JournalBytesMax) ?? [])]));
        }

        foreach (var name in names.Where(name => name.StartsWith(NotePrefix, StringComparison.Ordinal) && !name.EndsWith(".unsealed", StringComparison.Ordinal)))
        {
            ReadNote(files, Path(name), Shown(name), run);
        }
    }

    private void ReadNote(IEvidenceFiles files, string path, string shown, string run)
    {
        var (note, why) = Note.Read(shown, files.Read(path, Note.BytesMax) ?? []);
        var own = note is null ? null : RunOf(note);
        if (note is null)
        {
            _findings.Add(new Finding(FindingKind.Malformed, shown, why));
        }
        else if (run.Length > 0 && own != run)
        {
            _findings.Add(new Finding(FindingKind.Foreign, shown, $"it is a checkpoint of {note.Origin}, in the folder of run {run}"));
        }
        else
        {
            _notes.Add((own!, note, IsBrought: false));
        }
    }

    private void Guarded(string where, Action read)
    {
        try
        {
            read();
        }
        catch (EvidenceUnreadableException failure)
        {
            _findings.Add(new Finding(failure.IsMalformed ? FindingKind.Malformed : FindingKind.Unreadable, failure.Where, failure.Why));
        }
    }
}
