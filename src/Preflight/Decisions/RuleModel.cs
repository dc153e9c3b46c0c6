using System.Numerics;
using System.Text.Json.Serialization;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>Whether somebody has to say yes before intake acts.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Approval>))]
public enum Approval
{
    /// <summary>There is nothing to approve of: intake waits.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Trusted configuration has approved.</summary>
    [JsonStringEnumMemberName("config")]
    Config,

    /// <summary>The operator has to approve.</summary>
    [JsonStringEnumMemberName("required")]
    Required,
}

/// <summary>What a row says.</summary>
/// <param name="Value">A mode, or a value of local.backend.</param>
/// <param name="Approval">Only in the table `mode`.</param>
public sealed record RowOutcome(string Value, Approval Approval)
{
    public override string ToString() => Approval switch
    {
        Approval.None => Value,
        Approval.Config => Value + ", approved by configuration",
        _ => Value + ", needs approval",
    };
}

/// <summary>
/// One row. Its cells are masks over the domains of the table's inputs, one bit for each value: the row covers every world whose
/// values are all in the masks. A row is thus a cube, and the proof is arithmetic on cubes.
/// </summary>
/// <param name="Id">Unique in its table.</param>
/// <param name="Cells">One mask for each input, in the order of the inputs; never zero.</param>
/// <param name="Outcome">What holds in these worlds.</param>
/// <param name="Because">The reason, for the operator.</param>
/// <param name="Line">Where the row begins in the file.</param>
public sealed record Row(string Id, IReadOnlyList<uint> Cells, RowOutcome Outcome, string Because, int Line);

/// <summary>One decision table of the file.</summary>
/// <param name="Name">"local" or "mode".</param>
/// <param name="Answer">What it decides, with the values it may give.</param>
/// <param name="Inputs">The facts it looks at.</param>
/// <param name="Rows">In the order of the file, which means nothing.</param>
public sealed record RuleTable(string Name, FactDefinition Answer, IReadOnlyList<FactDefinition> Inputs, IReadOnlyList<Row> Rows)
{
    /// <summary>How many worlds there are: the product of the sizes of the domains.</summary>
    public long Worlds => Inputs.Aggregate(1L, (product, input) => checked(product * input.Values.Count));

    /// <summary>How many worlds a cube covers.</summary>
    public static long WorldsIn(IReadOnlyList<uint> cube) =>
        cube.Aggregate(1L, (product, cell) => checked(product * BitOperations.PopCount(cell)));

    /// <summary>The cell that every value of an input fits.</summary>
    public static uint AnyOf(FactDefinition input) => uint.MaxValue >> (32 - input.Values.Count);

    /// <summary>The facts that a row looks at, with the values that it takes.</summary>
    public IEnumerable<(FactDefinition Input, IEnumerable<string> Values)> LooksAt(Row row) =>
        from i in Enumerable.Range(0, Inputs.Count)
        where row.Cells[i] != AnyOf(Inputs[i])
        select (Inputs[i], Cube.Values(Inputs[i], row.Cells[i]));

    /// <summary>The cube of all worlds.</summary>
    public uint[] Everything() => [.. Inputs.Select(AnyOf)];
}

/// <summary>A rule file that was read: laid out as it must be, with facts and values that exist. Nothing is proved yet.</summary>
/// <param name="Local">Which local backend is at hand.</param>
/// <param name="Mode">What intake is to do.</param>
/// <param name="Issued">The day the file was last changed; a clock before that day is wrong.</param>
/// <param name="Lemmas">Sentences that the file adds to the built-in ones.</param>
/// <param name="Digest">SHA-256 of the file's bytes, lower-case hex.</param>
public sealed record RuleFile(RuleTable Local, RuleTable Mode, DateOnly Issued, IReadOnlyList<Lemma> Lemmas, string Digest)
{
    public IEnumerable<RuleTable> Tables => [Local, Mode];
}
