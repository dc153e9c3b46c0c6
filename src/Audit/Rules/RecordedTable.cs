using System.Collections.Concurrent;

namespace AslRescue.Audit.Rules;

/// <summary>A cell of a row, and whether the facts fit it.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="Needs">The values that it takes.</param>
public sealed record RecordedCell(string Fact, IReadOnlySet<string> Needs);

/// <summary>A row.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Cells">Those that look at anything.</param>
/// <param name="Then">Its answer.</param>
/// <param name="Approval">config, required or "" where there is nothing to approve.</param>
/// <param name="Because">Its reason.</param>
public sealed record RecordedRow(string Id, IReadOnlyList<RecordedCell> Cells, string Then, string Approval, string Because)
{
    /// <summary>The first cell that the facts do not fit; null when they fit all.</summary>
    public RecordedCell? FirstFailing(IReadOnlyDictionary<string, string> facts) =>
        Cells.FirstOrDefault(cell => !facts.TryGetValue(cell.Fact, out var value) || !cell.Needs.Contains(value));
}

/// <summary>One of the two tables of a rule file.</summary>
/// <param name="Name">local or mode.</param>
/// <param name="Inputs">Each fact with all its values.</param>
/// <param name="Rows">Its rows.</param>
public sealed record RecordedRows(string Name, IReadOnlyList<(string Fact, IReadOnlyList<string> Values)> Inputs, IReadOnlyList<RecordedRow> Rows)
{
    /// <summary>The rows that these facts hit.</summary>
    public IReadOnlyList<RecordedRow> Hits(IReadOnlyDictionary<string, string> facts) => [.. Rows.Where(row => row.FirstFailing(facts) is null)];
}

/// <summary>
/// rules/preflight.toml as it stands in a journal. Where preflight proves the hit policy by adding up cubes of worlds, this visits every
/// world and counts the rows that it hits: slower, and another way to be wrong.
/// </summary>
/// <param name="Local">Which local backend is at hand.</param>
/// <param name="Mode">What is to be done.</param>
/// <param name="Digest">SHA-256 of the file.</param>
public sealed record RecordedTable(RecordedRows Local, RecordedRows Mode, string Digest)
{
    private const string Not = "not ";

    // The shipped table has some 270,000 worlds and 40 rows. A file that claims many more is not visited, which is said.
    private const long VisitsMax = 50_000_000;

    // Most runs are decided by the same few files, and the answer is a function of the file alone.
    private const int AnswersMax = 16;
    private static readonly ConcurrentDictionary<string, string> Answers = new(StringComparer.Ordinal);

    /// <summary>Reads one, or says why it is none.</summary>
    public static (RecordedTable? Table, string Why) Read(byte[] bytes)
    {
        var (parts, why) = TomlText.Read(bytes);
        if (why is not null)
        {
            return (null, why);
        }

        try
        {
            return parts[0].Text("format") == "1"
                ? (new RecordedTable(ReadRows("local", parts), ReadRows("mode", parts), Sha.Of(bytes)), "")
                : (null, "it is not of format 1");
        }
        catch (FormatException malformed)
        {
            return (null, malformed.Message);
        }
    }

    /// <summary>How many worlds there are in which not exactly one row of a table is hit, with the first of them; null when there is none.</summary>
    public string? WhyNotUnique()
    {
        if (Answers.Count >= AnswersMax)
        {
            Answers.Clear();
        }

        return Answers.GetOrAdd(Digest, _ => WhyNotUnique(Local) ?? WhyNotUnique(Mode) ?? "") is { Length: > 0 } why ? why : null;
    }

    /// <summary>Whether each world can be visited in a time that somebody waits; else uniqueness is not known.</summary>
    public bool CanVisit => ((RecordedRows[])[Local, Mode]).All(table => Worlds(table) <= VisitsMax / Math.Max(1, table.Rows.Count));

    private static long Worlds(RecordedRows table) => table.Inputs.Aggregate(1L, (product, input) => Math.Min(product * input.Values.Count, VisitsMax + 1));

