using System.Globalization;
using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Contracts;

namespace AslRescue.Tools.Tests.Contracts;

/// <summary>docs/overlay-contract.md and docs/backend-mapping.md, made from the rule files.</summary>
internal static class ContractPages
{
    private static string Made(string files) => $"<!-- Made from {files} by a test of tests/AslRescue.Tools.Tests: ASL_UPDATE_GOLDEN=1 writes it anew. Change the rule file, not this page. -->\n\n";

    /// <summary>Every clause of the overlay and of the machine, as a sentence.</summary>
    internal static string OverlayContract(OverlayContract overlay, Contract intake)
    {
        var page = new StringBuilder("# The contract\n\n").Append(Made("rules/overlay.toml and rules/intake.toml"));
        page.Append("""
            What must be true of the overlay and of the intake machine, one numbered sentence each. The words MUST, MUST NOT, SHOULD and MAY are those of RFC
            2119. Numbers are for ever: findings, journals and other pages refer to them. `asl-admin contract check` holds a tree or the running system
            against the OV clauses, `asl-admin rules check` proves the IN clauses, `asl-admin audit replay` holds a journal against those it was made under;
            [backend-mapping.md](backend-mapping.md) says which test shows each.

            ## The overlay


            """);
        Table(page, ["clause", "what must be true", "why"],
        [
            [overlay.Parents.Clause, $"Folders on the way to a path MUST have mode {Octal(overlay.Parents.Mode)} and belong to {overlay.Parents.Owner}.", overlay.Parents.Reason],
            .. overlay.Rows.Select(row => new[] { row.Clause, Sentence(row), $"{(row.IsFromSchema ? "schema" : "extra")}: {row.Reason}" }),
            .. overlay.Units.Select(unit => new[] { unit.Clause, Sentence(unit), unit.Reason }),
            .. overlay.Forbidden.Select(forbidden => new[] { forbidden.Clause, $"The overlay MUST NOT hold {forbidden.What}{Where(forbidden)}.", forbidden.Fix }),
        ]);
        page.Append("\n## The machine\n\n");
        Table(page, ["clause", "from", "when", "to", "on what evidence", "the sentence"],
        [
            [Contract.HaltClause, "any state", IntakeTrigger.Violated.Word(), nameof(IntakeState.Halted), "", "The machine MUST halt, journalled, rather than do what no clause allows. (Built in.)"],
            .. intake.Clauses.Select(clause => new[] { clause.Id, clause.From.ToString(), clause.Trigger.Word(), clause.To.ToString(), string.Join(", ", clause.Requires), clause.Text }),
        ]);
        return page.ToString();
    }

    /// <summary>Each guarantee and clause, what keeps it, and what shows that.</summary>
    internal static string BackendMapping(Mapping mapping, OverlayContract overlay, Contract intake)
    {
        var page = new StringBuilder("# From the schema to the backend\n\n").Append(Made("rules/mapping.toml, rules/overlay.toml and rules/intake.toml"));
        page.Append("""
            Each guarantee of the schema (SG), each row of the overlay's contract (OV) and each clause of the machine (IN), with the operations that keep it
            and the tests that show it. Nothing is left over: every clause stands here, every operation of a backend (`IBackend`) is used by one, every
            test that is named is there; a test says so.

            ## The guarantees


            """);
        Table(page, ["guarantee", "schema", "", "kept by", "shown by"], mapping.Guarantees.Select(guarantee => (string[])
            [guarantee.Id, guarantee.Section.ToString(CultureInfo.InvariantCulture), guarantee.Text, Operations(mapping, guarantee.Id), Tests(mapping, guarantee.Id)]));
        page.Append("\n## The paths\n\n");
        Table(page, ["clause", "path", "kept by", "shown by"],
        [
            [overlay.Parents.Clause, "folders on the way", Operations(mapping, overlay.Parents.Clause), Tests(mapping, overlay.Parents.Clause)],
            .. overlay.Rows.Select(row => (string[])[row.Clause, row.Path, Operations(mapping, row.Clause), Tests(mapping, row.Clause)]),
            .. overlay.Units.Select(unit => (string[])[unit.Clause, $"the sandbox of {unit.Name}", Operations(mapping, unit.Clause), Tests(mapping, unit.Clause)]),
            .. overlay.Forbidden.Select(forbidden => (string[])[forbidden.Clause, $"not: {forbidden.What}", Operations(mapping, forbidden.Clause), Tests(mapping, forbidden.Clause)]),
        ]);
        page.Append("\n## The machine\n\n");
        Table(page, ["clause", "transition", "kept by", "shown by"],
        [
            [Contract.HaltClause, "any violation", Operations(mapping, Contract.HaltClause), Tests(mapping, Contract.HaltClause)],
            .. intake.Clauses.Select(clause => (string[])[clause.Id, $"{clause.From}, {clause.Trigger.Word()}", Operations(mapping, clause.Id), Tests(mapping, clause.Id)]),
        ]);
        return page.ToString();
    }

    private static string Sentence(OverlayRow row) => row.Kind == OverlayKind.Link
        ? $"`{row.Path}` MUST be a link to `{row.Target}`."
        : $"`{row.Path}` MUST be {Word(row.Kind)} with mode {Octal(row.Mode!.Value)} that belongs to {row.Owner}{Rule(row.Class)}";

    private static string Rule(OverlayClass kind) => kind switch
    {
        OverlayClass.Immutable => "; it MUST NOT be written to.",
        OverlayClass.Configuration => "; programs MUST NOT write to it, people MAY.",
        OverlayClass.State => "; it MUST be shipped empty, and the tools MAY write below it.",
        OverlayClass.Runtime => "; it MUST NOT be in the image: systemd makes it.",
        OverlayClass.Mount => "; it MUST be shipped empty, and something MAY be mounted there.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static string Sentence(OverlayUnit unit) =>
        $"`{unit.Name}` MUST be able to write to {string.Join(", ", unit.Writes.Select(path => $"`{path}`"))} and to open the devices {string.Join(", ", unit.Devices.Select(device => $"`{device}`"))}; it MUST NOT be able to more.";

    private static string Word(OverlayKind kind) => kind switch
    {
        OverlayKind.File => "a text file",
        OverlayKind.Dir => "a folder",
        OverlayKind.Program => "a program",
        OverlayKind.Library => "a shared library",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static string Where(ForbiddenContent forbidden) => forbidden.Kinds.Count == 0 ? "" : $", in any {string.Join(" or ", forbidden.Kinds.Select(kind => kind == OverlayKind.File ? "text file" : Word(kind)))}";

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    private static string Operations(Mapping mapping, string clause) => string.Join("<br>", mapping.Of(clause).SelectMany(map => map.Operations).Distinct().Select(name => $"`{name}`"));

    private static string Tests(Mapping mapping, string clause) => string.Join("<br>", mapping.Of(clause).SelectMany(map => map.Tests).Distinct()
        .Select(name => name.Contains('/', StringComparison.Ordinal) ? $"[{name}](../{name})" : name.Replace('_', ' ')));

    private static void Table(StringBuilder page, string[] head, IEnumerable<string[]> rows)
    {
        page.Append("| ").AppendJoin(" | ", head).Append(" |\n|").Append(string.Concat(Enumerable.Repeat(" --- |", head.Length))).Append('\n');
        foreach (var row in rows)
        {
            page.Append("| ").AppendJoin(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
        }
    }
}
