using System.Globalization;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// The explanation for a console of 80 columns: what was decided, what would lead elsewhere, then why no other row was hit. Rows
/// that fail at the same fact stand together, so the evidence behind it is shown once.
/// </summary>
internal static class ExplanationText
{
    private const int HeadColumn = 11;
    private const int InnerColumn = 22;
    private const int LinesShown = 3;

    public static string Write(Explanation explanation)
    {
        var text = new TextLayout();
        Decided(text, explanation);
        if (explanation.Auto is { } auto)
        {
            text.Entry("auto", HeadColumn, $"would say {Outcome(auto.Mode, auto.Approval)} (row {auto.Row}): {auto.Because}");
        }

        foreach (var mode in FactCatalog.Mode.Values.Where(mode => mode != explanation.Decision.Mode))
        {
            Other(text, mode, [.. explanation.Changes.Where(plan => plan.Mode == mode)]);
        }

        Naming(text, explanation.Naming);
        text.Gap();
        text.Line("After a change, asl-admin preflight decides again.");
        foreach (var table in explanation.Rows.GroupBy(row => row.Table))
        {
            Table(text, table.Key, [.. table], explanation.Facts);
        }

        return text.ToString();
    }

    private static void Decided(TextLayout text, Explanation explanation)
    {
        var decision = explanation.Decision;
        text.Entry("mode", HeadColumn, Outcome(decision.Mode, decision.Approval));
        text.Entry("because", HeadColumn, decision.Because);
        text.Entry("rows", HeadColumn, $"{decision.LocalRow} of table local, {decision.Row} of table mode");
        text.Entry("decided", HeadColumn, string.Create(
            CultureInfo.InvariantCulture, $"{explanation.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, boot {Printable.Text(explanation.BootId ?? "(unknown)")}"));
        text.Entry("table", HeadColumn, Printable.Text(
            $"{explanation.Table.Path} {explanation.Table.Digest?[..12]}, proof {explanation.Table.ProofDigest?[..12]}"));
    }

    private static void Other(TextLayout text, string mode, List<ChangePlan> plans)
    {
        text.Gap();
        if (plans.Count == 0)
        {
            text.Line($"No facts lead to {mode}: no row says so.");
        }

        foreach (var plan in plans)
        {
            var others = plan.SameSize - 1;
            var isSecond = plan != plans[0];
            text.Entry($"To {mode}:", HeadColumn, Count(plan.Changes.Count, "change")
                + (isSecond ? " that you can make" : plan.IsPossible ? "" : ", which nobody can make")
                + (others > 0 ? string.Create(CultureInfo.InvariantCulture, $"; there {(others == 1 ? "is 1 other set" : $"are {others} other sets")} of as many") : ""));
            foreach (var change in plan.Changes)
            {
                text.Entry($"  {change.Fact}", InnerColumn, $"{change.From}, to be {change.To}");
                text.Entry("", InnerColumn, (change.Effort == Effort.Never ? "cannot be changed: " : "") + Printable.Text(change.How));
            }

            text.Entry("  then", InnerColumn, $"{Outcome(plan.Mode, plan.Approval)} (row {plan.Row}): {plan.Because}");
        }
    }

    private static void Naming(TextLayout text, IReadOnlyList<PoolNaming> pools)
    {
        if (pools.Count > 0)
        {
            text.Gap();
            text.Line("To name a pool (several facts change with it):");
        }

        foreach (var pool in pools)
        {
            text.Entry($"  {Printable.Text(pool.Pool)}", InnerColumn, Printable.Text(pool.How));
            text.Entry("  then", InnerColumn, $"{Outcome(pool.Decision.Mode, pool.Decision.Approval)} (row {pool.Decision.Row})");
        }
    }

    private static void Table(TextLayout text, string name, List<RowVerdict> rows, IReadOnlyList<FactBasis> facts)
    {
        text.Gap();
        text.Line($"Table {name}");
        foreach (var hit in rows.Where(row => row.Fails is null))
        {
            text.Entry("  hit", HeadColumn, $"{hit.Row}: {hit.Outcome}, because {hit.Because}");
            foreach (var cell in hit.Cells)
            {
                text.Entry("", HeadColumn, $"{cell.Fact} = {cell.Value}, as it takes {Values(cell.Needs)}");
            }
        }

        foreach (var failed in rows.Where(row => row.Fails is not null).GroupBy(row => row.Fails!.Fact))
        {
            Failed(text, [.. failed], facts.Single(fact => fact.Id == failed.Key));
        }

        // The hit row may look at facts at which no other row fails.
        var shown = rows.Select(row => row.Fails?.Fact).ToHashSet();
        foreach (var fact in facts.Where(fact => rows.Any(row => row.Fails is null && row.Cells.Any(cell => cell.Fact == fact.Id)) && !shown.Contains(fact.Id)))
        {
            Basis(text, fact);
        }
    }

    private static void Failed(TextLayout text, List<RowVerdict> rows, FactBasis fact)
    {
        Basis(text, fact);
        foreach (var needs in rows.GroupBy(row => Values(row.Fails!.Needs)))
        {
            text.Entry("    not", HeadColumn, $"{string.Join(", ", needs.Select(row => row.Row))}: {(needs.Count() == 1 ? "needs" : "need")} {needs.Key}");
        }
    }

    private static void Basis(TextLayout text, FactBasis fact)
    {
        text.Entry($"  {fact.Id} = {fact.Value}", 4, fact.Says.Length == 0 ? "" : "(" + Printable.Text(fact.Says) + ")");
        foreach (var evidence in fact.Evidence)
        {
            text.Entry("    saw", HeadColumn, Printable.Text(Looked(evidence)));
            foreach (var line in evidence.Lines.Take(LinesShown))
            {
                text.Clipped(new string(' ', HeadColumn) + "| " + Printable.Text(line));
            }
        }
    }

    private static string Looked(Evidence evidence) => string.Create(
        CultureInfo.InvariantCulture,
        $"{evidence.Looked}{(evidence.Exit is { } exit ? $", exit {exit}" : "")}{(evidence.Cause is { } cause ? $": {cause}" : "")}");

    private static string Values(IReadOnlyList<string> values) =>
        values.Count == 1 ? values[0] : string.Join(", ", values.SkipLast(1)) + " or " + values[^1];

    private static string Outcome(string mode, Approval approval) => new RowOutcome(mode, approval).ToString();

    private static string Count(int count, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {thing}{(count == 1 ? "" : "s")}");
}