    private static string? WhyNotUnique(RecordedRows table)
    {
        var worlds = Worlds(table);

        // As bits: whether row r takes value v of input i.
        var takes = table.Rows.Select(row => table.Inputs.Select(input => Mask(row, input)).ToArray()).ToArray();
        var world = new int[table.Inputs.Count];
        for (var visited = 0L; visited < worlds; visited++)
        {
            var hits = 0;
            foreach (var row in takes)
            {
                hits += IsHit(row, world) ? 1 : 0;
            }

            if (hits != 1)
            {
                return $"table {table.Name}: {hits} rows are hit when {string.Join(", ", table.Inputs.Select((input, i) => $"{input.Fact} = {input.Values[world[i]]}"))}";
            }

            Next(world, table);
        }

        return null;
    }

    private static ulong Mask(RecordedRow row, (string Fact, IReadOnlyList<string> Values) input)
    {
        var cells = row.Cells.Where(cell => cell.Fact == input.Fact).ToList();
        return Enumerable.Range(0, input.Values.Count).Where(i => cells.All(cell => cell.Needs.Contains(input.Values[i]))).Aggregate(0UL, (mask, i) => mask | (1UL << i));
    }

    private static bool IsHit(ulong[] row, int[] world)
    {
        for (var i = 0; i < world.Length; i++)
        {
            if ((row[i] >> world[i] & 1) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void Next(int[] world, RecordedRows table)
    {
        for (var i = 0; i < world.Length; i++)
        {
            if (++world[i] < table.Inputs[i].Values.Count)
            {
                return;
            }

            world[i] = 0;
        }
    }

    private static RecordedRows ReadRows(string name, IReadOnlyList<TomlPart> parts)
    {
        var inputs = parts.FirstOrDefault(part => part.Header == name + ".inputs")?.Values
            .Select(pair => (pair.Key, pair.Value)).ToList() ?? throw new FormatException($"it has no [{name}.inputs]");
        if (inputs.Any(input => input.Value.Count is 0 or > 64))
        {
            throw new FormatException($"an input of {name} has no values, or more than 64");
        }

        return new RecordedRows(name, inputs, [.. parts.Where(part => part.Header == name + ".row").Select(part => ReadRow(part, inputs))]);
    }

    private static RecordedRow ReadRow(TomlPart part, List<(string Fact, IReadOnlyList<string> Values)> inputs)
    {
        List<RecordedCell> cells = [];
        foreach (var (key, values) in part.Values.Where(pair => pair.Key.StartsWith("when.", StringComparison.Ordinal)))
        {
            var fact = key["when.".Length..];
            var input = inputs.FirstOrDefault(one => one.Fact == fact);
            if (input.Fact is null)
            {
                throw new FormatException($"row {part.Text("id")} looks at {fact}, which is no input of its table");
            }

            if (values is not ["-"])
            {
                cells.Add(new RecordedCell(fact, Needs(values, input.Values)));
            }
        }

        return new RecordedRow(part.Text("id") ?? throw new FormatException("a row has no id"), cells,
            part.Text("then") ?? throw new FormatException($"row {part.Text("id")} has no answer"), part.Text("approval") ?? "", part.Text("because") ?? "");
    }

    private static HashSet<string> Needs(IReadOnlyList<string> values, IReadOnlyList<string> all)
    {
        var excluded = values.Where(value => value.StartsWith(Not, StringComparison.Ordinal)).Select(value => value[Not.Length..]).ToList();
        var named = excluded.Count > 0 ? excluded : values;
        if ((excluded.Count > 0 && excluded.Count < values.Count) || named.Except(all, StringComparer.Ordinal).Any() || values.Count == 0)
        {
            throw new FormatException($"a cell has values that its fact does not have: {string.Join(", ", values)}");
        }

        return excluded.Count > 0 ? [.. all.Except(excluded, StringComparer.Ordinal)] : [.. values];
    }
}
