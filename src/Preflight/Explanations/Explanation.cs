using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight.Explanations;

/// <summary>Why a decision is what it is, why it is no other, and what would make it another.</summary>
public sealed record Explanation
{
    /// <summary>Quotes and letters beyond ASCII as they are: the document is no part of a web page.</summary>
    private static readonly ExplanationJson Readable =
        new(new JsonSerializerOptions(ExplanationJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>1. Fields may be added; a reader refuses a number that it does not know.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The boot in which it was decided.</summary>
    public required string? BootId { get; init; }

    /// <summary>When, by the machine's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The decision.</summary>
    public required Decision Decision { get; init; }

    /// <summary>The table that made it.</summary>
    public required TableRecord Table { get; init; }

    /// <summary>Every row of both tables, in the order of the file: those that hit, and why the others did not.</summary>
    public required IReadOnlyList<RowVerdict> Rows { get; init; }

    /// <summary>What each fact that a table looks at rests on, in the order of the tables.</summary>
    public required IReadOnlyList<FactBasis> Facts { get; init; }

    /// <summary>For each other mode, the fewest changes that lead there; then the fewest that the operator can make, if these are others.</summary>
    public required IReadOnlyList<ChangePlan> Changes { get; init; }

    /// <summary>
    /// What naming each of the pools that were seen would lead to. It is one line of configuration, but several facts change with it:
    /// the state and the health of the pool are then those that were seen.
    /// </summary>
    public IReadOnlyList<PoolNaming> Naming { get; init; } = [];

    /// <summary>What `auto` would have said, where the configuration orders a mode.</summary>
    public Decision? Auto { get; init; }

    /// <summary>The explanation as JSON.</summary>
    [JsonIgnore]
    public string Json => JsonSerializer.Serialize(this, Readable.Explanation) + "\n";

    /// <summary>For a terminal of 80 columns.</summary>
    [JsonIgnore]
    public string Text => ExplanationText.Write(this);
}

/// <summary>What the configuration would lead to if it named a pool.</summary>
/// <param name="Pool">Its name.</param>
/// <param name="How">The line.</param>
/// <param name="Decision">What the table says then.</param>
public sealed record PoolNaming(string Pool, string How, Decision Decision);

/// <summary>Whether a row was hit.</summary>
/// <param name="Table">local or mode.</param>
/// <param name="Row">The row's id.</param>
/// <param name="Outcome">What the row says.</param>
/// <param name="Because">The reason that it gives.</param>
/// <param name="Cells">Every cell that looks at anything, in the order of the table's inputs.</param>
/// <param name="Fails">The first cell that the facts do not fit; null for the row that was hit.</param>
public sealed record RowVerdict(
    string Table, string Row, string Outcome, string Because, IReadOnlyList<Cell> Cells, Cell? Fails);

/// <summary>A cell, and the fact that it is held against.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="Value">What it is.</param>
/// <param name="Needs">What the cell takes.</param>
public sealed record Cell(string Fact, string Value, IReadOnlyList<string> Needs);

/// <summary>A fact with all that it rests on.</summary>
/// <param name="Id">The fact.</param>
/// <param name="Value">What it is.</param>
/// <param name="Says">The same in plain words.</param>
/// <param name="Evidence">What was run or read, also for the facts that this one is drawn from.</param>
public sealed record FactBasis(string Id, string Value, string Says, IReadOnlyList<Evidence> Evidence);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Explanation))]
internal sealed partial class ExplanationJson : JsonSerializerContext;
