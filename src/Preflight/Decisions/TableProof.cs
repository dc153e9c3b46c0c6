using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Decisions;

/// <summary>
/// Proves a rule file. Rows are cubes of worlds. When no two rows of a table meet, the worlds of all rows add up to the worlds of
/// the table exactly when every world is covered: so the hit policy UNIQUE is proved for each single world without visiting it.
/// Only where the sum falls short are the rows subtracted from each other to find which worlds are left.
/// </summary>
/// <remarks>
/// Visiting each world was rejected: the cost doubles with every yes/no fact that is added, a sum over rows does not.
/// </remarks>
public static class TableProof
{
    /// <summary>The proved file, or everything that is wrong with it.</summary>
    public static (ProvedRules? Rules, IReadOnlyList<RuleFinding> Findings) Prove(RuleFile file, string path)
    {
        var findings = file.Tables.SelectMany(table => Findings(file, table, path)).Concat(Unreachable(file, path)).ToList();
        return (findings.Count == 0 ? new ProvedRules(file, Statement(file)) : null, findings);
    }

    /// <summary>Reads a file once, and proves what was read.</summary>
    public static TableVerdict Prove(string path)
    {
        try
        {
            return Prove(path, System.IO.File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var error = new AslError(ErrorCode.RulesMissing, "the decision table cannot be read")
            {
                Where = path,
                Why = e.Message,
                Fix = "put the overlay's preflight.toml back there, or boot again; until then preflight says wait",
            };
            return new TableVerdict(path, null, null, null, [new RuleFinding(error)]);
        }
    }

    /// <summary>Proves bytes that are at hand, as those in a sealed snapshot.</summary>
    public static TableVerdict Prove(string path, byte[] bytes)
    {
        var (file, findings) = RuleFileReader.Read(path, bytes);
        if (file is null)
        {
            return new TableVerdict(path, bytes, null, null, findings);
        }

        var (rules, broken) = Prove(file, path);
        return new TableVerdict(path, bytes, file, rules, broken);
    }

    private static IEnumerable<RuleFinding> Findings(RuleFile file, RuleTable table, string path)
    {
        var report = new FindingText(table, path);
        return Overlaps(table, report).Concat(Shadowed(table, report)).Concat(Gap(table, report)).Concat(BrokenLemmas(file, table, report));
    }

    private static IEnumerable<RuleFinding> Overlaps(RuleTable table, FindingText report) =>
        from i in Enumerable.Range(0, table.Rows.Count)
        from j in Enumerable.Range(i + 1, table.Rows.Count - i - 1)
        let both = Cube.Intersect(table.Rows[i].Cells, table.Rows[j].Cells)
        where both is not null
        orderby Cube.Constrained(table, both)
        select report.Overlap(table.Rows[i], table.Rows[j], both);

    /// <summary>Rows that no single row shadows, but several do together.</summary>
    private static IEnumerable<RuleFinding> Shadowed(RuleTable table, FindingText report) =>
        from row in table.Rows
        let others = table.Rows.Where(other => other != row && Cube.Meets(other.Cells, row.Cells)).ToList()
        where others.Count > 1 && !others.Exists(other => Cube.Contains(other.Cells, row.Cells))
        let left = others.Aggregate(
            (IEnumerable<uint[]>)[[.. row.Cells]], (cubes, other) => [.. cubes.SelectMany(cube => Cube.Subtract(cube, other.Cells))])
        where !left.Any()
        select report.Shadowed(row, others);

    private static IEnumerable<RuleFinding> Gap(RuleTable table, FindingText report)
    {
        if (IsCovered(table))
        {
            return [];
        }

        IEnumerable<uint[]> everything = [table.Everything()];
        var uncovered = table.Rows.Aggregate(
            everything, (cubes, row) => [.. cubes.SelectMany(cube => Cube.Subtract(cube, row.Cells))]).ToList();
        if (uncovered.Count == 0)
        {
            return [];
        }

        var search = new GapSearch(table, uncovered);
        var smallest = search.Smallest();
        return [report.Gap(smallest, search.Widened(smallest), uncovered.Sum(RuleTable.WorldsIn))];
    }

    /// <summary>True when rows that do not meet add up to every world; false says nothing while rows overlap.</summary>
    private static bool IsCovered(RuleTable table) =>
        table.Rows.Sum(row => RuleTable.WorldsIn(row.Cells)) == table.Worlds && !HasOverlap(table);

    private static bool HasOverlap(RuleTable table) =>
        table.Rows.Where((row, i) => table.Rows.Skip(i + 1).Any(other => Cube.Meets(row.Cells, other.Cells))).Any();

    private static IEnumerable<RuleFinding> BrokenLemmas(RuleFile file, RuleTable table, FindingText report)
    {
        var broken = from lemma in Lemmas.BuiltIn.Concat(file.Lemmas)
                     where lemma.Table == table.Name
                     let region = lemma.Region(table)
                     from row in table.Rows
                     where !lemma.Allows(row.Outcome)
                     let world = Cube.Intersect(row.Cells, region)
                     where world is not null
                     orderby Cube.Constrained(table, world)
                     select report.Broken(lemma, row, world);

        // Rows that overlap contradict each other everywhere: L2 would only say so again, for every fact.
        var bold = HasOverlap(table) ? [] : UnknownLemma.Violations(table);
        return broken.Concat(bold.Select(found => report.Bold(found.Bold, found.Other, found.Input, found.World)));
    }

    /// <summary>
    /// Rows of `mode` that wait for an answer which no row of `local` gives. Within a table UNIQUE leaves no dead row.
    /// </summary>
    private static IEnumerable<RuleFinding> Unreachable(RuleFile file, string path)
    {
        var input = file.Mode.Inputs.ToList().FindIndex(input => input == FactCatalog.LocalBackend);
        if (input < 0)
        {
            return [];
        }

        var given = file.Local.Rows.Aggregate(0u, (cell, row) => cell | (1u << FactCatalog.LocalBackend.IndexOf(row.Outcome.Value)));
        var report = new FindingText(file.Mode, path);
        return file.Mode.Rows.Where(row => (row.Cells[input] & given) == 0).Select(row => report.Unreachable(row, input));
    }

    /// <summary>
    /// What was proved, as text that anybody can write again: its digest is the proof digest. It names everything the proof rests
    /// on: the bytes of the file, the domains of the facts, and each sentence.
    /// </summary>
    private static string Statement(RuleFile file)
    {
        var text = new StringBuilder("ASL decision table proof 1\n");
        text.Append(CultureInfo.InvariantCulture, $"file sha256 {file.Digest}\n");
        foreach (var table in file.Tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"table {table.Name}: {table.Worlds} worlds, {table.Rows.Count} rows, unique\n");
            foreach (var input in table.Inputs)
            {
                text.Append(CultureInfo.InvariantCulture, $"input {input.Id}: {string.Join(' ', input.Values)}\n");
            }
        }

        foreach (var lemma in Lemmas.BuiltIn.Concat(file.Lemmas))
        {
            text.Append(CultureInfo.InvariantCulture, $"lemma {lemma.Id}: {lemma.Sentence}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"lemma {UnknownLemma.Id}: {UnknownLemma.Sentence}\n").ToString();
    }
}

/// <summary>What came of reading and proving a file.</summary>
/// <param name="Path">Where it was read.</param>
/// <param name="Bytes">What was read; null when nothing could be.</param>
/// <param name="File">What it says; null when that cannot be understood.</param>
/// <param name="Rules">The proof; null when there is none.</param>
/// <param name="Findings">What is wrong; empty exactly when there is a proof.</param>
public sealed record TableVerdict(
    string Path, byte[]? Bytes, RuleFile? File, ProvedRules? Rules, IReadOnlyList<RuleFinding> Findings)
{
    /// <summary>SHA-256 of the bytes, lower-case hex.</summary>
    public string? Digest => Bytes is null ? null : Convert.ToHexStringLower(SHA256.HashData(Bytes));
}

/// <summary>
/// A rule file whose proof succeeded. Only <see cref="TableProof"/> makes one, so an unproved table cannot be evaluated.
/// </summary>
public sealed class ProvedRules
{
    internal ProvedRules(RuleFile file, string statement)
    {
        File = file;
        Statement = statement;
        ProofDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(statement)));
    }

    /// <summary>The tables.</summary>
    public RuleFile File { get; }

    /// <summary>Every sentence that holds for the tables, those of the file last.</summary>
    public IEnumerable<(string Id, string Table, string Sentence)> Sentences =>
        Lemmas.BuiltIn.Select(lemma => (lemma.Id, lemma.Table, lemma.Sentence))
            .Append((UnknownLemma.Id, "local and mode", UnknownLemma.Sentence))
            .Concat(File.Lemmas.Select(lemma => (lemma.Id, lemma.Table, lemma.Sentence)));

    /// <summary>What was proved, in lines.</summary>
    public string Statement { get; }

    /// <summary>SHA-256 of <see cref="Statement"/>, lower-case hex.</summary>
    public string ProofDigest { get; }
}
