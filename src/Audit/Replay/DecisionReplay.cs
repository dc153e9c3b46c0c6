using System.Text.Json;
using AslRescue.Audit.Rules;

namespace AslRescue.Audit.Replay;

/// <summary>How a row of the recorded table stood to the recorded facts.</summary>
/// <param name="Table">local or mode.</param>
/// <param name="Row">The row.</param>
/// <param name="Fails">The first cell that the facts did not fit; null for the row that was hit.</param>
/// <param name="Value">What that fact was.</param>
public sealed record ReplayedRow(string Table, RecordedRow Row, RecordedCell? Fails, string? Value);

/// <summary>A recorded decision, made once more from its facts and its table.</summary>
public sealed record DecisionReplay
{
    private const string LocalBackend = "local.backend";

    /// <summary>The decision document.</summary>
    public required EvidenceDocument Document { get; init; }

    /// <summary>Whether a command that an operator typed stands in for preflight: there is nothing to evaluate.</summary>
    public bool IsCommand { get; init; }

    /// <summary>What was typed, then.</summary>
    public string Command { get; init; } = "";

    /// <summary>The mode, as recorded.</summary>
    public string Mode { get; init; } = "";

    /// <summary>The boot in which it was decided.</summary>
    public string Boot { get; init; } = "";

    /// <summary>Row of table mode, as recorded.</summary>
    public string? Row { get; init; }

    /// <summary>The reason, as recorded.</summary>
    public string Because { get; init; } = "";

    /// <summary>The facts, as recorded, with what they rest on.</summary>
    public IReadOnlyList<(string Id, string Value, string Says)> Facts { get; init; } = [];

    /// <summary>Every row of both tables.</summary>
    public IReadOnlyList<ReplayedRow> Rows { get; init; } = [];

    /// <summary>The digest of the table, as recorded.</summary>
    public string? TableDigest { get; init; }

    /// <summary>Row's demand: config, required or none, as recorded.</summary>
    public string Approval { get; init; } = "";

    /// <summary>The pool that it is about, as recorded; null for none.</summary>
    public string? PoolGuid { get; init; }

    /// <summary>What could not be checked; null for nothing.</summary>
    public string? Remark { get; init; }

    /// <summary>What does not agree.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Makes a decision once more.</summary>
    /// <param name="document">The decision.</param>
    /// <param name="tables">The tables of the journal.</param>
    public static DecisionReplay Of(EvidenceDocument document, IReadOnlyList<EvidenceDocument> tables)
    {
        try
        {
            return Evaluate(document, Json.Parse(document.Bytes), tables);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new DecisionReplay { Document = document, Findings = [new Finding(FindingKind.Malformed, document.Record.Where, $"the decision cannot be read: {malformed.Message}")] };
        }
    }

    private static DecisionReplay Evaluate(EvidenceDocument document, JsonElement root, IReadOnlyList<EvidenceDocument> tables)
    {
        // Nothing but a command's record has these four fields and no other.
        if (root.TryGetProperty("command", out var command) && root.EnumerateObject().All(field => field.Name is "boot" or "uid" or "tty" or "command"))
        {
            return new DecisionReplay
            {
                Document = document,
                IsCommand = true,
                Boot = Json.Text(root, "boot") ?? "",
                Command = string.Join(' ', command.EnumerateArray().Select(word => Text.Readable(word.GetString() ?? ""))),
            };
        }

        var decision = root.GetProperty("decision");
        var replay = new DecisionReplay
        {
            Document = document,
            Mode = Json.Text(decision, "mode") ?? "",
            Row = Json.Text(decision, "row"),
            Because = Json.Text(decision, "because") ?? "",
            Boot = Json.Text(root, "bootId") ?? "",
            TableDigest = Json.Text(root.GetProperty("table"), "digest"),
            Approval = Json.Text(decision, "approval") ?? "none",
            PoolGuid = Json.Text(Json.Inner(root, "target"), "poolGuid"),
            Facts = [.. root.GetProperty("facts").EnumerateArray().Select(fact => (Json.Text(fact, "id") ?? "", Json.Text(fact, "value") ?? "", Json.Text(fact, "says") ?? ""))],
        };
        return replay.ByTable(decision, tables);
    }

    private DecisionReplay ByTable(JsonElement decision, IReadOnlyList<EvidenceDocument> tables)
    {
        if (tables.FirstOrDefault(one => one.Digest == TableDigest) is not { } recorded)
        {
            return Wrong(FindingKind.Unproved, $"the table that decided, {Sha.Short(TableDigest)}, is not in the journal");
        }

        var (table, why) = RecordedTable.Read(recorded.Bytes);
        if (table is null)
        {
            return Wrong(FindingKind.Malformed, $"the table that decided cannot be read: {why}");
        }

        if (Facts.GroupBy(fact => fact.Id).Any(group => group.Count() > 1))
        {
            return Wrong(FindingKind.Malformed, "a fact stands there twice");
        }

        var replay = Evaluate(table, Facts.ToDictionary(fact => fact.Id, fact => fact.Value, StringComparer.Ordinal), decision);
        return !table.CanVisit ? replay with { Remark = "its table has too many worlds to visit each: that it is unique was not checked" } : table.WhyNotUnique() is { } notUnique ? replay.Wrong(FindingKind.Contradicted, $"the table is not unique: {notUnique}") : replay;
    }

    private DecisionReplay Evaluate(RecordedTable table, Dictionary<string, string> facts, JsonElement decision)
    {
        var local = table.Local.Hits(facts);
        if (local is not [var backend])
        {
            return Wrong(FindingKind.Contradicted, $"the facts hit {local.Count} rows of table local");
        }

        facts[LocalBackend] = backend.Then;
        var mode = table.Mode.Hits(facts);
        if (mode is not [var row])
        {
            return Wrong(FindingKind.Contradicted, $"the facts hit {mode.Count} rows of table mode");
        }

        var replay = this with { Rows = [.. Verdicts(table.Local, facts), .. Verdicts(table.Mode, facts)] };
        var (said, made) = ($"{Mode} by rows {Json.Text(decision, "localRow")} and {Row}, local backend {Json.Text(decision, "localBackend")}, approval {Word(Json.Text(decision, "approval"))}",
            $"{row.Then} by rows {backend.Id} and {row.Id}, local backend {backend.Then}, approval {Word(row.Approval)}");
        return said == made ? replay : replay.Wrong(FindingKind.Contradicted, $"recorded is {said}; the facts and the table give {made}");
    }

    private static IEnumerable<ReplayedRow> Verdicts(RecordedRows table, Dictionary<string, string> facts) => table.Rows.Select(row =>
        row.FirstFailing(facts) is { } cell ? new ReplayedRow(table.Name, row, cell, facts.GetValueOrDefault(cell.Fact)) : new ReplayedRow(table.Name, row, null, null));

    private static string Word(string? word) => word is null or "" or "none" ? "none" : word;

    private DecisionReplay Wrong(FindingKind kind, string why) => this with { Findings = [.. Findings, new Finding(kind, Document.Record.Where, why)] };
}
