using System.Text.RegularExpressions;
using AslRescue.Preflight.Decisions;

namespace AslRescue.Preflight.Tests.Decisions;

/// <summary>The shipped table with one change that an author could make by mistake.</summary>
/// <param name="Kind">What kind of change: the heading that it is counted under.</param>
/// <param name="Row">Table and row.</param>
/// <param name="Change">What became of what.</param>
/// <param name="Text">The changed file.</param>
internal sealed partial record Mutant(string Kind, string Row, string Change, string Text)
{
    public const string RowRemoved = "row removed";
    public const string CellRemoved = "cell removed";
    public const string CellAny = "cell made to take any value";
    public const string CellWidened = "cell made to take one value more";
    public const string CellNarrowed = "cell made to take one value less";
    public const string OutcomeChanged = "outcome changed";
    public const string ApprovalChanged = "approval changed";

    public static readonly string[] Kinds = [RowRemoved, CellRemoved, CellAny, CellWidened, CellNarrowed, OutcomeChanged, ApprovalChanged];

    /// <summary>Every mutant there is: of each row, of each cell of it, and of what it says.</summary>
    public static IEnumerable<Mutant> All() =>
        from table in TableProof.Prove(Repository.ShippedTable).File!.Tables
        from row in table.Rows
        from mutant in Of(table, row)
        select mutant;

    public override string ToString() => $"{Kind}: {Row}: {Change}";

    private static IEnumerable<Mutant> Of(RuleTable table, Row row)
    {
        Mutant Changed(string kind, string change, Func<string, string> edit) =>
            new(kind, $"{table.Name}/{row.Id}", change, TableText.With(table.Name, row.Id, edit));

        yield return new Mutant(RowRemoved, $"{table.Name}/{row.Id}", "removed", TableText.Without(table.Name, row.Id));
        foreach (var (input, taken) in table.LooksAt(row))
        {
            var line = new Regex($"^when\\.{Regex.Escape(input.Id)} = .*\n", RegexOptions.Multiline);
            Mutant Cell(string kind, string cell) =>
                Changed(kind, $"{input.Id} takes {(cell.Length == 0 ? "-" : cell)}", text => line.Replace(text, cell.Length == 0 ? "" : $"when.{input.Id} = {cell}\n"));
            string[] values = [.. taken];
            yield return Cell(CellRemoved, "");
            yield return Cell(CellAny, "\"-\"");
            foreach (var more in input.Values.Except(values))
            {
                yield return Cell(CellWidened, List([.. values, more]));
            }

            foreach (var less in values.Where(_ => values.Length > 1))
            {
                yield return Cell(CellNarrowed, List([.. values.Where(value => value != less)]));
            }
        }

        foreach (var other in Outcomes(table).Where(outcome => outcome != row.Outcome))
        {
            yield return Changed(
                other.Value == row.Outcome.Value ? ApprovalChanged : OutcomeChanged, $"{row.Outcome} became {other}", text => Said().Replace(text, Says(other)));
        }
    }

    private static IEnumerable<RowOutcome> Outcomes(RuleTable table) =>
        from value in table.Answer.Values
        from approval in table.Name == "mode" ? Enum.GetValues<Approval>() : [Approval.None]
        select new RowOutcome(value, approval);

    private static string Says(RowOutcome outcome) => $"then = \"{outcome.Value}\"\n" + outcome.Approval switch
    {
        Approval.Config => "approval = \"config\"\n",
        Approval.Required => "approval = \"required\"\n",
        _ => "",
    };

    private static string List(IReadOnlyList<string> values) => $"[{string.Join(", ", values.Select(value => $"\"{value}\""))}]";

    [GeneratedRegex("then = .*\n(approval = .*\n)?")]
    private static partial Regex Said();
}
