using System.Security.Cryptography;
using System.Text;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Toml;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Reads rules/preflight.toml. What is read is understood completely or not at all: an unknown key, fact or value is a finding,
/// as a row with a misspelt cell would be another row than its author meant.
/// </summary>
public sealed class RuleFileReader
{
    private const long Format = 1;

    private readonly string _path;
    private readonly List<RuleFinding> _findings = [];

    private RuleFileReader(string path) => _path = path;

    /// <summary>The file, or what is wrong with it. Never throws, whatever the bytes are.</summary>
    /// <param name="path">Only for findings.</param>
    /// <param name="bytes">The file.</param>
    public static (RuleFile? File, IReadOnlyList<RuleFinding> Findings) Read(string path, byte[] bytes)
    {
        var reader = new RuleFileReader(path);
        return (reader.ReadBytes(bytes), reader._findings);
    }

    private RuleFile? ReadBytes(byte[] bytes)
    {
        var (sections, problem) = TomlSections.Parse(Encoding.UTF8.GetString(bytes));
        if (problem is not null)
        {
            Report(ErrorCode.RulesSyntax, "the decision table is not TOML", null, problem, "correct the line");
            return null;
        }

        var issued = Head(sections[0]);
        var local = Table("local", FactCatalog.LocalBackend, sections);
        var mode = Table("mode", FactCatalog.Mode, sections);
        Disjoint(local, mode);
        var lemmas = Lemmas(sections, [local, mode]);
        Leftovers(sections);
        return _findings.Count > 0
            ? null
            : new RuleFile(local, mode, issued, lemmas, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private DateOnly Head(TomlSection head)
    {
        OnlyKeys(head, "format", "issued");
        if (head.Find("format")?.Value is not Format)
        {
            Invalid(1, "the file says format = 1", "a file without it may mean something else", "write format = 1 at its head");
        }

        if (DateOnly.TryParseExact(head.Text("issued"), "yyyy-MM-dd", out var issued))
        {
            return issued;
        }

        Invalid(1, "issued = \"YYYY-MM-DD\" is missing", "the clock is held against it", "write the day of the last change");
        return default;
    }

    private RuleTable Table(string name, FactDefinition answer, IReadOnlyList<TomlSection> sections)
    {
        var inputs = Inputs(name, sections);
        var table = new RuleTable(name, answer, inputs, []);
        var rows = sections.Where(section => section.Header == name + ".row").Select(section => Row(table, section)).ToList();
        foreach (var twice in rows.GroupBy(row => row.Id).Where(group => group.Count() > 1))
        {
            Invalid(twice.Last().Line, $"two rows are called {twice.Key}", "an id names one row in records", "rename one");
        }

        return table with { Rows = rows };
    }

    private List<FactDefinition> Inputs(string name, IReadOnlyList<TomlSection> sections)
    {
        if (sections.FirstOrDefault(section => section.Header == name + ".inputs") is not { } section)
        {
            Invalid(1, $"[{name}.inputs] is missing", "a table has to say what it looks at", "list the facts and their values");
            return [];
        }

        return [.. section.Entries.Select(entry => Input(name, entry)).OfType<FactDefinition>()];
    }

    /// <summary>
    /// The file repeats each domain for its reader; it has to be the program's, or the proof would be about other worlds.
    /// </summary>
    private FactDefinition? Input(string table, TomlEntry entry)
    {
        var definition = FactCatalog.Find(entry.Key);
        if (definition is null || (definition == FactCatalog.LocalBackend && table == "local"))
        {
            Invalid(entry.Line, $"no fact is called {entry.Key}", "", $"the facts are: {Names(FactCatalog.All.Select(f => f.Id))}");
            return null;
        }

        if (entry.Texts is not { } values || !values.Order().SequenceEqual(definition.Values.Order()))
        {
            Invalid(
                entry.Line, $"the values of {entry.Key} are not the program's", $"the program knows {Names(definition.Values)}",
                "list these values, and say in every row what is to happen with each");
        }

        return definition;
    }

    private Row Row(RuleTable table, TomlSection section)
    {
        OnlyKeys(section, "id", "then", "approval", "because", "when.*");
        return new Row(
            Needed(section, "id"), Cells(table, section), Outcome(table, section), Needed(section, "because"), section.Line);
    }

    private uint[] Cells(RuleTable table, TomlSection section)
    {
        var cells = table.Everything();
        foreach (var entry in section.Entries.Where(entry => entry.Key.StartsWith("when.", StringComparison.Ordinal)))
        {
            if (Place(table, entry) is var input and >= 0)
            {
                cells[input] = CellReader.Read(table.Inputs[input], entry, Invalid);
            }
        }

        return cells;
    }

    private int Place(RuleTable table, TomlEntry entry)
    {
        var fact = entry.Key["when.".Length..];
        var place = table.Inputs.ToList().FindIndex(input => input.Id == fact);
        if (place < 0)
        {
            Invalid(
                entry.Line, $"{fact} is no input of table {table.Name}", $"its inputs are {Names(table.Inputs.Select(i => i.Id))}",
                $"correct the name, or add it to [{table.Name}.inputs]");
        }

        return place;
    }

    private RowOutcome Outcome(RuleTable table, TomlSection section)
    {
        var value = Needed(section, "then");
        if (table.Answer.IndexOf(value) < 0)
        {
            Invalid(section.Line, $"{value} is no outcome", $"table {table.Name} gives {Names(table.Answer.Values)}", "choose one");
        }

        var approval = section.Text("approval");
        var isMode = table.Answer == FactCatalog.Mode;
        if (approval is not (null or "config" or "required" or "none") || (approval is not null && !isMode))
        {
            Invalid(section.Line, "approval is wrong here", "only rows of table mode have it: config, required or none", "correct it");
        }

        return new RowOutcome(value, approval switch
        {
            "config" => Approval.Config,
            "required" => Approval.Required,
            _ => Approval.None,
        });
    }

    /// <summary>
    /// A fact belongs to one table: only then is every combination of an answer of `local` with the other inputs of `mode` a
    /// world of its own, and two proofs of two small tables are a proof of both together.
    /// </summary>
    private void Disjoint(RuleTable local, RuleTable mode)
    {
        foreach (var shared in local.Inputs.Intersect(mode.Inputs))
        {
            Invalid(1, $"both tables look at {shared.Id}", "each fact belongs to one table", "remove it from one of them");
        }
    }

    private List<Lemma> Lemmas(IReadOnlyList<TomlSection> sections, IReadOnlyList<RuleTable> tables) =>
        [.. sections.Where(section => section.Header == "lemma").Select(section => Lemma(section, tables)).OfType<Lemma>()];

    private Lemma? Lemma(TomlSection section, IReadOnlyList<RuleTable> tables)
    {
        OnlyKeys(section, "id", "table", "sentence", "never", "when.*");
        var table = tables.FirstOrDefault(table => table.Name == section.Text("table"));
        if (table is null || section.Find("never")?.Texts is not { } never || never.Any(v => table.Answer.IndexOf(v) < 0))
        {
            Invalid(section.Line, "the lemma is incomplete", "it needs table, and never with outcomes of it", "complete it");
            return null;
        }

        var id = Needed(section, "id");
        if (Decisions.Lemmas.BuiltIn.Any(lemma => lemma.Id == id) || id == UnknownLemma.Id)
        {
            Invalid(section.Line, $"{id} is a sentence of the program", "no file can replace or remove one", "choose another id");
        }

        var cells = Cells(table, section);
        var when = Enumerable.Range(0, cells.Length).ToDictionary(
            i => table.Inputs[i].Id, i => (IReadOnlyList<string>)[.. Cube.Values(table.Inputs[i], cells[i])]);
        return new Lemma(
            id, Needed(section, "sentence"), table.Name, when, outcome => !never.Contains(outcome.Value));
    }

    private void Leftovers(IReadOnlyList<TomlSection> sections)
    {
        string[] tables = ["local.inputs", "mode.inputs"];
        string[] arrays = ["local.row", "mode.row", "lemma"];
        foreach (var section in sections.Skip(1).Where(s => !(s.IsArray ? arrays : tables).Contains(s.Header)))
        {
            Invalid(section.Line, $"[{section.Header}] means nothing", $"sections are {Names([.. tables, .. arrays])}", "remove it");
        }
    }

    private void OnlyKeys(TomlSection section, params string[] keys)
    {
        foreach (var entry in section.Entries)
        {
            var known = keys.Any(key => key == entry.Key
                || (key.EndsWith('*') && entry.Key.StartsWith(key[..^1], StringComparison.Ordinal)));
            if (!known)
            {
                Invalid(entry.Line, $"the key {entry.Key} means nothing here", $"keys are {Names(keys)}", "remove or correct it");
            }
        }
    }

    private string Needed(TomlSection section, string key)
    {
        if (section.Text(key) is { Length: > 0 } text)
        {
            return text;
        }

        Invalid(section.Line, $"{key} is missing", "", $"write {key} = \"…\"");
        return "";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);

    private void Invalid(int line, string what, string why, string fix) =>
        Report(ErrorCode.RulesInvalid, what, line, why, fix);

    private void Report(ErrorCode code, string what, int? line, string why, string fix) =>
        _findings.Add(new RuleFinding(
            new AslError(code, what) { Where = line is null ? _path : $"{_path}:{line}", Why = why, Fix = fix }));
}
