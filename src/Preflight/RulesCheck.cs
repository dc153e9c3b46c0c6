using System.Globalization;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight;

/// <summary>What `asl-admin rules check` has to say about the decision table.</summary>
/// <param name="Verdict">The table, its proof, or the findings.</param>
public sealed record RulesCheckResult(TableVerdict Verdict)
{
    private const int FindingsShown = 3;

    /// <summary>Whether preflight would use the table.</summary>
    public bool IsProved => Verdict.Rules is not null;

    /// <summary>0, or that of an unproved table.</summary>
    public int ExitCode => IsProved ? ExitCodes.Done : ExitCodes.For(Verdict.Findings[0].Error.Code);

    /// <summary>What is proved, or each finding with its smallest counterexample.</summary>
    public string Text => Verdict.Rules is { } rules ? Proved(rules) : Broken();

    /// <summary>
    /// One mistake often breaks a table in many places: the smallest counterexamples come first, the rest is counted.
    /// </summary>
    private string Broken()
    {
        var rest = Verdict.Findings.Count - FindingsShown;
        return string.Join("\n\n", Verdict.Findings.Take(FindingsShown)) + "\n"
            + (rest > 0 ? string.Create(CultureInfo.InvariantCulture, $"\nand {rest} more, which may go away with these\n") : "");
    }

    private string Proved(ProvedRules rules)
    {
        var text = new TextLayout();
        text.Line(Verdict.Path);
        foreach (var table in rules.File.Tables)
        {
            text.Line(string.Create(
                CultureInfo.InvariantCulture, $"  table {table.Name}: {table.Rows.Count} rows, {table.Worlds} worlds, each in exactly one row"));
        }

        text.Line(string.Create(
            CultureInfo.InvariantCulture, $"  lemmas: {Lemmas.BuiltIn.Count + 1} built in, {rules.File.Lemmas.Count} of the file, all hold"));
        text.Line($"  sha256 {rules.File.Digest}");
        text.Line($"  proof  {rules.ProofDigest}");
        return text.ToString();
    }
}

/// <summary>Reads and proves a decision table for a person.</summary>
public static class RulesCheck
{
    /// <summary>Never throws for what a file can be.</summary>
    public static RulesCheckResult Check(string path) => new(TableProof.Prove(path));
}
